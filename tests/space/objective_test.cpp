#include "gibbon/space/objective.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "error_of.hpp"

namespace gibbon::space {
namespace {

using ::testing::HasSubstr;

Metrics metrics(double accuracy, double edp, double area) {
  Metrics result;
  result[Metric::kAccuracy] = accuracy;
  result[Metric::kEdp] = edp;
  result[Metric::kArea] = area;
  return result;
}

using test::error_of;

TEST(Constraint, IsReadFromText) {
  const Constraint area = constraint_from("area_mm2 <= 20");
  EXPECT_EQ(area.metric, Metric::kArea);
  EXPECT_TRUE(area.upper);
  EXPECT_EQ(area.bound, 20);
  const Constraint accuracy = constraint_from("  accuracy>=80.5 ");
  EXPECT_EQ(accuracy.metric, Metric::kAccuracy);
  EXPECT_FALSE(accuracy.upper);
  EXPECT_EQ(accuracy.bound, 80.5);
  EXPECT_EQ(to_text(area), "area_mm2 <= 20");
  EXPECT_EQ(to_text(accuracy), "accuracy_top1 >= 80.5");
}

TEST(Constraint, RefusesWhatItCannotRead) {
  EXPECT_THAT(error_of([] { constraint_from("area < 20"); }), HasSubstr("it has no <= or >="));
  EXPECT_THAT(error_of([] {
                constraint_from(
                    "area <= 20"
                    "mm");
              }),
              HasSubstr("'20mm' is not a number"));
  EXPECT_THAT(error_of([] { constraint_from("area <="); }), HasSubstr("'' is not a number"));
  EXPECT_THAT(error_of([] { constraint_from("aera2 <= 1"); }), HasSubstr("unknown metric 'aera2'"));
  EXPECT_THAT(error_of([] { constraint_from("area <= 1"); }), HasSubstr("no error"));
}

TEST(Constraint, ViolationIsRelativeToTheBound) {
  const Constraint upper = constraint_from("area <= 20");
  EXPECT_EQ(upper.violation(metrics(0, 0, 20)), 0);
  EXPECT_DOUBLE_EQ(upper.violation(metrics(0, 0, 25)), 0.25);  // 5 / 20
  const Constraint lower = constraint_from("accuracy >= 80");
  EXPECT_EQ(lower.violation(metrics(80, 0, 0)), 0);
  EXPECT_DOUBLE_EQ(lower.violation(metrics(60, 0, 0)), 0.25);  // 20 / 80
  EXPECT_EQ(constraint_from("area <= 0").violation(metrics(0, 0, 3)), 3);
  EXPECT_TRUE(std::isinf(upper.violation(metrics(0, 0, std::nan("")))));
}

TEST(Objective, ViolationIsTheSum) {
  Objective objective;
  objective.constraints = {constraint_from("area <= 20"), constraint_from("accuracy >= 80")};
  EXPECT_DOUBLE_EQ(objective.violation(metrics(60, 1, 25)), 0.5);
  EXPECT_EQ(objective.violation(metrics(80, 1, 20)), 0);
  EXPECT_EQ(objective.hardware_violation(metrics(0, 1, 25)), 0.25);  // the area's alone
}

TEST(Utility, SpansTheBox) {
  EXPECT_DOUBLE_EQ(utility(Metric::kAccuracy, 84), 0.84);
  EXPECT_DOUBLE_EQ(utility(Metric::kArea, 1e-4), 1);
  EXPECT_DOUBLE_EQ(utility(Metric::kArea, 1), 0.5);
  EXPECT_DOUBLE_EQ(utility(Metric::kArea, 1e4), 0);
  EXPECT_TRUE(std::isfinite(utility(Metric::kArea, 0)));
  EXPECT_TRUE(std::isnan(utility(Metric::kArea, std::nan(""))));
}

TEST(Reward, IsTheWeightedSum) {
  Objective objective;
  objective.name = "edp";
  // 1 * utility(edp 1) + 1 * utility(80 %) + 0.1 * utility(area 1) = 0.5 + 0.8 + 0.05
  EXPECT_DOUBLE_EQ(objective.reward(metrics(80, 1, 1)), 1.35);
  objective.name = "accuracy";
  EXPECT_DOUBLE_EQ(objective.reward(metrics(80, 1, 1)), 0.9);  // 0.8 + 0.05 + 0.05
}

// Table II of the Gibbon paper: accuracy %, EDP ms*mJ, area mm2 of its three designs. Each was
// found by the search for its own target, so that target has to prefer it.
TEST(Reward, PrefersThePapersDesignOfEachTarget) {
  const Metrics edp_design = metrics(84.6, 0.24, 167.16);
  const Metrics area_design = metrics(76.4, 1.00, 6.84);
  const Metrics accuracy_design = metrics(88.3, 14.33, 186.32);
  Objective objective;
  objective.name = "edp";
  EXPECT_GT(objective.reward(edp_design), objective.reward(area_design));
  EXPECT_GT(objective.reward(edp_design), objective.reward(accuracy_design));
  objective.name = "area";
  EXPECT_GT(objective.reward(area_design), objective.reward(edp_design));
  EXPECT_GT(objective.reward(area_design), objective.reward(accuracy_design));
  objective.name = "accuracy";
  EXPECT_GT(objective.reward(accuracy_design), objective.reward(edp_design));
  EXPECT_GT(objective.reward(accuracy_design), objective.reward(area_design));
}

TEST(ValidateObjective, RefusesNamesAndMetrics) {
  Objective objective;
  EXPECT_NO_THROW(validate(objective));
  objective.name = "parteo";
  EXPECT_EQ(error_of([&] { validate(objective); }),
            "unknown objective 'parteo'; did you mean 'pareto'? (allowed: pareto, accuracy, "
            "latency, energy, edp, area, power)");
  objective.name = "area";
  objective.metrics = {};
  EXPECT_EQ(error_of([&] { validate(objective); }), "the objective names no metrics");
  objective.metrics = {Metric::kArea, Metric::kEdp, Metric::kArea};
  EXPECT_EQ(error_of([&] { validate(objective); }), "the objective names 'area' twice");
}

}  // namespace
}  // namespace gibbon::space
