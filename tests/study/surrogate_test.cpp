#include "gibbon/study/surrogate.hpp"

#include <gtest/gtest.h>

#include "error_of.hpp"
#include "study/small_study.hpp"

namespace gibbon::study {
namespace {

using space::Metric;

TEST(Surrogate, LearnsAccuracyAndTakesHardwareFromTheCostModel) {
  const test::SmallStudy small;
  const Surrogate surrogate = small.surrogate();
  base::Rng rng(9);
  for (int i = 0; i < 30; ++i) {
    const space::Genome genome = small.space->sample(rng);
    const auto evaluation = surrogate.evaluate(std::vector<space::Genome>{genome}).front();
    const auto hardware = hardware_of(*small.space, *small.simulator, genome);
    ASSERT_EQ(evaluation.feasible(), hardware.ok());
    if (!hardware) continue;
    EXPECT_EQ(evaluation.metrics[Metric::kEdp], (*hardware)[Metric::kEdp]);
    EXPECT_EQ(evaluation.metrics[Metric::kArea], (*hardware)[Metric::kArea]);
    EXPECT_NEAR(evaluation.one_shot_accuracy, small.one_shot(genome), 1.5);
    EXPECT_NEAR(evaluation.metrics[Metric::kAccuracy], small.one_shot(genome) - small.lost(genome),
                10);
  }
}

TEST(Surrogate, SameTableSameAnswers) {
  const test::SmallStudy small(40);
  base::Rng rng(2);
  const std::vector<space::Genome> genomes = {small.space->sample(rng), small.space->sample(rng)};
  const auto first = small.surrogate().evaluate(genomes);
  const auto second = small.surrogate().evaluate(genomes);
  for (std::size_t i = 0; i < genomes.size(); ++i) {
    EXPECT_EQ(first[i].metrics, second[i].metrics);
  }
}

TEST(Surrogate, CrossValidationTestsEveryDesignOnce) {
  const test::SmallStudy small;
  const SurrogateError error = cross_validate(*small.space, *small.simulator, small.table, {}, 3);
  EXPECT_EQ(error.designs, 120);
  EXPECT_LT(error.accuracy_mean_abs_error, error.accuracy_deviation / 2);
  EXPECT_LT(error.one_shot_mean_abs_error, 1);
}

TEST(Surrogate, RefusesAnEmptyTable) {
  const test::SmallStudy small(1);
  EXPECT_EQ(test::error_of([&] { Surrogate(*small.space, *small.simulator, {}, {}); }),
            "a surrogate needs a table of designs, this one is empty");
}

}  // namespace
}  // namespace gibbon::study
