#include "gibbon/app/event_progress.hpp"

namespace gibbon::app {

EventProgress::EventProgress(base::Progress& watcher,
                             const std::optional<std::filesystem::path>& folder)
    : watcher_(watcher) {
  if (folder) file_.emplace(*folder);
}

void EventProgress::point(const std::string& curve, std::int64_t step, double value) {
  watcher_.point(curve, step, value);
  const std::scoped_lock lock(mutex_);
  if (file_) file_->scalar(curve, step, value);
}

}  // namespace gibbon::app
