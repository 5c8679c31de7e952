#include "gibbon/predict/targets.hpp"

#include <gtest/gtest.h>

namespace gibbon::predict {
namespace {

using space::Metric;

space::Evaluation evaluation_of(double one_shot, double accuracy) {
  space::Evaluation evaluation;
  evaluation.one_shot_accuracy = one_shot;
  evaluation.metrics[Metric::kAccuracy] = accuracy;
  for (const Metric metric : {Metric::kLatency, Metric::kEnergy, Metric::kArea, Metric::kPower}) {
    evaluation.metrics[metric] = 1;
  }
  return evaluation;
}

// 40 and 0.1 percent: asinh(40) = ln(40 + sqrt(1601)) = ln(80.0125) = 4.38218; asinh(0.1) = 0.1 -
// 0.001/6 = 0.09983. Of a one-shot accuracy of 0 there are no shares: 40 percent of 1 are 0.4.
TEST(Targets, TakeLargeSharesAsLogarithmsAndSmallOnesAsTheyAre) {
  const auto target = [](double one_shot, double accuracy) {
    return targets_of(evaluation_of(one_shot, accuracy), AccuracyTarget::kAsinhRelative)[0];
  };
  EXPECT_NEAR(target(80, 48), -4.38218, 1e-5);
  EXPECT_NEAR(target(40, 24), -4.38218, 1e-5);
  EXPECT_NEAR(target(50, 49.95), -0.09983, 1e-5);
  EXPECT_NEAR(target(50, 50.05), 0.09983, 1e-5);
  EXPECT_NEAR(target(0, 0.4), 4.38218, 1e-5);
}

TEST(Targets, ComeBackAsTheAccuracy) {
  for (const AccuracyTarget form :
       {AccuracyTarget::kAsinhRelative, AccuracyTarget::kDifference, AccuracyTarget::kAbsolute}) {
    for (const double accuracy : {0.0, 52.0, 91.99, 92.0, 92.5}) {
      const Targets targets = targets_of(evaluation_of(92, accuracy), form);
      EXPECT_NEAR(prediction_of(targets, form).accuracy(92), accuracy, 1e-9);
    }
  }
}

TEST(Targets, AreTheDifferenceOrTheAccuracyItselfWhereAskedFor) {
  EXPECT_EQ(targets_of(evaluation_of(92, 52), AccuracyTarget::kDifference)[0], -40);
  EXPECT_EQ(targets_of(evaluation_of(92, 52), AccuracyTarget::kAbsolute)[0], 52);
}

}  // namespace
}  // namespace gibbon::predict
