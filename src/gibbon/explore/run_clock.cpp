#include "gibbon/explore/run_clock.hpp"

#include <algorithm>
#include <utility>

namespace gibbon::explore {

RunClock::Measure::Measure(RunClock& clock, std::string work)
    : clock_(clock), work_(std::move(work)), start_(std::chrono::steady_clock::now()) {}

RunClock::Measure::~Measure() {
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start_;
  clock_.seconds_[work_] += passed.count();
}

void RunClock::plan(const std::string& stage, double units, double guess) {
  plan_[stage].units_left = units;
  plan_[stage].guess = guess;
}

void RunClock::done(const std::string& stage, double units, double seconds) {
  Work& work = plan_[stage];
  work.units_left = std::max(0.0, work.units_left - units);
  work.units_done += units;
  work.seconds += seconds;
}

double RunClock::seconds_left() const {
  double left = 0.0;
  for (const auto& [stage, work] : plan_) {
    left += work.units_left * work.unit_seconds();
  }
  return left;
}

}  // namespace gibbon::explore
