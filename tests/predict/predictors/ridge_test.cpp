#include "gibbon/predict/predictors/ridge.hpp"

#include <gtest/gtest.h>

namespace gibbon::predict {
namespace {

TEST(SolveRidge, HandCalculated) {
  // X = [1 0; 1 1], y = [1; 3] and [2; 0], penalty 1: X'X + I = [3 1; 1 2], X'y = [4; 3], [2; 0];
  // the inverse is [2 -1; -1 3] / 5, so the weights are [5; 5] / 5 and [4; -2] / 5.
  const std::vector<SparseRow> rows = {{{{0, 1.0}}}, {{{0, 1.0}, {1, 1.0}}}};
  const std::vector<double> weights = solve_ridge(rows, 2, std::vector<double>{1, 2, 3, 0}, 2, 1);
  ASSERT_EQ(weights.size(), 4U);
  EXPECT_NEAR(weights[0], 1, 1e-12);
  EXPECT_NEAR(weights[2], 1, 1e-12);
  EXPECT_NEAR(weights[1], 0.8, 1e-12);
  EXPECT_NEAR(weights[3], -0.4, 1e-12);
}

TEST(SolveRidge, ASmallPenaltyFindsTheExactLaw) {
  // y = 2 a - 3 b + 1 c on independent rows.
  const std::vector<SparseRow> rows = {
      {{{0, 1.0}, {2, 2.0}}}, {{{1, 1.0}}}, {{{0, 1.0}, {1, -1.0}}}, {{{2, 4.0}, {1, 0.5}}}};
  const std::vector<double> weights =
      solve_ridge(rows, 3, std::vector<double>{4, -3, 5, 2.5}, 1, 1e-9);
  EXPECT_NEAR(weights[0], 2, 1e-6);
  EXPECT_NEAR(weights[1], -3, 1e-6);
  EXPECT_NEAR(weights[2], 1, 1e-6);
}

TEST(SolveRidge, UnusedColumnsGetZero) {
  const std::vector<SparseRow> rows = {{{{1, 2.0}}}};
  EXPECT_EQ(solve_ridge(rows, 3, std::vector<double>{5}, 1, 1),
            (std::vector<double>{0, 2, 0}));  // 2 * 5 / (4 + 1)
}

}  // namespace
}  // namespace gibbon::predict
