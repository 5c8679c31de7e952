#include "gibbon/explore/explorer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "explore/whole_run.hpp"
#include "gibbon/base/error.hpp"

namespace gibbon::explore {
namespace {

using space::Metric;
using test::expect_same;
using test::run_unbroken;
using test::RunResult;

std::vector<std::int64_t> up_to(std::int64_t count) {
  std::vector<std::int64_t> steps(static_cast<std::size_t>(count));
  std::iota(steps.begin(), steps.end(), 0);
  return steps;
}

/// Keeps the steps of every curve.
class CurveKeeper final : public base::Progress {
 public:
  void update(const base::ProgressUpdate&) override {}
  void note(const std::string&) override {}
  void point(const std::string& curve, std::int64_t step, double value) override {
    EXPECT_TRUE(std::isfinite(value)) << curve;
    steps_[curve].push_back(step);
  }
  std::vector<std::int64_t> steps(const std::string& curve) { return steps_[curve]; }

 private:
  std::map<std::string, std::vector<std::int64_t>> steps_;
};

TEST(Explorer, DrawsTheCurvesOfItsTrainingsAndOfTheFront) {
  const test::TemporaryFolder folder("gibbon-curves");
  const auto store = store::make_memory_store();
  CurveKeeper curves;
  test::run_tiny(test::tiny_config(), *store, folder, curves);
  // 8 steps before the search and 2 before each of 2 iterations.
  EXPECT_THAT(curves.steps("supernet/loss"), testing::ElementsAreArray(up_to(12)));
  EXPECT_EQ(curves.steps("supernet/learning_rate"), curves.steps("supernet/loss"));
  // After 6 initial designs and after each 3 more.
  for (const char* curve : {"search/hypervolume", "search/best_accuracy_top1"}) {
    EXPECT_THAT(curves.steps(curve), testing::ElementsAre(6, 9, 12)) << curve;
  }
  for (const char* curve : {"final 01/loss", "final 02/loss"}) {
    EXPECT_FALSE(curves.steps(curve).empty()) << curve;
  }
}

TEST(Explorer, EvaluatesAsManyDesignsAsTheBudgetSaysAndTrainsTheChosenOnes) {
  const RunConfig config = test::tiny_config();
  const RunResult result = run_unbroken(config);
  // 6 initial designs and 2 iterations of 3.
  EXPECT_EQ(result.evaluations.size(), 12u);
  EXPECT_EQ(result.finals.size(), 2u);
  for (const store::FinalRecord& final_design : result.finals) {
    EXPECT_EQ(final_design.test_images, 30);
    EXPECT_GE(final_design.metrics[Metric::kAccuracy], 0.0);
    EXPECT_LE(final_design.metrics[Metric::kAccuracy], 100.0);
    EXPECT_NEAR(final_design.metrics[Metric::kEdp],
                final_design.metrics[Metric::kLatency] * final_design.metrics[Metric::kEnergy],
                1e-12);
  }
}

TEST(Explorer, GivesTheSameRunForTheSameSeed) {
  expect_same(run_unbroken(test::tiny_config()), run_unbroken(test::tiny_config()));
}

// Designs are evaluated side by side, and which is done first is chance.
TEST(Explorer, SameSeedSameRunOnSeveralThreads) {
  RunConfig config = test::tiny_config();
  config.threads = 3;
  expect_same(run_unbroken(config), run_unbroken(config));
}

TEST(Explorer, ScoresFittedDesignsWhereAskedTo) {
  RunConfig config = test::tiny_config();
  config.search.searcher = "random";
  config.predictor.enabled = false;
  config.final_training.designs = 0;
  const RunResult plain = run_unbroken(config);
  config.simulation.fit_images = 16;
  const RunResult fitted = run_unbroken(config);
  ASSERT_EQ(plain.evaluations.size(), fitted.evaluations.size());
  int differ = 0;
  for (std::size_t i = 0; i < plain.evaluations.size(); ++i) {
    const space::Evaluation& left = plain.evaluations[i].evaluation;
    const space::Evaluation& right = fitted.evaluations[i].evaluation;
    ASSERT_EQ(left.genome, right.genome);
    EXPECT_EQ(left.one_shot_accuracy, right.one_shot_accuracy);
    differ += left.metrics[Metric::kAccuracy] != right.metrics[Metric::kAccuracy];
  }
  EXPECT_GT(differ, 0);
}

TEST(Explorer, GivesAnotherRunForAnotherSeed) {
  RunConfig other = test::tiny_config();
  other.seed = 8;
  EXPECT_NE(run_unbroken(test::tiny_config()).evaluations.front().evaluation.genome,
            run_unbroken(other).evaluations.front().evaluation.genome);
}

TEST(Explorer, SaysWhatComesClosestWhereNoDesignMeetsTheConstraints) {
  RunConfig config = test::tiny_config();
  config.objective.constraints = {"area_mm2 <= 0.001"};
  const test::TemporaryFolder folder("gibbon-infeasible");
  const auto store = store::make_memory_store();
  base::SilentProgress progress;
  try {
    test::run_tiny(config, *store, folder, progress);
    FAIL() << "an area of 0.001 mm2 cannot be met";
  } catch (const base::Error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("no feasible design; closest is "));
    EXPECT_THAT(error.what(), testing::HasSubstr("area_mm2 = "));
    EXPECT_THAT(error.what(), testing::HasSubstr("area_mm2 <= 0.001"));
  }
}

TEST(Explorer, KeepsConstraintsThatCanBeMet) {
  RunConfig config = test::tiny_config();
  config.objective.constraints = {"area_mm2 <= 30"};
  const RunResult result = run_unbroken(config);
  ASSERT_FALSE(result.finals.empty());
  for (const store::FinalRecord& final_design : result.finals) {
    EXPECT_LE(final_design.metrics[Metric::kArea], 30.0);
  }
}

TEST(Explorer, SpendsNoTrainingOnDesignsFarBelowTheBest) {
  RunConfig config = test::tiny_config();
  config.final_training.designs = 12;  // as many as are evaluated
  const RunResult result = run_unbroken(config);
  double best = 0.0;
  for (const store::StoredEvaluation& stored : result.evaluations) {
    best = std::max(best, stored.evaluation.metrics[Metric::kAccuracy]);
  }
  std::size_t far_below = 0;
  for (const store::StoredEvaluation& stored : result.evaluations) {
    far_below += stored.evaluation.metrics[Metric::kAccuracy] < 0.75 * best ? 1 : 0;
  }
  ASSERT_GT(far_below, 0u) << "this run cannot show it";
  EXPECT_LE(result.finals.size(), result.evaluations.size() - far_below);
  ASSERT_FALSE(result.finals.empty());
  for (const store::FinalRecord& final_design : result.finals) {
    EXPECT_GE(final_design.search_accuracy, 0.75 * best);
  }
}

TEST(Explorer, PathsDecideWhatTheSharedWeightsKnow) {
  const RunResult random = run_unbroken(test::tiny_config());
  for (const char* paths : {"largest", "sandwich"}) {
    RunConfig config = test::tiny_config();
    config.supernet.paths = paths;
    const RunResult other = run_unbroken(config);
    expect_same(other, run_unbroken(config));
    // The initial designs are the same, drawn from the seed; what the weights give is not.
    bool differs = false;
    for (std::size_t i = 0; i < 6; ++i) {
      EXPECT_EQ(other.evaluations[i].key, random.evaluations[i].key);
      differs |= other.evaluations[i].evaluation.one_shot_accuracy !=
                 random.evaluations[i].evaluation.one_shot_accuracy;
    }
    EXPECT_TRUE(differs) << paths;
  }
}

TEST(Explorer, NoiseOfConvertersChangesOneShotAccuraciesAndNotWhatIsSimulated) {
  const RunResult plain = run_unbroken(test::tiny_config());
  RunConfig config = test::tiny_config();
  config.supernet.one_shot_noise = true;
  const RunResult noisy = run_unbroken(config);
  expect_same(noisy, run_unbroken(config));
  bool differs = false;
  for (std::size_t i = 0; i < 6; ++i) {  // the initial designs, which no predictor has chosen
    const space::Evaluation& with = noisy.evaluations[i].evaluation;
    const space::Evaluation& without = plain.evaluations[i].evaluation;
    EXPECT_EQ(with.metrics[space::Metric::kAccuracy], without.metrics[space::Metric::kAccuracy]);
    differs |= with.one_shot_accuracy != without.one_shot_accuracy;
  }
  EXPECT_TRUE(differs);
}

TEST(Explorer, TrainsTheBestDesignByEachMetricWhereAskedTo) {
  RunConfig config = test::tiny_config();
  config.final_training.choose = "best";
  config.final_training.designs = 3;
  const RunResult result = run_unbroken(config);
  ASSERT_EQ(result.finals.size(), 3u);
  double smallest_area = 1e300;
  for (const store::StoredEvaluation& stored : result.evaluations) {
    smallest_area = std::min(smallest_area, stored.evaluation.metrics[Metric::kArea]);
  }
  const bool has_smallest = std::any_of(result.finals.begin(), result.finals.end(),
                                        [&](const store::FinalRecord& record) {
                                          return record.metrics[Metric::kArea] == smallest_area;
                                        });
  EXPECT_TRUE(has_smallest);
}

}  // namespace
}  // namespace gibbon::explore
