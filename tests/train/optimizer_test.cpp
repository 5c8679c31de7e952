#include <ATen/ATen.h>

#include <gtest/gtest.h>

#include "gibbon/train/trainers/optimizer.hpp"

namespace gibbon::train {
namespace {

// Of 100 steps the middles are at 0.5, 1.5, ... percent: 2.5 is half of the warm-up's 5, and 52.5
// half of what follows.
// Muon's line falls from step 5 of 100 to 0 at 100: a fifth of the peak is at 100 - 0.2 x 95 = 81.
// A schedule that is there at step 65 has 65 / 0.81 = 80.2 steps. The cosine falls from step 30 of
// 100 and is at half of the peak in the middle, at step 65.
TEST(LearningRate, FallsToAShareOfItsPeakAtAStep) {
  TrainOptions muon;
  muon.muon_rate = 0.05;
  EXPECT_EQ(schedule_falling_to(0.2, 65, muon), 80);
  EXPECT_EQ(schedule_falling_to(1, 65, muon), 1300) << "the peak, at 5 percent";
  EXPECT_EQ(schedule_falling_to(0.5, 65, TrainOptions()), 100);
  EXPECT_EQ(schedule_falling_to(1, 60, TrainOptions()), 200) << "the peak, at 30 percent";
}

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
