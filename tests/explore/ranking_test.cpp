#include "gibbon/explore/ranking.hpp"

#include <gtest/gtest.h>

#include <set>

#include "error_of.hpp"
#include "explore/tiny_run.hpp"
#include "gibbon/explore/ranked_designs.hpp"
#include "gibbon/store/run_store.hpp"

namespace gibbon::explore {
namespace {

class RankingTest : public ::testing::Test {
 protected:
  RankingTest() : folder_("gibbon-ranking-test"), store_(store::make_memory_store()) {}

  void make_run() { explore(config_, *space_, dataset_, *store_, folder_.run_paths(), progress_); }
  Ranking ranking() const {
    return {config_, *space_, dataset_, *store_, folder_.run_paths().checkpoints};
  }

  space::Genome genome() const { return random_designs(*space_, 1, 1).front(); }

  test::TemporaryFolder folder_;
  const RunConfig config_ = test::tiny_config();
  const std::unique_ptr<space::SearchSpace> space_ = test::tiny_space();
  const data::Dataset dataset_ = test::tiny_dataset();
  const std::unique_ptr<store::RunStore> store_;
  base::SilentProgress progress_;
};

TEST_F(RankingTest, MeasuresADesignBothWays) {
  make_run();
  const Ranking ranked = ranking();
  const double one_shot = ranked.one_shot(genome(), 1);
  const auto alone = ranked.alone(genome(), 20, 0, 1, progress_);
  ASSERT_TRUE(alone.has_value());
  // Three classes that differ in brightness: an easy task for a training of its own, of which the
  // run's shared weights saw 12 steps.
  EXPECT_GE(*alone, 90);
  EXPECT_GE(one_shot, 0);
  EXPECT_LT(one_shot, *alone);
  EXPECT_EQ(ranked.one_shot(genome(), 1), one_shot);
  EXPECT_EQ(ranked.alone(genome(), 20, 0, 1, progress_), alone);
}

TEST_F(RankingTest, TrainingsOfADesignBeginWithDifferentWeights) {
  make_run();
  const Ranking ranked = ranking();
  std::set<double> accuracies;
  for (int training = 0; training < 4; ++training) {
    accuracies.insert(ranked.alone(genome(), 1, training, 1, progress_).value());
  }
  EXPECT_GT(accuracies.size(), 1u);
}

TEST_F(RankingTest, JudgesByTheTestImages) {
  make_run();
  data::Dataset mislabelled = dataset_;
  for (std::int32_t& label : mislabelled.test.labels) label = (label + 1) % 3;
  const Ranking ranked(config_, *space_, mislabelled, *store_, folder_.run_paths().checkpoints);
  const auto alone = ranked.alone(genome(), 20, 0, 1, progress_);
  ASSERT_TRUE(alone.has_value());
  EXPECT_LE(*alone, 10);  // right on the training images' labels, so wrong on these
}

TEST_F(RankingTest, SaysNothingOfADesignWhoseTrainingWasStopped) {
  make_run();
  test::StopAt at_once(1);
  EXPECT_FALSE(ranking().alone(genome(), 20, 0, 1, at_once));
}

TEST_F(RankingTest, NeedsATrainedSupernet) {
  EXPECT_EQ(test::error_of([&] { ranking(); }), "the run has no trained supernet yet");
}

}  // namespace
}  // namespace gibbon::explore
