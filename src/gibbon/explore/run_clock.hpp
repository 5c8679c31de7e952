#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <string>

namespace gibbon::explore {

/// Wall-clock time by kind of work, and from it how long the rest will take. Work on a share of the
/// run's threads, beside other work, counts as that share of its time. Figures for people: no
/// result of a run depends on them. Thread-safe.
class RunClock {
 public:
  /// Adds the time from its making to its end to one kind of work. Measures do not nest.
  class Measure {
   public:
    Measure(RunClock& clock, std::string work, double share);
    ~Measure();
    Measure(const Measure&) = delete;
    Measure& operator=(const Measure&) = delete;

   private:
    RunClock& clock_;
    std::string work_;
    double share_;
    std::chrono::steady_clock::time_point start_;
  };

  Measure measure(std::string work, double share = 1) {
    return Measure(*this, std::move(work), share);
  }
  /// Seconds by kind of work, an earlier part of the run included. They add up to the run's time:
  /// kOther is what no measure covers and threads that wait for others.
  std::map<std::string, double> seconds() const;
  static constexpr const char* kOther = "other";
  /// What seconds() gave at the end of the earlier part.
  void restore(std::map<std::string, double> seconds);

  /// Units of a stage that are still to do, with the seconds a unit took so far in this process.
  /// `guess` is taken until one has been timed.
  void plan(const std::string& stage, double units, double guess);
  void done(const std::string& stage, double units, double seconds);
  double seconds_left() const;
  /// Of a planned stage: seconds a unit took so far, or the guess.
  double unit_seconds(const std::string& stage) const;

 private:
  struct Work {
    double units_left = 0;
    double guess = 0;
    double units_done = 0;
    double seconds = 0;
    double unit_seconds() const { return units_done > 0 ? seconds / units_done : guess; }
  };
  mutable std::mutex mutex_;
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  double earlier_ = 0;  ///< seconds of the run's earlier parts
  std::map<std::string, double> seconds_;
  std::map<std::string, Work> plan_;
};

}  // namespace gibbon::explore
