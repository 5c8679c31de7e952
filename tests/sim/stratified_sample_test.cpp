#include "gibbon/sim/stratified_sample.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace gibbon::sim {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(StratifiedSample, NoShareIsCertainBeforeAllIsSeen) {
  EXPECT_EQ(smoothed_deviation({100, 0, 0}, 0.5), 0.5);
  // (3 + 1/2) / (9 + 1) = 0.35; sqrt(0.35 x 0.65).
  EXPECT_DOUBLE_EQ(smoothed_deviation({100, 9, 3}, 0.5), std::sqrt(0.2275));
  // None of 9: 0.05; all of 9: 0.95.
  EXPECT_DOUBLE_EQ(smoothed_deviation({100, 9, 0}, 0.5), std::sqrt(0.0475));
  EXPECT_DOUBLE_EQ(smoothed_deviation({100, 9, 9}, 0.5), std::sqrt(0.0475));
  // (0 + 3) / (9 + 6) = 0.2.
  EXPECT_DOUBLE_EQ(smoothed_deviation({100, 9, 0}, 3), 0.4);
}

/// 60 images, 10 seen, 4 right: weight 0.6, p = 4.5 / 11, s^2 = 0.2417355,
///   0.36 x (1 - 1/6) x 0.2417355 / 10 = 0.00725207.
/// 40 images, 8 seen, 8 right: weight 0.4, p = 8.5 / 9, s^2 = 0.0524691,
///   0.16 x (1 - 1/5) x 0.0524691 / 8 = 0.00083951.
TEST(StratifiedSample, EstimatesByHand) {
  const std::vector<Stratum> strata = {{60, 10, 4}, {40, 8, 8}};
  const ShareEstimate estimate = estimate_share(strata);
  EXPECT_DOUBLE_EQ(estimate.share, 0.6 * 0.4 + 0.4);
  EXPECT_NEAR(estimate.deviation, std::sqrt(0.00725207 + 0.00083951), 1e-7);
}

TEST(StratifiedSample, WhatIsSeenWholeAddsNoError) {
  const std::vector<Stratum> all = {{60, 60, 20}, {0, 0, 0}, {40, 40, 39}};
  EXPECT_DOUBLE_EQ(estimate_share(all).share, 0.59);
  EXPECT_EQ(estimate_share(all).deviation, 0);
  const std::vector<Stratum> rest = {{60, 60, 20}, {40, 8, 8}};
  EXPECT_NEAR(estimate_share(rest).deviation, std::sqrt(0.00083951), 1e-6);
}

/// Equal deviations: in proportion to the sizes, 60 and 20 of 80.
TEST(StratifiedSample, AllocatesInProportionToTheSize) {
  const std::vector<Stratum> strata = {{300, 1, 0}, {100, 1, 1}};
  EXPECT_THAT(allocate_images(strata, 78), ElementsAre(59, 19));
}

/// p = 3 / 1005 and 502 / 1005: deviations of 0.0546 and 0.5, so that the second stratum, nine
/// times as uncertain, gets everything.
TEST(StratifiedSample, AllocatesWhereAnswersAreUncertain) {
  const std::vector<Stratum> strata = {{2000, 999, 0}, {2000, 999, 499}};
  EXPECT_THAT(allocate_images(strata, 100), ElementsAre(0, 100));
}

/// Against every allocation of 12 images to three strata.
TEST(StratifiedSample, NoOtherAllocationHasASmallerError) {
  const std::vector<Stratum> strata = {{50, 6, 1}, {90, 5, 4}, {30, 4, 2}};
  const auto error = [&](const std::vector<int>& added) {
    double variance = 0;
    for (std::size_t h = 0; h < strata.size(); ++h) {
      const double total = strata[h].images * smoothed_deviation(strata[h], kAllocationPrior);
      variance += total * total / (strata[h].seen + added[h]);
    }
    return variance;
  };
  double least = 1e9;
  for (int a = 0; a <= 12; ++a) {
    for (int b = 0; a + b <= 12; ++b) least = std::min(least, error({a, b, 12 - a - b}));
  }
  EXPECT_DOUBLE_EQ(error(allocate_images(strata, 12)), least);
}

TEST(StratifiedSample, AllocatesToTheUnseenFirstAndNeverMoreThanThereAre) {
  const std::vector<Stratum> unseen = {{500, 3, 1}, {5, 0, 0}, {5, 0, 0}};
  EXPECT_THAT(allocate_images(unseen, 1), ElementsAre(0, 1, 0));
  EXPECT_THAT(allocate_images(unseen, 3), ElementsAre(1, 1, 1));
  const std::vector<Stratum> few = {{5, 5, 1}, {7, 3, 1}, {2, 0, 0}};
  EXPECT_THAT(allocate_images(few, 100), ElementsAre(0, 4, 2));
  EXPECT_THAT(allocate_images({}, 3), IsEmpty());
}

TEST(StratifiedSample, CutsIntoEqualSums) {
  EXPECT_THAT(cut_strata(std::vector<double>(10, 1.0), 5), ElementsAre(2, 4, 6, 8, 10));
  EXPECT_THAT(cut_strata(std::vector<double>{4, 1, 1, 1, 1}, 2), ElementsAre(1, 5));
  EXPECT_THAT(cut_strata(std::vector<double>{1, 1, 1, 1, 4}, 2), ElementsAre(4, 5));
  EXPECT_THAT(cut_strata(std::vector<double>{1, 1, 1}, 1), ElementsAre(3));
  EXPECT_THAT(cut_strata(std::vector<double>{1, 1}, 12), ElementsAre(1, 2));
  EXPECT_THAT(cut_strata({}, 4), IsEmpty());
}

}  // namespace
}  // namespace gibbon::sim
