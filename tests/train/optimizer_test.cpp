#include <ATen/ATen.h>

#include <gtest/gtest.h>

#include "gibbon/train/trainers/optimizer.hpp"

namespace gibbon::train {
namespace {

// Of 100 steps the middles are at 0.5, 1.5, ... percent: 2.5 is half of the warm-up's 5, and 52.5
// half of what follows.
TEST(StraightRate, RisesForATwentiethAndFallsToZero) {
  EXPECT_NEAR(straight_rate(0.8, 2, 100), 0.4, 1e-12);
  EXPECT_NEAR(straight_rate(0.8, 4, 100), 0.8 * 0.9, 1e-12);
  EXPECT_NEAR(straight_rate(0.8, 5, 100), 0.8 * 94.5 / 95, 1e-12);
  EXPECT_NEAR(straight_rate(0.8, 52, 100), 0.4, 1e-12);
  EXPECT_NEAR(straight_rate(0.8, 99, 100), 0.8 * 0.5 / 95, 1e-12);
  EXPECT_EQ(straight_rate(0.8, 100, 100), 0) << "behind the end";
}

// The middle of its warm-up of 30 percent, the peak's neighbours, and half a cosine: cos(pi / 2).
TEST(OneCycleRate, RisesForThreeTenthsAndFallsAsACosine) {
  EXPECT_NEAR(one_cycle_rate(0.8, 14, 100), 0.8 * 14.5 / 30, 1e-12);
  EXPECT_GT(one_cycle_rate(0.8, 30, 100), 0.799);
  EXPECT_NEAR(one_cycle_rate(0.8, 129, 199), 0.4, 1e-2);
  EXPECT_LT(one_cycle_rate(0.8, 99, 100), 1e-3);
  EXPECT_NEAR(one_cycle_rate(0.8, 100, 100), 0, 1e-12) << "behind the end";
}

}  // namespace
}  // namespace gibbon::train
