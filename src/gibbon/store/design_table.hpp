#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "gibbon/base/json.hpp"
#include "gibbon/space/evaluation.hpp"

namespace gibbon::store {

/// A design of a table of many, all scored on the same images with the same weights.
struct TabulatedDesign {
  space::Genome genome;
  space::Metrics metrics;    ///< accuracy: simulated crossbars, on the few images that they saw
  double one_shot_same = 0;  ///< percent; quantised without crossbars, on those few images
  double one_shot = 0;       ///< percent; quantised without crossbars, on all images

  /// Accuracy on crossbars, percent, with less noise than the few images alone give: what the
  /// crossbars lost on them, taken off the one-shot accuracy on all images. Within 0..100.
  double accuracy() const;
  /// As a search would have told it, with accuracy() as the accuracy.
  space::Evaluation evaluation() const;
};

/// The table as CSV: one line a design under a line of names. read_design_table throws base::Error
/// naming file and line where one cannot be read; a last line without its end, left by a process
/// that was killed, is left out.
std::vector<TabulatedDesign> read_design_table(const std::filesystem::path& path);

/// Adds a design at the end of the file, which it makes with its line of names where there is none.
/// Throws base::Error with the system's reason.
class DesignTableWriter {
 public:
  /// `settings` decide what a design's row is; they stand in a file beside the table, its name with
  /// .json behind. A table goes on with the settings that it began with: throws base::Error where
  /// they are others, where they are missing beside a table with designs, and where the file is no
  /// table. An unfinished last line of the file is cut off.
  DesignTableWriter(std::filesystem::path path, const base::Json& settings);
  void append(const TabulatedDesign& design) const;

 private:
  void write(const std::string& text) const;

  std::filesystem::path path_;
};

}  // namespace gibbon::store
