#include "gibbon/space/evaluation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "gibbon/base/error.hpp"

namespace gibbon::space {
namespace {

using ::testing::HasSubstr;

TEST(Metric, GoesBothWaysByNameAndByKey) {
  for (std::size_t i = 0; i < kMetricCount; ++i) {
    const auto metric = static_cast<Metric>(i);
    EXPECT_EQ(metric_from(metric_name(metric)), metric);
    EXPECT_EQ(metric_from(metric_key(metric)), metric);
    EXPECT_EQ(is_maximized(metric), metric == Metric::kAccuracy);
  }
  EXPECT_EQ(metric_key(Metric::kEdp), "edp_ms_mj");
}

TEST(Metric, UnknownNameSaysWhatIsAllowed) {
  try {
    metric_from("latncy");
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_STREQ(error.what(),
                 "unknown metric 'latncy'; did you mean 'latency'? (allowed: accuracy, latency, "
                 "energy, edp, area, power)");
  }
}

TEST(EvaluationJson, GoesBothWays) {
  Evaluation evaluation;
  evaluation.genome = {3, 0, 11};
  evaluation.metrics.values = {90.5, 1, 2, 2, 3, 4};
  evaluation.one_shot_accuracy = 91;
  evaluation.predicted = Metrics{{89, 1.5, 2, 3, 3, 4}};
  evaluation.infeasible = "too large";
  evaluation.iteration = 7;
  const Evaluation back = evaluation_from_json(base::Json::parse(to_json(evaluation).dump()));
  EXPECT_EQ(back.genome, evaluation.genome);
  EXPECT_EQ(back.metrics, evaluation.metrics);
  EXPECT_EQ(back.one_shot_accuracy, 91);
  EXPECT_EQ(back.predicted, evaluation.predicted);
  EXPECT_EQ(back.infeasible, "too large");
  EXPECT_EQ(back.iteration, 7);
}

TEST(EvaluationJson, KeepsNan) {
  Evaluation evaluation;
  evaluation.metrics[Metric::kEdp] = std::numeric_limits<double>::quiet_NaN();
  const Evaluation back = evaluation_from_json(base::Json::parse(to_json(evaluation).dump()));
  EXPECT_TRUE(std::isnan(back.metrics[Metric::kEdp]));
  EXPECT_FALSE(back.predicted);
  EXPECT_TRUE(back.feasible());
}

TEST(EvaluationJson, MissingKeyIsAnError) {
  base::Json json = to_json(Evaluation{});
  json.erase("iteration");
  try {
    evaluation_from_json(json);
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("an evaluation cannot be read"));
    EXPECT_THAT(error.what(), HasSubstr("iteration"));
  }
}

}  // namespace
}  // namespace gibbon::space
