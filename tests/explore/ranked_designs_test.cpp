#include "gibbon/explore/ranked_designs.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "explore/tiny_run.hpp"
#include "gibbon/explore/capacity.hpp"

namespace gibbon::explore {
namespace {

class RankedDesigns : public ::testing::Test {
 protected:
  double size(const space::Genome& genome) const { return capacity_of(*space_, genome); }

  const std::unique_ptr<space::SearchSpace> space_ = test::tiny_space();
};

TEST_F(RankedDesigns, TheSeedDecidesTheRandomOnes) {
  const auto three = random_designs(*space_, 1, 3);
  EXPECT_EQ(random_designs(*space_, 1, 3), three);
  EXPECT_EQ(random_designs(*space_, 1, 2).back(), three[1]);
  EXPECT_NE(three[2], three[1]);
  EXPECT_NE(random_designs(*space_, 2, 3), three);
  for (const space::Genome& genome : three) EXPECT_TRUE(space_->decode(genome));
}

TEST_F(RankedDesigns, SpreadOnesReachFromTheLeastToTheMostAndNoStepIsMuchLongerThanAnother) {
  constexpr int kDesigns = 5;
  const auto spread = spread_designs(*space_, 1, kDesigns);
  ASSERT_EQ(spread.size(), kDesigns);
  const auto drawn = random_designs(*space_, 1, 1000);
  const auto [least, most] =
      std::ranges::minmax(drawn, {}, [&](const space::Genome& genome) { return size(genome); });
  EXPECT_EQ(size(spread.front()), size(least));
  EXPECT_EQ(size(spread.back()), size(most));
  const double even = std::log(size(most) / size(least)) / (kDesigns - 1);
  for (std::size_t n = 1; n < spread.size(); ++n) {
    EXPECT_NEAR(std::log(size(spread[n]) / size(spread[n - 1])), even, even / 2) << n;
  }
}

TEST_F(RankedDesigns, SpreadOnesAreTheSeedsAndTakeNoDrawnOneTwice) {
  const auto spread = spread_designs(*space_, 1, 1000);
  EXPECT_EQ(spread_designs(*space_, 1, 1000), spread);
  auto drawn = random_designs(*space_, 1, 1000);
  auto sorted = spread;
  std::ranges::sort(drawn);
  std::ranges::sort(sorted);
  EXPECT_EQ(sorted, drawn);
}

}  // namespace
}  // namespace gibbon::explore
