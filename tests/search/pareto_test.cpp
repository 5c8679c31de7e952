#include "gibbon/search/pareto.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "gibbon/base/rng.hpp"

namespace gibbon::search {
namespace {

using space::Evaluation;
using space::Metric;
using space::Objective;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

Evaluation evaluation(double accuracy, double edp, double area = 1) {
  Evaluation result;
  result.metrics[Metric::kAccuracy] = accuracy;
  result.metrics[Metric::kEdp] = edp;
  result.metrics[Metric::kArea] = area;
  return result;
}

Evaluation infeasible() {
  Evaluation result = evaluation(100, 1e-4);
  result.infeasible = "does not fit";
  return result;
}

Objective two_metrics() {
  Objective objective;
  objective.metrics = {Metric::kAccuracy, Metric::kEdp};
  return objective;
}

TEST(ParetoFront, OfNothingIsNothing) {
  EXPECT_THAT(pareto_front({}, two_metrics()), IsEmpty());
  EXPECT_THAT(rank({}, two_metrics()), IsEmpty());
  EXPECT_EQ(hypervolume({}, two_metrics()), 0);
}

TEST(ParetoFront, KeepsTheNonDominated) {
  // 2 is dominated by 0 (same accuracy, more EDP), 3 by 1.
  const std::vector<Evaluation> all = {evaluation(90, 10), evaluation(80, 1), evaluation(90, 11),
                                       evaluation(79, 1)};
  EXPECT_THAT(pareto_front(all, two_metrics()), ElementsAre(0, 1));
}

TEST(ParetoFront, TakesTheFirstOfEqualPoints) {
  const std::vector<Evaluation> all = {evaluation(80, 5), evaluation(90, 1), evaluation(90, 1)};
  EXPECT_THAT(pareto_front(all, two_metrics()), ElementsAre(1));
  // Area is not among the metrics, so that it does not make them differ.
  const std::vector<Evaluation> area = {evaluation(90, 1, 3), evaluation(90, 1, 2)};
  EXPECT_THAT(pareto_front(area, two_metrics()), ElementsAre(0));
}

TEST(ParetoFront, LeavesOutInfeasibleNanAndViolating) {
  Objective objective = two_metrics();
  objective.constraints = {space::constraint_from("area <= 20")};
  const std::vector<Evaluation> all = {infeasible(), evaluation(std::nan(""), 1),
                                       evaluation(99, 1, 20.001), evaluation(50, 5, 20)};
  EXPECT_THAT(pareto_front(all, objective), ElementsAre(3));
}

TEST(ParetoFront, OfOneMetricIsItsFirstBest) {
  Objective objective;
  objective.metrics = {Metric::kEdp};
  const std::vector<Evaluation> all = {evaluation(1, 3), evaluation(1, 2), evaluation(9, 2)};
  EXPECT_THAT(pareto_front(all, objective), ElementsAre(1));
  EXPECT_THAT(rank(all, objective), ElementsAre(1, 2, 0));
}

// Plain twin: pairwise comparison by the definition of dominance.
std::vector<std::size_t> plain_front(const std::vector<Evaluation>& all) {
  std::vector<std::size_t> front;
  for (std::size_t i = 0; i < all.size(); ++i) {
    bool stays = true;
    for (std::size_t j = 0; j < all.size(); ++j) {
      const auto& a = all[i].metrics;
      const auto& b = all[j].metrics;
      const bool no_worse = b[Metric::kAccuracy] >= a[Metric::kAccuracy] &&
                            b[Metric::kEdp] <= a[Metric::kEdp] &&
                            b[Metric::kArea] <= a[Metric::kArea];
      const bool equal = b[Metric::kAccuracy] == a[Metric::kAccuracy] &&
                         b[Metric::kEdp] == a[Metric::kEdp] && b[Metric::kArea] == a[Metric::kArea];
      if (j != i && no_worse && (!equal || j < i)) stays = false;
    }
    if (stays) front.push_back(i);
  }
  return front;
}

TEST(ParetoFront, AgreesWithTheDefinitionOnRandomPoints) {
  base::Rng rng(3);
  for (int round = 0; round < 50; ++round) {
    std::vector<Evaluation> all;
    for (int i = 0; i < 40; ++i) {
      // Few different values, so that there are ties.
      all.push_back(evaluation(static_cast<double>(rng.below(6)),
                               1.0 + static_cast<double>(rng.below(6)),
                               1.0 + static_cast<double>(rng.below(6))));
    }
    EXPECT_EQ(pareto_front(all, Objective{}), plain_front(all)) << "round " << round;
  }
}

TEST(Rank, OrdersByFrontThenCrowding) {
  // Front 1: 1, 2, 3, 4. In losses (1 - accuracy / 100, (log10 EDP + 4) / 8): 1 and 4 are the ends
  // (infinite distance). 2 and 3 lie between: 2 spans accuracy 90..60 of 90..50 and EDP 2..0
  // of 2..-2 decades = 0.75 + 0.5; 3 spans 80..50 and 1..-2 = 0.75 + 0.75. So 3 comes before 2, and
  // 0 last.
  const std::vector<Evaluation> all = {evaluation(45, 100), evaluation(90, 100), evaluation(80, 10),
                                       evaluation(60, 1), evaluation(50, 0.01)};
  EXPECT_THAT(rank(all, two_metrics()), ElementsAre(1, 4, 3, 2, 0));
}

TEST(Rank, KeepsTheOrderOfEqualPoints) {
  const std::vector<Evaluation> all(4, evaluation(80, 1));
  EXPECT_THAT(rank(all, two_metrics()), ElementsAre(0, 1, 2, 3));
}

TEST(Rank, OfOneAndTwo) {
  EXPECT_THAT(rank(std::vector{evaluation(1, 1)}, two_metrics()), ElementsAre(0));
  EXPECT_THAT(rank(std::vector{evaluation(1, 2), evaluation(1, 1)}, two_metrics()),
              ElementsAre(1, 0));
}

TEST(Rank, PutsViolationsBehindAndInfeasibleLast) {
  Objective objective = two_metrics();
  objective.constraints = {space::constraint_from("area <= 10")};
  const std::vector<Evaluation> all = {infeasible(), evaluation(99, 0.1, 30),
                                       evaluation(std::nan(""), 1), evaluation(99, 0.1, 11),
                                       evaluation(10, 100, 10)};
  EXPECT_THAT(rank(all, objective), ElementsAre(4, 3, 1, 0, 2));
}

TEST(Rank, FollowsTheTargetsReward) {
  Objective objective;
  objective.name = "edp";
  // Table II of the paper: accuracy %, EDP, area of the accuracy, area and EDP designs.
  const std::vector<Evaluation> all = {evaluation(88.3, 14.33, 186.32), evaluation(76.4, 1, 6.84),
                                       evaluation(84.6, 0.24, 167.16)};
  EXPECT_EQ(rank(all, objective).front(), 2U);
  objective.name = "area";
  EXPECT_EQ(rank(all, objective).front(), 1U);
  objective.name = "accuracy";
  EXPECT_EQ(rank(all, objective).front(), 0U);
}

TEST(Rank, TargetThatIsNanComesLast) {
  Objective objective = two_metrics();
  objective.name = "area";
  const std::vector<Evaluation> all = {evaluation(99, 1, std::nan("")), evaluation(10, 9, 9)};
  EXPECT_THAT(rank(all, objective), ElementsAre(1, 0));
}

TEST(Rank, IsAPermutation) {
  base::Rng rng(5);
  std::vector<Evaluation> all;
  for (int i = 0; i < 200; ++i) {
    all.push_back(evaluation(rng.uniform() * 100, rng.uniform(), rng.uniform()));
    if (rng.below(5) == 0) all.back().infeasible = "no";
    if (rng.below(5) == 0) all.back().metrics[Metric::kEdp] = std::nan("");
  }
  std::vector<std::size_t> order = rank(all, Objective{});
  std::sort(order.begin(), order.end());
  std::vector<std::size_t> expected(all.size());
  std::iota(expected.begin(), expected.end(), std::size_t{0});
  EXPECT_EQ(order, expected);
}

TEST(Hypervolume, OfOnePointIsItsBox) {
  // accuracy 80 % -> 0.8; EDP 1 -> 4 of 8 decades = 0.5: 0.8 * 0.5.
  EXPECT_NEAR(hypervolume(std::vector{evaluation(80, 1)}, two_metrics()), 0.4, 1e-12);
  // Area 0.01 -> 6 of 8 decades = 0.75: 0.4 * 0.75.
  EXPECT_NEAR(hypervolume(std::vector{evaluation(80, 1, 0.01)}, Objective{}), 0.3, 1e-12);
}

TEST(Hypervolume, OfTwoPointsIsTheirUnion) {
  // (0.8, 0.5) and (0.4, 0.75): 0.4 + 0.3 - overlap 0.4 * 0.5 = 0.5.
  EXPECT_NEAR(hypervolume(std::vector{evaluation(80, 1), evaluation(40, 0.01)}, two_metrics()), 0.5,
              1e-12);
}

TEST(Hypervolume, OfOneMetricIsItsBest) {
  Objective objective;
  objective.metrics = {Metric::kAccuracy};
  EXPECT_NEAR(hypervolume(std::vector{evaluation(30, 1), evaluation(60, 1)}, objective), 0.6,
              1e-12);
}

TEST(Hypervolume, IsClampedToItsBox) {
  EXPECT_EQ(hypervolume(std::vector{evaluation(0, 1)}, two_metrics()), 0);
  EXPECT_EQ(hypervolume(std::vector{evaluation(80, 1e5)}, two_metrics()), 0);
  EXPECT_NEAR(hypervolume(std::vector{evaluation(100, 1e-4)}, two_metrics()), 1, 1e-12);
  // Both beyond the box: the same point after clamping.
  EXPECT_NEAR(hypervolume(std::vector{evaluation(80, 1e-5), evaluation(70, 1e-6)}, two_metrics()),
              0.8, 1e-12);
}

TEST(Hypervolume, IgnoresInfeasibleAndNeverShrinks) {
  EXPECT_EQ(hypervolume(std::vector{infeasible()}, two_metrics()), 0);
  base::Rng rng(11);
  std::vector<Evaluation> all;
  double last = 0;
  for (int i = 0; i < 60; ++i) {
    all.push_back(evaluation(rng.uniform() * 100, std::pow(10, 8 * rng.uniform() - 4),
                             std::pow(10, 8 * rng.uniform() - 4)));
    const double volume = hypervolume(all, Objective{});
    EXPECT_GE(volume, last - 1e-12);
    EXPECT_LE(volume, 1);
    last = volume;
  }
}

}  // namespace
}  // namespace gibbon::search
