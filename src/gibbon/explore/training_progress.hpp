#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "gibbon/base/progress.hpp"
#include "gibbon/explore/run_context.hpp"

namespace gibbon::explore {

/// Listens to a training inside a run: its time goes to the run's clock, in the units of a kind of
/// work, and the watcher hears how far the run is. Notes and stop requests pass through, and curves
/// under the training's own name: "loss" becomes "supernet/loss". Several may listen side by side.
class TrainingProgress final : public base::Progress {
 public:
  /// What the training has done, in units of the clock's work.
  using Units = std::function<double(const base::ProgressUpdate&)>;
  /// Tells the watcher (report_progress).
  using Show = std::function<void(const base::ProgressUpdate&)>;

  /// `curves`: the training's own name. `units_before`: what Units gives before the first step of
  /// this training. `share`: of the run's threads.
  TrainingProgress(RunContext& context, std::string work, std::string curves, double units_before,
                   Units units, Show show, double share = 1);

  void update(const base::ProgressUpdate& update) override;
  void note(const std::string& line) override;
  void point(const std::string& curve, std::int64_t step, double value) override;
  bool stop_requested() const override;

 private:
  RunContext& context_;
  std::string work_;
  std::string curves_;
  double units_done_;
  Units units_;
  Show show_;
  double share_;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

}  // namespace gibbon::explore
