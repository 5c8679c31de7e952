#include "gibbon/explore/training_progress.hpp"

#include <utility>

namespace gibbon::explore {

TrainingProgress::TrainingProgress(RunContext& context, std::string work, std::string curves,
                                   double units_before, Units units, Show show, double share)
    : context_(context),
      work_(std::move(work)),
      curves_(std::move(curves)),
      units_done_(units_before),
      units_(std::move(units)),
      show_(std::move(show)),
      share_(share) {}

void TrainingProgress::update(const base::ProgressUpdate& update) {
  const auto now = std::chrono::steady_clock::now();
  const std::chrono::duration<double> passed = now - last_;
  const double units = units_(update);
  context_.clock.done(work_, units - units_done_, share_ * passed.count());
  last_ = now;
  units_done_ = units;
  const std::lock_guard lock(context_.mutex);
  show_(update);
}

void TrainingProgress::note(const std::string& line) {
  const std::lock_guard lock(context_.mutex);
  context_.progress.note(line);
}

void TrainingProgress::point(const std::string& curve, std::int64_t step, double value) {
  const std::lock_guard lock(context_.mutex);
  context_.progress.point(curves_ + "/" + curve, step, value);
}

bool TrainingProgress::stop_requested() const {
  return context_.progress.stop_requested();
}

}  // namespace gibbon::explore
