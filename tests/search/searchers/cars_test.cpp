#include "gibbon/search/searchers/cars.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "error_of.hpp"
#include "gibbon/search/pareto.hpp"
#include "search/toy_problem.hpp"

namespace gibbon::search {
namespace {

using space::Metric;
using space::ToySpace;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

space::Evaluation with(double accuracy, double edp) {
  space::Evaluation evaluation;
  evaluation.metrics[Metric::kAccuracy] = accuracy;
  evaluation.metrics[Metric::kEdp] = edp;
  return evaluation;
}

TEST(RankProtected, TakesTheFrontsOfBothSortingsInTurn) {
  // By small EDP: {0, 1}, then {2, 3}; by large EDP: {3}, then {0, 2}, then {1}.
  //   0: 80 %, 1    1: 60 %, 0.1    2: 70 %, 10    3: 80 %, 100
  // 0 and 1 do not dominate each other; 0 dominates 2 and 3; 2 (cheaper) and 3 (better) do not.
  // With large EDP good, 3 dominates all; then 0 and 2 are incomparable and both dominate 1.
  const std::vector<space::Evaluation> all = {with(80, 1), with(60, 0.1), with(70, 10),
                                              with(80, 100)};
  EXPECT_THAT(rank(all, toy_objective()), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(rank_protected(all, toy_objective()), ElementsAre(0, 1, 3, 2));
}

TEST(RankProtected, IsThePlainRankWithoutAccuracyAndForASingleTarget) {
  const std::vector<space::Evaluation> all = {with(80, 1), with(60, 0.1), with(70, 10),
                                              with(80, 100)};
  space::Objective only_edp = toy_objective();
  only_edp.metrics = {Metric::kEdp};
  EXPECT_EQ(rank_protected(all, only_edp), rank(all, only_edp));
  space::Objective target = toy_objective();
  target.name = "edp";
  EXPECT_EQ(rank_protected(all, target), rank(all, target));
}

TEST(RankProtected, PutsInfeasibleLast) {
  std::vector<space::Evaluation> all = {with(99, 1), with(50, 1)};
  all[0].infeasible = "does not fit";
  EXPECT_THAT(rank_protected(all, toy_objective()), ElementsAre(1, 0));
}

TEST(Cars, BeatsRandomSearchOnAverageAtTheSameNumberOfEvaluations) {
  const ToySpace space = ToySpace::of(20, 4);
  const auto volume = [&](std::string_view name, std::uint64_t seed, const base::Json& settings) {
    const auto searcher = make_searcher(name, space, toy_objective(), {seed, settings});
    return hypervolume(run(*searcher, space, 60, 10), toy_objective());
  };
  double gain = 0;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    gain +=
        volume("cars", seed, {{"population", 25}}) - volume("random", seed, base::Json::object());
  }
  EXPECT_GT(gain / 5, 0.02);
}

TEST(Cars, IsRandomWhileThePopulationIsNotFull) {
  const ToySpace space = ToySpace::of(20, 4);
  const auto asked = [&](double random_share) {
    CarsSearcher searcher(space, toy_objective(),
                          {1, {{"population", 20}, {"random_share", random_share}}});
    std::vector<std::vector<space::Genome>> rounds;
    for (int round = 0; round < 3; ++round) {
      rounds.push_back(searcher.ask({10, {}}));
      searcher.tell(evaluate(space, rounds.back()));
    }
    return rounds;
  };
  const auto half = asked(0.5);
  const auto none = asked(0);
  EXPECT_EQ(half[0], none[0]);
  EXPECT_EQ(half[1], none[1]);
  EXPECT_NE(half[2], none[2]);
}

TEST(Cars, RefusesSharesThatExceedAll) {
  const ToySpace space = ToySpace::of(3, 3);
  EXPECT_THAT(test::error_of([&] {
                CarsSearcher(space, toy_objective(),
                             {1, {{"random_share", 0.8}, {"crossover_share", 0.3}}});
              }),
              HasSubstr("random_share + crossover_share is 1.1, allowed is at most 1"));
}

}  // namespace
}  // namespace gibbon::search
