#include "gibbon/search/searchers/linas.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "error_of.hpp"
#include "gibbon/search/pareto.hpp"
#include "gibbon/search/searchers/metric_predictor.hpp"
#include "search/toy_problem.hpp"

namespace gibbon::search {
namespace {

using space::Genome;
using space::Metric;
using space::ToySpace;
using test::error_of;
using ::testing::HasSubstr;

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

double volume_with(std::string_view name, const space::SearchSpace& space, std::uint64_t seed,
                   const base::Json& settings) {
  const auto searcher = make_searcher(name, space, toy_objective(), {seed, settings});
  return hypervolume(run(*searcher, space, 8, 25), toy_objective());
}

TEST(Linas, BeatsNsga2AtTheSameNumberOfEvaluations) {
  const ToySpace space = ToySpace::of(20, 4);
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    EXPECT_GT(volume_with("linas", space, seed, {{"population", 25}, {"inner_evaluations", 1000}}),
              volume_with("nsga2", space, seed, {{"population", 25}}) + 0.02)
        << "seed " << seed;
  }
}

TEST(Linas, IsRandomBeforeItsPopulationIsFull) {
  const ToySpace space = ToySpace::of(20, 4);
  const auto asked = [&](double crossover) {
    LinasSearcher searcher(space, toy_objective(),
                           {1, {{"population", 20}, {"crossover", crossover}}});
    std::vector<std::vector<Genome>> rounds;
    for (int round = 0; round < 3; ++round) {
      rounds.push_back(searcher.ask({10, {}}));
      searcher.tell(evaluate(space, rounds.back()));
    }
    return rounds;
  };
  const auto crossed = asked(1);
  const auto mutated = asked(0);
  EXPECT_EQ(crossed[0], mutated[0]);
  EXPECT_EQ(crossed[1], mutated[1]);
  EXPECT_NE(crossed[2], mutated[2]);
}

TEST(Linas, RefusesSettingsOutOfRange) {
  const ToySpace space = ToySpace::of(3, 3);
  EXPECT_THAT(error_of([&] {
                LinasSearcher(space, toy_objective(), {1, {{"inner_evaluations", 0}}});
              }),
              HasSubstr("searcher 'linas': inner_evaluations is 0, allowed is a whole number from "
                        "1 to 10000000"));
}

}  // namespace
}  // namespace gibbon::search
