#include <gtest/gtest.h>

#include <atomic>
#include <limits>

#include "explore/whole_run.hpp"
#include "gibbon/base/file.hpp"

namespace gibbon::explore {
namespace {

using test::expect_same;
using test::result_of;
using test::run_unbroken;
using test::RunResult;
using test::trained_models;

/// How often a run reports.
int updates_of(const RunConfig& config) {
  test::StopAt never(0);
  const test::TemporaryFolder folder("gibbon-count");
  const auto store = store::make_memory_store();
  test::run_tiny(config, *store, folder, never);
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
  const Outcome first = test::run_tiny(config, *store, folder, stopping);
  EXPECT_EQ(first, Outcome::kStopped);
  const auto evaluated_before = store->evaluations();
  base::SilentProgress progress;
  const Outcome second = test::run_tiny(config, *store, folder, progress);
  EXPECT_EQ(second, Outcome::kFinished);
  const RunResult actual = result_of(*store);
  // What was finished before the stop is still there, first, and once.
  ASSERT_GE(actual.evaluations.size(), evaluated_before.size());
  for (std::size_t i = 0; i < evaluated_before.size(); ++i) {
    EXPECT_EQ(actual.evaluations[i].key, evaluated_before[i].key);
  }
  expect_same(expected, actual);
}

TEST(Resume, EndsAsAnUnbrokenRunWhereverItWasStopped) {
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
TEST(Resume, EndsAsAnUnbrokenRunWhereverItAsksWhetherToStop) {
  const RunConfig config = test::tiny_config();
  const RunResult expected = run_unbroken(config);
  StopAtQuestion never(std::numeric_limits<int>::max());
  const test::TemporaryFolder folder("gibbon-count");
  const auto store = store::make_memory_store();
  test::run_tiny(config, *store, folder, never);
  ASSERT_GT(never.asked(), 20);
  for (int question = 1; question < never.asked(); question += 23) {
    SCOPED_TRACE("stopped at question " + std::to_string(question));
    StopAtQuestion stopping(question);
    expect_resumed(config, stopping, expected);
  }
}

// The designs' last reports, of which the threads decide the order.
TEST(Resume, EndsAsAnUnbrokenRunWhereDesignsThatTrainSideBySideWereStopped) {
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
    return test::run_tiny(config, *store, folder, progress);
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

TEST(Resume, ANetworkThatWasTrainedAndNotMeasuredIsNotTrainedAgain) {
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

}  // namespace
}  // namespace gibbon::explore
