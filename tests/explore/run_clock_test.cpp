#include "gibbon/explore/run_clock.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>

namespace gibbon::explore {
namespace {

double sum_of(const RunClock& clock) {
  double sum = 0;
  for (const auto& [work, seconds] : clock.seconds()) sum += seconds;
  return sum;
}

void sleep_for(double seconds) {
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
}

// Half of the threads work for 0.1 s while the others wait, then nothing is measured for 0.1 s.
TEST(RunClock, KindsOfWorkAddUpToTheTimeThatWentBy) {
  const auto begun = std::chrono::steady_clock::now();
  RunClock clock;
  {
    const auto measure = clock.measure("training", 0.5);
    sleep_for(0.1);
  }
  sleep_for(0.1);
  const double sum = sum_of(clock);
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - begun;
  EXPECT_GE(sum, 0.2);
  EXPECT_LE(sum, passed.count());
  EXPECT_GE(clock.seconds().at("training"), 0.05);
  EXPECT_GE(clock.seconds().at(RunClock::kOther), 0.1);
}

TEST(RunClock, GoesOnFromAnEarlierPart) {
  RunClock clock;
  sleep_for(0.05);  // before the earlier part is known: reading it is none of its work
  const auto begun = std::chrono::steady_clock::now();
  clock.restore({{"training", 100.0}, {RunClock::kOther, 20.0}});
  sleep_for(0.1);
  const double sum = sum_of(clock);
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - begun;
  EXPECT_GE(sum, 120.1);
  EXPECT_LE(sum, 120 + passed.count() + 1e-9);
  EXPECT_GE(clock.seconds().at(RunClock::kOther), 20.1);
  EXPECT_EQ(clock.seconds().at("training"), 100.0);
}

}  // namespace
}  // namespace gibbon::explore
