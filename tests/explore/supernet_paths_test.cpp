#include "gibbon/explore/supernet_paths.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "explore/tiny_run.hpp"
#include "gibbon/explore/capacity.hpp"

namespace gibbon::explore {
namespace {

constexpr std::uint64_t kSteps = 40;

class SupernetPaths : public ::testing::Test {
 protected:
  static std::string text(const nn::Network& network) { return nn::to_json(network).dump(); }

  const std::unique_ptr<space::SearchSpace> space_ = test::tiny_space();
  const std::string largest_ = text(space_->largest_network());
};

TEST_F(SupernetPaths, EveryFourthIsTheLargestAndTheOthersAreRandom) {
  const train::PathSampler paths = largest_paths(*space_, 1);
  std::set<std::string> others;
  for (std::uint64_t step = 0; step < kSteps; ++step) {
    if (step % 4 == 0) {
      EXPECT_EQ(text(paths(step)), largest_) << step;
    } else {
      others.insert(text(paths(step)));
    }
  }
  EXPECT_GT(others.size(), kSteps / 2);
}

TEST_F(SupernetPaths, ASandwichHasTheSmallestInTheMiddle) {
  const train::PathSampler paths = sandwich_paths(*space_, 1);
  const nn::Network smallest = paths(2);
  for (std::uint64_t step = 0; step < kSteps; ++step) {
    EXPECT_EQ(text(paths(step)) == largest_, step % 4 == 0) << step;
    if (step % 4 == 2) {
      EXPECT_EQ(text(paths(step)), text(smallest)) << step;
    }
    EXPECT_GE(capacity(paths(step)), capacity(smallest)) << step;
  }
}

TEST_F(SupernetPaths, AreThoseOfTheSeedWhateverWasAskedBefore) {
  const train::PathSampler paths = largest_paths(*space_, 1);
  const std::string third = text(paths(3));
  paths(1);
  EXPECT_EQ(text(paths(3)), third);
  EXPECT_EQ(text(largest_paths(*space_, 1)(3)), third);
  bool differs = false;
  for (std::uint64_t step = 1; step < 4; ++step) {
    differs |= text(largest_paths(*space_, 2)(step)) != text(paths(step));
  }
  EXPECT_TRUE(differs);
}

}  // namespace
}  // namespace gibbon::explore
