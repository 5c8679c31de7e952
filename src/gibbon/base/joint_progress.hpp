#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "gibbon/base/progress.hpp"

namespace gibbon::base {

/// Shows pieces of work that run side by side (side_by_side.hpp) as one: what is done of all of
/// them, and an estimate of the time left. The watcher is called by one thread at a time.
class JointProgress {
 public:
  /// `sizes`: of the pieces, all in the unit that the watcher is shown, such as epochs.
  JointProgress(Progress& watcher, std::string stage, const std::vector<double>& sizes);
  ~JointProgress();
  JointProgress(const JointProgress&) = delete;
  JointProgress& operator=(const JointProgress&) = delete;

  /// What a piece tells its progress to. Notes and stop requests pass through, curves do not.
  Progress& part(std::size_t index);

 private:
  class Part;

  void show();

  Progress& watcher_;
  std::string stage_;
  std::vector<std::unique_ptr<Part>> parts_;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  std::mutex mutex_;
};

}  // namespace gibbon::base
