#include "gibbon/predict/falling_curve.hpp"

#include <gtest/gtest.h>

#include "gibbon/base/rng.hpp"

namespace gibbon::predict {
namespace {

using Point = FallingCurve::Point;

TEST(FallingCurve, GoesThroughPointsThatFall) {
  const FallingCurve curve = FallingCurve::through({{3, -4}, {1, 0}, {2, -1}});
  EXPECT_EQ(curve.at(1), 0);
  EXPECT_EQ(curve.at(2), -1);
  EXPECT_EQ(curve.at(3), -4);
  EXPECT_DOUBLE_EQ(curve.at(2.5), -2.5);
  // Level beyond the ends.
  EXPECT_EQ(curve.at(-10), 0);
  EXPECT_EQ(curve.at(10), -4);
}

TEST(FallingCurve, PoolsWhatRises) {
  // 5, then 1 and 3, which rise: their mean 2 at x = 2.5; 2 and 2 are level and pool to 3.
  const FallingCurve curve = FallingCurve::through({{1, 5}, {2, 1}, {3, 3}, {4, 2}});
  ASSERT_EQ(curve.pools().size(), 2U);
  EXPECT_DOUBLE_EQ(curve.pools()[1].x, 3);
  EXPECT_DOUBLE_EQ(curve.pools()[1].y, 2);
  EXPECT_DOUBLE_EQ(curve.at(2), 3.5);
}

TEST(FallingCurve, PoolsPointsOfOnePlace) {
  const FallingCurve curve = FallingCurve::through({{1, 4}, {1, 2}, {2, 0}});
  EXPECT_DOUBLE_EQ(curve.at(1), 3);
  EXPECT_DOUBLE_EQ(curve.at(2), 0);
}

TEST(FallingCurve, OfOnePlaceIsTheMean) {
  const FallingCurve curve = FallingCurve::through({{7, 1}, {7, 2}, {7, 6}});
  EXPECT_EQ(curve.pools().size(), 1U);
  for (const double x : {-1.0, 7.0, 9.0}) EXPECT_DOUBLE_EQ(curve.at(x), 3);
  EXPECT_EQ(FallingCurve().at(2), 0);
}

TEST(FallingCurve, NeverRisesAndKeepsTheMean) {
  base::Rng rng(4);
  std::vector<Point> points;
  double mean = 0;
  for (int i = 0; i < 200; ++i) {
    points.push_back({rng.uniform(), rng.normal()});
    mean += points.back().y / 200;
  }
  const FallingCurve curve = FallingCurve::through(points);
  for (std::size_t i = 1; i < curve.pools().size(); ++i) {
    EXPECT_LT(curve.pools()[i - 1].x, curve.pools()[i].x);
    EXPECT_GT(curve.pools()[i - 1].y, curve.pools()[i].y);
  }
  // Least squares under the condition: no shift of the whole curve comes nearer to the points.
  EXPECT_GE(curve.pools().front().y, mean);
  EXPECT_LE(curve.pools().back().y, mean);
}

TEST(FallingCurve, ComesBackFromJson) {
  const FallingCurve curve = FallingCurve::through({{1, 5}, {2, 1.25}, {3.5, 0}});
  const FallingCurve back = falling_curve_from(base::Json::parse(to_json(curve).dump()));
  for (const double x : {0.0, 1.3, 2.0, 3.1, 4.0}) EXPECT_EQ(back.at(x), curve.at(x));
  EXPECT_ANY_THROW(falling_curve_from(base::Json::parse("[[1]]")));
}

}  // namespace
}  // namespace gibbon::predict
