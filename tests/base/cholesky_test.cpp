#include "gibbon/base/cholesky.hpp"

#include <gtest/gtest.h>

namespace gibbon::base {
namespace {

TEST(Cholesky, FactorizesAndSolvesForEveryColumn) {
  // L = [2 0; 3 1], L L' = [4 6; 6 10]; the upper triangle is not read.
  std::vector<double> matrix = {4, -99, 6, 10};
  cholesky_factorize(matrix, 2);
  EXPECT_DOUBLE_EQ(matrix[0], 2);
  EXPECT_DOUBLE_EQ(matrix[2], 3);
  EXPECT_DOUBLE_EQ(matrix[3], 1);
  // x = [1 -1; 2 0] by columns: [4 6; 6 10] x = [16 -4; 26 -6].
  std::vector<double> right = {16, -4, 26, -6};
  cholesky_solve(matrix, 2, right, 2);
  EXPECT_DOUBLE_EQ(right[0], 1);
  EXPECT_DOUBLE_EQ(right[1], -1);
  EXPECT_DOUBLE_EQ(right[2], 2);
  EXPECT_NEAR(right[3], 0, 1e-12);
}

}  // namespace
}  // namespace gibbon::base
