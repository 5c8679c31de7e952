#include "gibbon/sim/logit_map.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "gibbon/base/rng.hpp"

namespace gibbon::sim {
namespace {

/// x = 1, -1; y = 3, 1. The features' squares are diag(2, 2), the penalty 0.001 x (2 + 2) / 2, so
/// A = (3 - 1) / 2.002, b = (3 + 1) / 2.002.
TEST(LogitMap, OneClassByHand) {
  const std::vector<float> from = {1, -1};
  const std::vector<float> to = {3, 1};
  const LogitMap map(from, to, 1);
  EXPECT_NEAR(map(std::vector<float>{0})[0], 4 / 2.002, 1e-6);
  EXPECT_NEAR(map(std::vector<float>{1})[0], 6 / 2.002, 1e-6);
}

TEST(LogitMap, FindsAnAffineMap) {
  base::Rng rng(5);
  std::vector<float> from;
  std::vector<float> to;
  const auto mapped = [](float a, float b, float c) {
    return std::vector<float>{2 * a - b + 1, 0.5F * c, a + b + c - 2};
  };
  for (int i = 0; i < 200; ++i) {
    for (int c = 0; c < 3; ++c) from.push_back(static_cast<float>(2 * rng.normal()));
    const float* x = &from[from.size() - 3];
    for (const float y : mapped(x[0], x[1], x[2])) to.push_back(y);
  }
  const LogitMap map(from, to, 3);
  const std::vector<float> result = map(std::vector<float>{1, -2, 3});
  ASSERT_EQ(result.size(), 3U);
  for (std::size_t c = 0; c < 3; ++c) EXPECT_NEAR(result[c], mapped(1, -2, 3)[c], 0.02) << c;
}

/// Fewer examples than coefficients, and logits that say nothing: the penalty decides.
TEST(LogitMap, NeedsNoMoreThanAnExample) {
  const LogitMap one(std::vector<float>{1, 2}, std::vector<float>{5, -3}, 2);
  EXPECT_NEAR(one(std::vector<float>{1, 2})[0], 5, 0.01);
  EXPECT_NEAR(one(std::vector<float>{1, 2})[1], -3, 0.01);
  const LogitMap zero(std::vector<float>{0, 0}, std::vector<float>{5, -3}, 2);
  EXPECT_NEAR(zero(std::vector<float>{7, 7})[0], 5, 0.01);
}

}  // namespace
}  // namespace gibbon::sim
