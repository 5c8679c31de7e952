#include "gibbon/explore/run_clock.hpp"

#include <algorithm>
#include <utility>

namespace gibbon::explore {

namespace {

double total(const std::map<std::string, double>& seconds) {
  double sum = 0;
  for (const auto& [work, amount] : seconds) sum += amount;
  return sum;
}

}  // namespace

RunClock::Measure::Measure(RunClock& clock, std::string work, double share)
    : clock_(clock),
      work_(std::move(work)),
      share_(share),
      start_(std::chrono::steady_clock::now()) {}

RunClock::Measure::~Measure() {
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start_;
  const std::lock_guard lock(clock_.mutex_);
  clock_.seconds_[work_] += share_ * passed.count();
}

std::map<std::string, double> RunClock::seconds() const {
  const std::lock_guard lock(mutex_);
  const std::chrono::duration<double> now = std::chrono::steady_clock::now() - begun_;
  std::map<std::string, double> seconds = seconds_;
  seconds[kOther] = std::max(0.0, earlier_ + now.count() - total(seconds_));
  return seconds;
}

void RunClock::restore(std::map<std::string, double> seconds) {
  const std::lock_guard lock(mutex_);
  begun_ = std::chrono::steady_clock::now();
  earlier_ = total(seconds);
  seconds.erase(kOther);
  seconds_ = std::move(seconds);
}

double RunClock::unit_seconds(const std::string& stage) const {
  const std::lock_guard lock(mutex_);
  return plan_.at(stage).unit_seconds();
}

void RunClock::plan(const std::string& stage, double units, double guess) {
  const std::lock_guard lock(mutex_);
  plan_[stage].units_left = units;
  plan_[stage].guess = guess;
}

void RunClock::done(const std::string& stage, double units, double seconds) {
  const std::lock_guard lock(mutex_);
  Work& work = plan_[stage];
  work.units_left = std::max(0.0, work.units_left - units);
  work.units_done += units;
  work.seconds += seconds;
}

double RunClock::seconds_left() const {
  const std::lock_guard lock(mutex_);
  double left = 0.0;
  for (const auto& [stage, work] : plan_) {
    left += work.units_left * work.unit_seconds();
  }
  return left;
}

}  // namespace gibbon::explore
