#include "gibbon/study/statistics.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace gibbon::study {
namespace {

TEST(Statistics, MeanAndDeviation) {
  // Mean 4; squares of 3, 1, 0, 4 -> 9 + 1 + 0 + 16 = 26 over n - 1 = 3.
  const std::vector<double> values = {1, 3, 4, 8};
  EXPECT_DOUBLE_EQ(mean(values), 4);
  EXPECT_NEAR(standard_deviation(values), std::sqrt(26.0 / 3), 1e-12);
  EXPECT_EQ(standard_deviation(std::vector<double>{5}), 0);
}

TEST(Statistics, MeanAbsoluteDifference) {
  EXPECT_DOUBLE_EQ(mean_abs_difference(std::vector<double>{1, 5}, std::vector<double>{2, 2}), 2);
}

TEST(Statistics, IntervalUsesStudentsT) {
  // t(0.975, 3 degrees) = 3.182446 (any table): 3.182446 * sqrt(26 / 3) / sqrt(4) = 4.684444.
  const Interval interval = interval_of(std::vector<double>{1, 3, 4, 8});
  EXPECT_DOUBLE_EQ(interval.mean, 4);
  EXPECT_NEAR(interval.half_width, 4.684444, 1e-5);
  EXPECT_NEAR(interval.low() + interval.high(), 8, 1e-12);
  EXPECT_EQ(interval_of(std::vector<double>{7}).half_width, 0);
}

TEST(Statistics, PairedIntervalIsOfTheDifferences) {
  // Differences 1, 1, 1: sure, though both samples spread.
  const Interval interval =
      paired_interval(std::vector<double>{2, 6, 11}, std::vector<double>{1, 5, 10});
  EXPECT_DOUBLE_EQ(interval.mean, 1);
  EXPECT_NEAR(interval.half_width, 0, 1e-12);
}

}  // namespace
}  // namespace gibbon::study
