// The comparisons, on a table that is known (small_study.hpp).

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "error_of.hpp"
#include "gibbon/study/ablation.hpp"
#include "gibbon/study/convergence.hpp"
#include "gibbon/study/insights.hpp"
#include "gibbon/study/paired_effect.hpp"
#include "gibbon/study/predictor_study.hpp"
#include "gibbon/study/spread.hpp"
#include "study/small_study.hpp"

namespace gibbon::study {
namespace {

AblationOptions small_options() {
  AblationOptions options;
  options.designs = 40;
  options.per_ask = 10;
  options.seeds = 2;
  options.tuning_seeds = 1;
  return options;
}

TEST(Ablation, EveryMethodButRandomHasAGridOfTheSameSize) {
  for (const Method& method : ablation_methods()) {
    EXPECT_EQ(method.grid.size(), method.searcher == "random" ? 1U : 12U) << method.name;
  }
}

TEST(Ablation, CurvesNeverFallAndDoNotDependOnThreads) {
  const test::SmallStudy small(40);
  const Surrogate surrogate = small.surrogate();
  const std::vector<Method> methods = {
      {"nsga2", "nsga2", {{{"population", 10}}, {{"population", 20}}}},
      {"random", "random", {base::Json::object()}}};
  base::SilentProgress progress;
  AblationOptions options = small_options();
  const auto results = run_ablation(surrogate, methods, options, progress);
  options.threads = 2;
  const auto parallel = run_ablation(surrogate, methods, options, progress);
  ASSERT_EQ(results.size(), 2U);
  for (std::size_t i = 0; i < results.size(); ++i) {
    EXPECT_EQ(results[i].curves, parallel[i].curves);
    EXPECT_EQ(results[i].grid_scores.size(), methods[i].grid.size());
    ASSERT_EQ(results[i].curves.size(), 2U);
    for (const Curve& curve : results[i].curves) {
      ASSERT_EQ(curve.size(), 4U);
      EXPECT_TRUE(std::is_sorted(curve.begin(), curve.end()));
      EXPECT_GT(curve.front(), 0);
    }
  }
}

TEST(Ablation, ScreenedSearchMakesAsManyDesigns) {
  const test::SmallStudy small(40);
  const Method method{"screened", "esapp", {base::Json::object()}, true};
  EXPECT_EQ(search_curve(small.surrogate(), method, method.grid[0], 1, small_options()).size(), 4U);
}

TEST(Convergence, EntropiesAreSharesAndTheSpaceShrinks) {
  const test::SmallStudy small(40);
  AblationOptions options = small_options();
  options.designs = 200;
  const auto steps = run_convergence(small.surrogate(), base::Json::object(), options);
  ASSERT_EQ(steps.size(), 19U);
  EXPECT_EQ(steps.front().designs, 10);
  for (const ConvergenceStep& step : steps) {
    for (const auto& [gene, entropy] : step.genes) {
      EXPECT_GE(entropy, 0) << gene;
      EXPECT_LE(entropy, 1 + 1e-12) << gene;
    }
  }
  EXPECT_LT(steps.back().equivalent_log10_size, small.space->log10_size());
}

TEST(PredictorStudy, DifferenceNeedsNoDesignsToKnowTheOneShotPart) {
  const test::SmallStudy small(120);
  PredictorStudyOptions options;
  options.training_designs = 60;
  options.seeds = 2;
  const auto results = run_predictor_study(*small.space, small.table, options);
  ASSERT_EQ(results.size(), predictor_forms().size());
  std::vector<double> accuracies;
  for (const auto& design : small.table) {
    accuracies.push_back(design.metrics[space::Metric::kAccuracy]);
  }
  std::ranges::sort(accuracies);
  ASSERT_GT(accuracies.front(), 0);
  for (const PredictorResult& result : results) {
    ASSERT_EQ(result.scores.size(), 2U);
    EXPECT_GT(result.scores[0].kendall_tau, 0.2) << result.form.name;
    EXPECT_LT(result.scores[0].accuracy_relative_error, 0.3) << result.form.name;
    EXPECT_GT(result.scores[0].predict_milliseconds, 0);
    // Each error in points is its share times an accuracy of the table.
    const PredictorScore& score = result.scores[0];
    EXPECT_GT(score.accuracy_error_points, score.accuracy_relative_error * accuracies.front());
    EXPECT_LT(score.accuracy_error_points, score.accuracy_relative_error * accuracies.back());
  }
  options.training_designs = 120;
  EXPECT_EQ(test::error_of([&] { run_predictor_study(*small.space, small.table, options); }),
            "120 designs to train on leave none of the table's 120 to test on");
}

TEST(Spread, ChipsChangeTheAdcsLossAndNetworksTheOneShotPart) {
  const test::SmallStudy small;
  const Crossing crossing = cross(small.surrogate(), 6, 12, 1);
  ASSERT_EQ(crossing.over_chips.size(), 6U);
  ASSERT_EQ(crossing.over_networks.size(), 12U);
  for (const Spread& spread : crossing.over_chips) EXPECT_GT(spread.accuracy_gap(), 15);
  for (const Spread& spread : crossing.over_networks) {
    EXPECT_GE(spread.energy_gap(), 0);
    EXPECT_LE(spread.energy_gap(), 100);
  }
}

TEST(PairedEffect, IsWhatTheTableSays) {
  const test::SmallStudy small;
  const Surrogate surrogate = small.surrogate();
  const GeneFilter adc = in_slot("adc_bits");
  const Effect effect = paired_effect(surrogate, {}, {adc, 10}, {adc, 4}, 100, 1);
  EXPECT_GT(effect.designs, 90);
  EXPECT_NEAR(effect.accuracy_points(), -30, 8);  // the fit smooths
  const Effect none = paired_effect(surrogate, {}, {adc, 8}, {adc, 8}, 20, 1);
  EXPECT_EQ(none.accuracy_points(), 0);
  EXPECT_EQ(none.energy_percent, 0);
}

TEST(Insights, EachOfTheSevenIsChecked) {
  const test::SmallStudy small(60);
  InsightOptions options;
  options.pairs = 30;
  options.designs = 60;
  options.seeds = 1;
  std::vector<int> numbers;
  for (const Insight& insight : check_insights(small.surrogate(), options)) {
    numbers.push_back(insight.number);
    EXPECT_FALSE(insight.ours.empty()) << insight.claim;
  }
  EXPECT_TRUE(std::is_sorted(numbers.begin(), numbers.end()));
  for (int number = 1; number <= 7; ++number) EXPECT_THAT(numbers, ::testing::Contains(number));
}

}  // namespace
}  // namespace gibbon::study
