#include "gibbon/explore/explorer.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "explore/tiny_run.hpp"
#include "gibbon/base/error.hpp"
#include "gibbon/base/file.hpp"
#include "gibbon/explore/capacity.hpp"
#include "gibbon/explore/chip_choice.hpp"
#include "gibbon/explore/run_setup.hpp"
#include "gibbon/search/pareto.hpp"
#include "gibbon/sim/converter_noise.hpp"
#include "gibbon/sim/simulator.hpp"
#include "gibbon/store/run_record.hpp"

namespace gibbon::explore {
namespace {

using space::Metric;

std::vector<std::int64_t> up_to(std::int64_t count) {
  std::vector<std::int64_t> steps(static_cast<std::size_t>(count));
  std::iota(steps.begin(), steps.end(), 0);
  return steps;
}

struct RunResult {
  std::vector<store::StoredEvaluation> evaluations;
  std::vector<store::FinalRecord> finals;
};

RunResult result_of(const store::RunStore& store) {
  RunResult result{store.evaluations(), {}};
  for (const std::string& name : store.names("final/")) {
    result.finals.push_back(store::final_from_json(*store.get(name)));
  }
  return result;
}

RunResult run_unbroken(const RunConfig& config) {
  const test::TemporaryFolder folder("gibbon-unbroken");
  const auto store = store::make_memory_store();
  base::SilentProgress progress;
  const Outcome outcome = explore(config, *test::tiny_space(), test::tiny_dataset(), *store,
                                  folder.run_paths(), progress);
  EXPECT_EQ(outcome, Outcome::kFinished);
  return result_of(*store);
}

/// All but times, which are no results.
void expect_same(const RunResult& expected, const RunResult& actual) {
  ASSERT_EQ(expected.evaluations.size(), actual.evaluations.size());
  for (std::size_t i = 0; i < expected.evaluations.size(); ++i) {
    EXPECT_EQ(expected.evaluations[i].key, actual.evaluations[i].key);
    EXPECT_EQ(to_json(expected.evaluations[i].evaluation),
              to_json(actual.evaluations[i].evaluation));
  }
  ASSERT_EQ(expected.finals.size(), actual.finals.size());
  for (std::size_t i = 0; i < expected.finals.size(); ++i) {
    EXPECT_EQ(to_json(expected.finals[i]), to_json(actual.finals[i]));
  }
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
  explore(test::tiny_config(), *test::tiny_space(), test::tiny_dataset(), *store,
          folder.run_paths(), curves);
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

/// How often a run reports.
int updates_of(const RunConfig& config) {
  test::StopAt never(0);
  const test::TemporaryFolder folder("gibbon-count");
  const auto store = store::make_memory_store();
  explore(config, *test::tiny_space(), test::tiny_dataset(), *store, folder.run_paths(), never);
  return never.seen();
}

/// Asks to stop from the n-th time on that it is asked; counts these.
class StopAtQuestion final : public base::Progress {
 public:
  explicit StopAtQuestion(int question) : limit_(question) {}
  void update(const base::ProgressUpdate&) override {}
  void note(const std::string&) override {}
  bool stop_requested() const override { return ++asked_ >= limit_; }
  int asked() const { return asked_; }

 private:
  int limit_;
  mutable std::atomic<int> asked_ = 0;
};

/// The run, stopped by `stopping` and gone on with, is the unbroken one.
void expect_resumed(const RunConfig& config, base::Progress& stopping, const RunResult& expected) {
  const test::TemporaryFolder folder("gibbon-resume");
  const auto store = store::make_memory_store();
  const Outcome first = explore(config, *test::tiny_space(), test::tiny_dataset(), *store,
                                folder.run_paths(), stopping);
  EXPECT_EQ(first, Outcome::kStopped);
  const auto evaluated_before = store->evaluations();
  base::SilentProgress progress;
  const Outcome second = explore(config, *test::tiny_space(), test::tiny_dataset(), *store,
                                 folder.run_paths(), progress);
  EXPECT_EQ(second, Outcome::kFinished);
  const RunResult actual = result_of(*store);
  // What was finished before the stop is still there, first, and once.
  ASSERT_GE(actual.evaluations.size(), evaluated_before.size());
  for (std::size_t i = 0; i < evaluated_before.size(); ++i) {
    EXPECT_EQ(actual.evaluations[i].key, evaluated_before[i].key);
  }
  expect_same(expected, actual);
}

TEST(Explorer, EndsAsAnUnbrokenRunWhereverItWasStopped) {
  RunConfig config = test::tiny_config();
  config.final_training.targets = {{{"area_mm2 <= 1000"}, 0.5}};
  config.final_training.candidates = 2;
  config.final_training.designs = 1;
  const RunResult expected = run_unbroken(config);
  const int updates = updates_of(config);
  ASSERT_GT(updates, 10);
  for (int stop = 1; stop < updates; stop += 3) {
    SCOPED_TRACE("stopped at update " + std::to_string(stop));
    test::StopAt stopping(stop);
    expect_resumed(config, stopping, expected);
  }
}

// Between reports, too: while designs of an iteration are screened by their one-shot accuracies.
TEST(Explorer, EndsAsAnUnbrokenRunWhereverItAsksWhetherToStop) {
  const RunConfig config = test::tiny_config();
  const RunResult expected = run_unbroken(config);
  StopAtQuestion never(std::numeric_limits<int>::max());
  const test::TemporaryFolder folder("gibbon-count");
  const auto store = store::make_memory_store();
  explore(config, *test::tiny_space(), test::tiny_dataset(), *store, folder.run_paths(), never);
  ASSERT_GT(never.asked(), 20);
  for (int question = 1; question < never.asked(); question += 23) {
    SCOPED_TRACE("stopped at question " + std::to_string(question));
    StopAtQuestion stopping(question);
    expect_resumed(config, stopping, expected);
  }
}

// The designs' last reports, of which the threads decide the order.
TEST(Explorer, EndsAsAnUnbrokenRunWhereDesignsThatTrainSideBySideWereStopped) {
  RunConfig config = test::tiny_config();
  config.threads = 2;
  config.final_training.designs = 3;
  const RunResult expected = run_unbroken(config);
  ASSERT_EQ(expected.finals.size(), 3U);
  const int updates = updates_of(config);
  for (const int before_end : {2, 7, 15}) {
    SCOPED_TRACE("stopped at update " + std::to_string(updates - before_end));
    test::StopAt stopping(updates - before_end);
    expect_resumed(config, stopping, expected);
  }
}

TEST(Explorer, SaysWhatComesClosestWhereNoDesignMeetsTheConstraints) {
  RunConfig config = test::tiny_config();
  config.objective.constraints = {"area_mm2 <= 0.001"};
  const test::TemporaryFolder folder("gibbon-infeasible");
  const auto store = store::make_memory_store();
  base::SilentProgress progress;
  try {
    explore(config, *test::tiny_space(), test::tiny_dataset(), *store, folder.run_paths(),
            progress);
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

/// A figure that some designs of the run keep and others do not.
double middle_of(Metric metric, const RunResult& result) {
  std::vector<double> figures;
  for (const store::StoredEvaluation& stored : result.evaluations) {
    figures.push_back(stored.evaluation.metrics[metric]);
  }
  std::sort(figures.begin(), figures.end());
  return figures[figures.size() / 2];
}

double middle_area(const RunResult& result) {
  return middle_of(Metric::kArea, result);
}

TEST(Explorer, ATargetGetsTheMostAccurateDesignWithinItsBounds) {
  const double area = middle_area(run_unbroken(test::tiny_config()));
  RunConfig config = test::tiny_config();
  config.final_training.targets = {{{fmt::format("area_mm2 <= {}", area)}, 0}};
  config.final_training.designs = 0;
  const RunResult result = run_unbroken(config);
  ASSERT_EQ(result.finals.size(), 1u);
  EXPECT_LE(result.finals[0].metrics[Metric::kArea], area);
  EXPECT_EQ(result.finals[0].search_accuracy, best_within(result, area));
}

TEST(Explorer, TheSearchBeginsInTheTargetsCornersToo) {
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

TEST(Explorer, ATargetMayFixGenes) {
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

TEST(Explorer, ATargetsDesignMayGetTheQuietestChipWithinItsBounds) {
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

TEST(Explorer, DesignsBesideATargetsReachFromEndToEndOfTheFront) {
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

TEST(Explorer, TheSearchBeginsWithTheLargestDesignOfATarget) {
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

TEST(Explorer, OfDesignsOfEqualAccuracyTheLargestIsTrained) {
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

/// The files of the run's trained networks.
std::vector<std::string> trained_models(const RunConfig& config) {
  const test::TemporaryFolder folder("gibbon-finals");
  const auto store = store::make_memory_store();
  base::SilentProgress progress;
  explore(config, *test::tiny_space(), test::tiny_dataset(), *store, folder.run_paths(), progress);
  std::vector<std::string> files;
  for (const store::FinalRecord& record : result_of(*store).finals) {
    files.push_back(base::read_file(folder.run_paths().models / (record.id + ".gibbon")));
  }
  return files;
}

/// Asks to stop once a design trains.
class StopInTraining final : public base::Progress {
 public:
  void update(const base::ProgressUpdate& update) override {
    if (update.stage == "training") stop_ = true;
  }
  void note(const std::string&) override {}
  bool stop_requested() const override { return stop_; }

 private:
  std::atomic<bool> stop_ = false;
};

/// The file of the only final design of a run that was stopped in its training, where `kept` and
/// `genome` lie as a network trained and not measured.
std::string model_with_kept(const RunConfig& config, const std::string& kept,
                            const std::string& genome) {
  const test::TemporaryFolder folder("gibbon-kept");
  const auto store = store::make_memory_store();
  const auto go_on = [&](base::Progress& progress) {
    return explore(config, *test::tiny_space(), test::tiny_dataset(), *store, folder.run_paths(),
                   progress);
  };
  StopInTraining stopping;
  EXPECT_EQ(go_on(stopping), Outcome::kStopped);
  const auto file = folder.run_paths().checkpoints / "final-01.gibbon";
  EXPECT_FALSE(std::filesystem::exists(file)) << "unfinished";
  base::write_file_atomically(file, kept);
  store->put({{"trained/01", base::Json(genome)}});
  base::SilentProgress progress;
  EXPECT_EQ(go_on(progress), Outcome::kFinished);
  EXPECT_FALSE(std::filesystem::exists(file)) << "measured";
  return base::read_file(folder.run_paths().models / "01.gibbon");
}

TEST(Explorer, ANetworkThatWasTrainedAndNotMeasuredIsNotTrainedAgain) {
  RunConfig config = test::tiny_config();
  config.final_training.targets = {{{"area_mm2 <= 1000"}, 0}};
  config.final_training.designs = 0;
  config.final_training.calibration_images = 0;  // the model file is the network as trained
  const std::string trained = trained_models(config).at(0);
  const std::string genome = space::to_text(run_unbroken(config).finals.at(0).genome);
  config.final_training.learning_rate = 0.001;
  const std::string otherwise = trained_models(config).at(0);
  ASSERT_NE(trained, otherwise);
  EXPECT_EQ(model_with_kept(config, trained, genome), trained);
  EXPECT_EQ(model_with_kept(config, trained, "another genome's"), otherwise);
}

TEST(Explorer, ATargetsDesignSeesItsOwnImages) {
  const auto models = [](OwnTraining training) {
    RunConfig config = test::tiny_config();
    config.data.crop_padding = 1;
    config.final_training.skip_easy = 0.5;
    config.final_training.targets = {
        {.within = {"area_mm2 <= 1000"}, .epochs = 3, .training = training}};
    config.final_training.designs = 0;
    return trained_models(config);
  };
  const std::vector<std::string> of_run = models({});
  ASSERT_EQ(of_run.size(), 1u);
  EXPECT_EQ(models({.crop_padding = 1, .padding = "zero", .cutout = 0, .skip_easy = 0.5}), of_run);
  EXPECT_NE(models({.crop_padding = 0}), of_run);
  EXPECT_NE(models({.padding = "reflect"}), of_run);
  EXPECT_NE(models({.cutout = 2}), of_run);
  EXPECT_NE(models({.skip_easy = 0}), of_run);
  EXPECT_NE(models({.plain_share = 0.5}), of_run);
  const std::vector<std::string> averaged = models({.average_share = 0.5});
  EXPECT_NE(averaged, of_run);
  EXPECT_NE(models({.average_share = 0.5, .average_rate = 0.9}), averaged);
  EXPECT_EQ(models({.small_crop_share = 0.5}), of_run) << "final.small_crop_size is 0";
}

TEST(Explorer, FinalDesignsAfterTheFirstLearnFromIt) {
  const auto models = [](double teacher_weight) {
    RunConfig config = test::tiny_config();
    config.final_training.teacher_weight = teacher_weight;
    return trained_models(config);
  };
  const std::vector<std::string> alone = models(0);
  const std::vector<std::string> taught = models(0.9);
  ASSERT_EQ(alone.size(), 2u);
  ASSERT_EQ(taught.size(), 2u);
  EXPECT_EQ(taught[0], alone[0]);
  EXPECT_NE(taught[1], alone[1]);
}

/// The weights of the layers that have some, of a model file's content.
std::vector<std::vector<float>> weights_of(const std::string& model) {
  const test::TemporaryFolder folder("gibbon-weights");
  std::filesystem::create_directories(folder.path());
  base::write_file_atomically(folder.path() / "model.gibbon", model);
  std::vector<std::vector<float>> weights;
  for (const auto& state : nn::load_trained_network(folder.path() / "model.gibbon").states) {
    weights.push_back(state.weight);
  }
  return weights;
}

TEST(Explorer, ATeacherAnswersAsTrainedNotAsFittedToItsCrossbars) {
  const auto models = [](int calibration_images) {
    RunConfig config = test::tiny_config();
    config.final_training.targets = {
        {{"area_mm2 <= 100000"}, 3, {{"hardware.adc_bits", 4}, {"hardware.wordline_share", 1}}}};
    config.final_training.designs = 1;
    config.final_training.teacher_weight = 0.9;
    config.final_training.calibration_images = calibration_images;
    return trained_models(config);
  };
  const std::vector<std::string> as_trained = models(0);
  const std::vector<std::string> fitted = models(16);
  ASSERT_EQ(fitted.size(), 2u);
  EXPECT_TRUE(fitted[0] != as_trained[0]) << "the fit helped nobody: this run cannot show it";
  EXPECT_TRUE(weights_of(fitted[1]) == weights_of(as_trained[1]));
}

// No design is within both targets.
TEST(Explorer, ATargetsDesignCanLearnFromItsLabelsAlone) {
  const double area = middle_area(run_unbroken(test::tiny_config()));
  RunConfig config = test::tiny_config();
  config.final_training.targets = {{{fmt::format("area_mm2 <= {}", area)}, 0},
                                   {{fmt::format("area_mm2 >= {}", 1.001 * area)}, 0}};
  config.final_training.designs = 0;

  const auto models = [&](double of_run, std::optional<double> of_target) {
    config.final_training.teacher_weight = of_run;
    config.final_training.targets[1].teacher_weight = of_target;
    return trained_models(config);
  };
  const std::vector<std::string> alone = models(0, std::nullopt);
  ASSERT_EQ(alone.size(), 2u);
  EXPECT_EQ(models(0.9, 0), alone);
  EXPECT_NE(models(0.9, std::nullopt)[1], alone[1]);
  EXPECT_EQ(models(0, 0.9), models(0.9, std::nullopt));
}

TEST(Explorer, SaysWhichTargetNoDesignReaches) {
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
  explore(config, *test::tiny_space(), test::tiny_dataset(), *store, folder.run_paths(), notes);
  EXPECT_THAT(notes.lines,
              testing::Contains("no evaluated design is within the target area_mm2 <= 0.001, "
                                "edp_ms_mj <= 1"));
  EXPECT_TRUE(result_of(*store).finals.empty());
}

TEST(Explorer, OfATargetsCandidatesTheBestInItsTrialIsTrained) {
  for (const char* chips : {"searched", "quietest"}) {
    RunConfig config = test::tiny_config();
    config.final_training.targets = {{{"area_mm2 <= 1000"}, 0}};
    config.final_training.candidates = 3;
    config.final_training.chips = chips;
    config.final_training.designs = 0;
    const test::TemporaryFolder folder("gibbon-trials");
    const auto store = store::make_memory_store();
    base::SilentProgress progress;
    explore(config, *test::tiny_space(), test::tiny_dataset(), *store, folder.run_paths(),
            progress);
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
