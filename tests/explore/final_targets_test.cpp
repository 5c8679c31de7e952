#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "explore/whole_run.hpp"
#include "gibbon/explore/capacity.hpp"
#include "gibbon/explore/chip_choice.hpp"
#include "gibbon/explore/run_setup.hpp"
#include "gibbon/search/pareto.hpp"
#include "gibbon/sim/converter_noise.hpp"
#include "gibbon/sim/simulator.hpp"

namespace gibbon::explore {
namespace {

using space::Metric;
using test::middle_area;
using test::middle_of;
using test::result_of;
using test::run_unbroken;
using test::RunResult;

/// The highest accuracy that the search saw within the area.
double best_within(const RunResult& result, double area) {
  double best = -1.0;
  for (const store::StoredEvaluation& stored : result.evaluations) {
    const space::Metrics& metrics = stored.evaluation.metrics;
    if (!stored.evaluation.feasible() || metrics[Metric::kArea] > area) continue;
    best = std::max(best, metrics[Metric::kAccuracy]);
  }
  return best;
}

TEST(FinalTargets, ATargetGetsTheMostAccurateDesignWithinItsBounds) {
  const double area = middle_area(run_unbroken(test::tiny_config()));
  RunConfig config = test::tiny_config();
  config.final_training.targets = {{{fmt::format("area_mm2 <= {}", area)}, 0}};
  config.final_training.designs = 0;
  const RunResult result = run_unbroken(config);
  ASSERT_EQ(result.finals.size(), 1u);
  EXPECT_LE(result.finals[0].metrics[Metric::kArea], area);
  EXPECT_EQ(result.finals[0].search_accuracy, best_within(result, area));
}

TEST(FinalTargets, TheSearchBeginsInTheTargetsCornersToo) {
  const double area = middle_area(run_unbroken(test::tiny_config()));
  RunConfig config = test::tiny_config();
  config.final_training.targets = {{{fmt::format("area_mm2 <= {}", area)}, 0}};
  const RunResult result = run_unbroken(config);
  // Half of the 6 initial designs, and what the other random ones add.
  const auto within = std::count_if(
      result.evaluations.begin(), result.evaluations.begin() + 6,
      [&](const auto& stored) { return stored.evaluation.metrics[Metric::kArea] <= area; });
  EXPECT_GE(within, 3);
}

TEST(FinalTargets, ATargetMayFixGenes) {
  RunConfig config = test::tiny_config();
  config.final_training.targets = {{{"area_mm2 <= 1000"}, 0}};
  config.final_training.designs = 0;
  const auto space = test::tiny_space();
  const std::size_t gene = space->gene_index("hardware.dac_bits");
  for (const double bits : {1, 2}) {
    config.final_training.targets[0].genes = {{"hardware.dac_bits", bits}};
    const RunResult result = run_unbroken(config);
    const auto has_bits = [&](const space::Genome& genome) {
      return space->value(genome, gene) == bits;
    };
    // Half of the 6 initial designs begin there.
    const auto corner =
        std::count_if(result.evaluations.begin(), result.evaluations.begin() + 6,
                      [&](const auto& stored) { return has_bits(stored.evaluation.genome); });
    EXPECT_GE(corner, 3);
    ASSERT_EQ(result.finals.size(), 1u);
    EXPECT_TRUE(has_bits(result.finals[0].genome));
  }
}

double noise_of(const space::Genome& genome) {
  const space::Design design = test::tiny_space()->decode(genome).value();
  return sim::converter_noise(design.network, design.hardware);
}

TEST(FinalTargets, ATargetsDesignMayGetTheQuietestChipWithinItsBounds) {
  const double edp = middle_of(Metric::kEdp, run_unbroken(test::tiny_config()));
  RunConfig config = test::tiny_config();
  config.final_training.targets = {{{fmt::format("edp_ms_mj <= {}", edp)}, 0}};
  config.final_training.designs = 0;
  const store::FinalRecord searched = run_unbroken(config).finals.at(0);
  config.final_training.chips = "quietest";
  const store::FinalRecord quietest = run_unbroken(config).finals.at(0);
  EXPECT_LT(noise_of(quietest.genome), noise_of(searched.genome)) << "this run cannot show it";
  EXPECT_LE(quietest.metrics[Metric::kEdp], edp);
  EXPECT_EQ(quietest.network, searched.network);
  EXPECT_EQ(quietest.search_accuracy, searched.search_accuracy);
  const auto simulator = sim::make_simulator("mnsim2");
  std::size_t outside = 0;
  for (const space::Genome& chip : chips_under(*test::tiny_space(), searched.genome)) {
    if (noise_of(chip) >= noise_of(quietest.genome)) continue;
    const space::Design design = test::tiny_space()->decode(chip).value();
    EXPECT_GT(simulator->cost(design.network, design.hardware).value().edp_ms_mj(), edp);
    ++outside;
  }
  EXPECT_GT(outside, 0u) << "this run cannot show it";
}

TEST(FinalTargets, DesignsBesideATargetsReachFromEndToEndOfTheFront) {
  RunConfig config = test::tiny_config();
  config.final_training.targets = {{{"area_mm2 <= 100000"}, 1}};
  config.final_training.chips = "quietest";
  config.final_training.designs = 2;
  config.search.initial_designs = 60;
  config.supernet.steps = 30;
  const RunResult result = run_unbroken(config);
  std::vector<space::Evaluation> evaluations;
  for (const auto& stored : result.evaluations) evaluations.push_back(stored.evaluation);
  std::vector<double> accuracies;  // of the front
  for (const std::size_t i : search::pareto_front(evaluations, make_objective(config.objective))) {
    ASSERT_NE(evaluations[i].genome, result.finals.at(0).genome) << "this run cannot show it";
    accuracies.push_back(evaluations[i].metrics[Metric::kAccuracy]);
  }
  const double best = *std::max_element(accuracies.begin(), accuracies.end());
  std::erase_if(accuracies, [&](double accuracy) { return accuracy < 0.75 * best; });
  ASSERT_GE(accuracies.size(), 4U) << "this run cannot show it";
  ASSERT_EQ(result.finals.size(), 3U);
  EXPECT_EQ(result.finals[1].search_accuracy, best);
  EXPECT_EQ(result.finals[2].search_accuracy,
            *std::min_element(accuracies.begin(), accuracies.end()));
}

double capacity_of(const space::Genome& genome) {
  return capacity(test::tiny_space()->decode(genome).value().network);
}

TEST(FinalTargets, TheSearchBeginsWithTheLargestDesignOfATarget) {
  const double area = middle_area(run_unbroken(test::tiny_config()));
  RunConfig config = test::tiny_config();
  config.final_training.targets = {{{fmt::format("area_mm2 <= {}", area)}, 0}};
  const RunResult result = run_unbroken(config);
  const space::Evaluation& first = result.evaluations.front().evaluation;
  EXPECT_LE(first.metrics[Metric::kArea], area);
  std::size_t smaller = 0;
  for (const store::StoredEvaluation& stored : result.evaluations) {
    if (stored.evaluation.metrics[Metric::kArea] > area) continue;
    EXPECT_LE(capacity_of(stored.evaluation.genome), capacity_of(first.genome));
    smaller += capacity_of(stored.evaluation.genome) < capacity_of(first.genome) ? 1 : 0;
  }
  EXPECT_GT(smaller, 0u) << "this run cannot show it";
}

TEST(FinalTargets, OfDesignsOfEqualAccuracyTheLargestIsTrained) {
  RunConfig config = test::tiny_config();
  config.final_training.targets = {{{"area_mm2 <= 1000"}, 0}};
  config.final_training.designs = 0;
  config.final_training.accuracy_margin = 100;  // all count as equal
  const RunResult result = run_unbroken(config);
  ASSERT_EQ(result.finals.size(), 1u);
  double largest = 0;
  for (const store::StoredEvaluation& stored : result.evaluations) {
    largest = std::max(largest, capacity_of(stored.evaluation.genome));
  }
  EXPECT_EQ(capacity_of(result.finals[0].genome), largest);
  config.final_training.accuracy_margin = 0;
  EXPECT_EQ(run_unbroken(config).finals.at(0).search_accuracy, best_within(result, 1000));
}

TEST(FinalTargets, SaysWhichTargetNoDesignReaches) {
  class Notes final : public base::Progress {
   public:
    void update(const base::ProgressUpdate&) override {}
    void note(const std::string& line) override { lines.push_back(line); }
    std::vector<std::string> lines;
  } notes;
  RunConfig config = test::tiny_config();
  config.final_training.targets = {{{"area_mm2 <= 0.001", "edp_ms_mj <= 1"}, 0}};
  config.final_training.designs = 0;
  const test::TemporaryFolder folder("gibbon-target");
  const auto store = store::make_memory_store();
  test::run_tiny(config, *store, folder, notes);
  EXPECT_THAT(notes.lines,
              testing::Contains("no evaluated design is within the target area_mm2 <= 0.001, "
                                "edp_ms_mj <= 1"));
  EXPECT_TRUE(result_of(*store).finals.empty());
}

TEST(FinalTargets, OfATargetsCandidatesTheBestInItsTrialIsTrained) {
  for (const char* chips : {"searched", "quietest"}) {
    RunConfig config = test::tiny_config();
    config.final_training.targets = {{{"area_mm2 <= 1000"}, 0}};
    config.final_training.candidates = 3;
    config.final_training.chips = chips;
    config.final_training.designs = 0;
    const test::TemporaryFolder folder("gibbon-trials");
    const auto store = store::make_memory_store();
    base::SilentProgress progress;
    test::run_tiny(config, *store, folder, progress);
    double best = -1.0;
    for (const std::string& name : store->names("trial/")) {
      best = std::max(best, store->get(name)->get<double>());
    }
    EXPECT_EQ(store->names("trial/").size(), 3u) << chips;
    const RunResult result = result_of(*store);
    ASSERT_EQ(result.finals.size(), 1u) << chips;
    const auto trial = store->get("trial/" + space::to_text(result.finals[0].genome));
    ASSERT_TRUE(trial.has_value()) << chips << ": trained on another chip than tried";
    EXPECT_EQ(trial->get<double>(), best) << chips;
  }
}

}  // namespace
}  // namespace gibbon::explore
