#pragma once

#include <mutex>
#include <optional>

#include "gibbon/base/progress.hpp"
#include "gibbon/report/event_file.hpp"

namespace gibbon::app {

/// Passes everything on to another watcher and, if it has a folder, keeps the curves there as
/// TensorBoard reads them. point() is thread-safe.
class EventProgress final : public base::Progress {
 public:
  /// `folder`: where the event file begins; nothing: no curves are kept. Throws base::Error as
  /// report::EventFile does. `watcher` must outlive it.
  EventProgress(base::Progress& watcher, const std::optional<std::filesystem::path>& folder);

  void update(const base::ProgressUpdate& update) override { watcher_.update(update); }
  void note(const std::string& line) override { watcher_.note(line); }
  void point(const std::string& curve, std::int64_t step, double value) override;
  bool stop_requested() const override { return watcher_.stop_requested(); }

 private:
  base::Progress& watcher_;
  std::mutex mutex_;
  std::optional<report::EventFile> file_;
};

}  // namespace gibbon::app
