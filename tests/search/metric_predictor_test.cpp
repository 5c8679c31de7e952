#include "gibbon/search/metric_predictor.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "search/toy_problem.hpp"

namespace gibbon::search {
namespace {

using space::Genome;
using space::Metric;
using space::ToySpace;

std::vector<Genome> sampled_genomes(const ToySpace& space, int count, std::uint64_t seed) {
  base::Rng rng(seed);
  std::vector<Genome> genomes;
  for (int i = 0; i < count; ++i) genomes.push_back(space.sample(rng));
  return genomes;
}

TEST(MetricPredictor, LearnsWhatTheGenesAddUpTo) {
  // Accuracy and the logarithm of the EDP of the toy problem are sums over the genes.
  const ToySpace space = ToySpace::of(10, 4);
  MetricPredictor predictor(space);
  ASSERT_TRUE(predictor.fit(evaluate(space, sampled_genomes(space, 100, 1))));
  for (const Genome& genome : sampled_genomes(space, 20, 2)) {
    const space::Metrics truth = toy_metrics(space, genome);
    const space::Metrics predicted = predictor.predict(genome);
    EXPECT_NEAR(predicted[Metric::kAccuracy], truth[Metric::kAccuracy], 1.0);
    EXPECT_NEAR(std::log10(predicted[Metric::kEdp]), std::log10(truth[Metric::kEdp]), 0.2);
    EXPECT_NEAR(predicted[Metric::kArea], 1, 1e-9);
  }
}

TEST(MetricPredictor, LearnsAProductOfGenesBetterThanTheMeanDoes) {
  // +1 where genes 0 and 1 agree, else -1: no sum over genes says that.
  const ToySpace space = ToySpace::of(4, 2);
  const auto metrics = [](const Genome& genome) {
    space::Metrics values;
    values[Metric::kAccuracy] = genome[0] == genome[1] ? 1 : -1;
    return values;
  };
  std::vector<space::Evaluation> told;
  for (const Genome& genome : sampled_genomes(space, 60, 1)) {
    space::Evaluation evaluation;
    evaluation.genome = genome;
    evaluation.metrics = metrics(genome);
    told.push_back(evaluation);
  }
  MetricPredictor predictor(space);
  ASSERT_TRUE(predictor.fit(told));
  for (const Genome& genome : sampled_genomes(space, 20, 2)) {
    EXPECT_GT(predictor.predict(genome)[Metric::kAccuracy] * metrics(genome)[Metric::kAccuracy],
              0.5);
  }
}

TEST(MetricPredictor, NeedsSixFeasibleEvaluationsWithoutNan) {
  const ToySpace space = ToySpace::of(6, 3);
  MetricPredictor predictor(space);
  std::vector<space::Evaluation> told = evaluate(space, sampled_genomes(space, 7, 1));
  EXPECT_TRUE(predictor.fit(told));
  told[0].infeasible = "does not fit";
  EXPECT_TRUE(predictor.fit(told));
  told[1].metrics[Metric::kEdp] = std::nan("");
  EXPECT_FALSE(predictor.fit(told));
}

}  // namespace
}  // namespace gibbon::search
