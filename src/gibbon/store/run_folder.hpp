#pragma once

#include <filesystem>
#include <string_view>

#include "gibbon/store/run_store.hpp"

namespace gibbon::store {

/// Where everything of one run lies. Making a RunFolder creates or checks the folder; the paths are
/// only names, the files are written by whoever makes their content.
class RunFolder {
 public:
  /// kCreate: makes the folder (and its parents), which must be missing or empty, or left by a run
  /// that was killed before its config() was written, which is therefore to come last. kResume and
  /// kReadOnly: the folder must exist and hold a run.db. Throws base::Error with the path and the
  /// reason, and for an existing run how to go on.
  RunFolder(std::filesystem::path path, OpenMode mode);

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path config() const { return path_ / "config.yaml"; }  ///< as resolved
  std::filesystem::path database() const { return path_ / "run.db"; }
  std::filesystem::path candidates() const { return path_ / "candidates.csv"; }
  std::filesystem::path pareto() const { return path_ / "pareto.csv"; }
  std::filesystem::path summary() const { return path_ / "summary.json"; }
  std::filesystem::path report() const { return path_ / "report.html"; }
  std::filesystem::path layers_folder() const { return path_ / "layers"; }
  std::filesystem::path hardware_folder() const { return path_ / "hardware"; }
  std::filesystem::path checkpoints() const { return path_ / "checkpoints"; }
  std::filesystem::path models() const { return path_ / "models"; }
  /// layers/<id>.csv and hardware/<id>.json; throw base::Error where the id is empty or would leave
  /// the folder ("../x").
  std::filesystem::path layers(std::string_view id) const;
  std::filesystem::path hardware(std::string_view id) const;

  /// The run's store, opened in the mode of this folder.
  std::unique_ptr<RunStore> open_store() const;

 private:
  std::filesystem::path path_;
  OpenMode mode_;
};

}  // namespace gibbon::store
