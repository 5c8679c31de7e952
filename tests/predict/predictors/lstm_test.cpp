#include "gibbon/predict/predictors/lstm.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>

#include "gibbon/base/error.hpp"
#include "predict/toy_space.hpp"

namespace gibbon::predict {
namespace {

using space::Metric;
using testing::genomes_of;
using testing::ToySpace;

class LstmPredictorTest : public ::testing::Test {
 protected:
  ~LstmPredictorTest() override { std::filesystem::remove(file_); }
  std::unique_ptr<Predictor> make(PredictorOptions options) {
    return make_lstm_predictor(space_, options);
  }

  ToySpace space_;
  std::filesystem::path file_ = std::filesystem::temp_directory_path() /
                                ("gibbon_lstm_test_" + std::to_string(getpid()) + ".json");
};

TEST_F(LstmPredictorTest, FitGoesOnFromTheCurrentWeights) {
  const std::vector<space::Evaluation> data = space_.evaluations(60, 3);
  const std::unique_ptr<Predictor> predictor = make({.hidden = 16, .epochs = 10});
  const double first = predictor->fit(data).training_loss;
  double last = 0;
  for (int i = 0; i < 5; ++i) last = predictor->fit(data).training_loss;
  EXPECT_LT(last, 0.5 * first);
}

TEST_F(LstmPredictorTest, RenewedStandardisationAloneChangesNoHardwarePrediction) {
  const std::unique_ptr<Predictor> trained = make({.hidden = 16, .epochs = 10});
  trained->fit(space_.evaluations(60, 3));
  trained->save(file_);
  // A rate that moves no weight leaves the standardisation as the only change.
  const std::unique_ptr<Predictor> still =
      make({.hidden = 16, .epochs = 1, .learning_rate = 1e-20});
  still->load(file_);
  std::vector<space::Evaluation> other = space_.evaluations(40, 8);
  for (space::Evaluation& evaluation : other) {
    evaluation.metrics[Metric::kLatency] *= 1000;
  }
  still->fit(other);
  const std::vector<space::Genome> genomes = genomes_of(other);
  const std::vector<Prediction> before = trained->predict(genomes);
  const std::vector<Prediction> after = still->predict(genomes);
  for (std::size_t i = 0; i < genomes.size(); ++i) {
    for (const Metric metric : {Metric::kLatency, Metric::kEnergy, Metric::kArea}) {
      EXPECT_NEAR(after[i].hardware[metric] / before[i].hardware[metric], 1, 1e-4);
    }
  }
}

TEST_F(LstmPredictorTest, DoubtsWhatItCannotLearn) {
  // Losses that no gene decides: beside their mean there is nothing to say.
  std::vector<space::Evaluation> data = space_.evaluations(150, 3);
  base::Rng rng(9);
  for (space::Evaluation& evaluation : data) {
    evaluation.one_shot_accuracy = evaluation.metrics[Metric::kAccuracy] + rng.normal();
  }
  const std::unique_ptr<Predictor> predictor =
      make({.accuracy_target = AccuracyTarget::kDifference});
  predictor->fit(data);
  double squares = 0;
  for (const Prediction& said : predictor->predict(genomes_of(space_.evaluations(50, 4)))) {
    squares += said.accuracy_offset * said.accuracy_offset / 50;
  }
  EXPECT_LT(std::sqrt(squares), 0.35);  // the losses' deviation is 1
}

TEST_F(LstmPredictorTest, SeedsDiffer) {
  const std::vector<space::Evaluation> data = space_.evaluations(30, 3);
  std::vector<double> differences;
  for (const std::uint64_t seed : {1, 2}) {
    const std::unique_ptr<Predictor> predictor = make({.seed = seed, .hidden = 16, .epochs = 2});
    predictor->fit(data);
    differences.push_back(predictor->predict(genomes_of(data))[0].accuracy_share);
  }
  EXPECT_NE(differences[0], differences[1]);
}

TEST_F(LstmPredictorTest, SpreadIsThatOfTheMembers) {
  const std::vector<space::Evaluation> data = space_.evaluations(60, 3);
  const std::unique_ptr<Predictor> one = make({.hidden = 16, .epochs = 5});
  const std::unique_ptr<Predictor> three = make({.hidden = 16, .members = 3, .epochs = 5});
  one->fit(data);
  three->fit(data);
  EXPECT_EQ(one->predict(genomes_of(data))[0].accuracy_spread, 0);
  for (const Prediction& prediction : three->predict(genomes_of(data))) {
    EXPECT_GT(prediction.accuracy_spread, 0);
    EXPECT_LT(prediction.accuracy_spread, 20);
  }
}

TEST_F(LstmPredictorTest, RefusesFilesOfOtherSizes) {
  const std::unique_ptr<Predictor> predictor = make({.hidden = 8, .members = 2, .epochs = 1});
  predictor->fit(space_.evaluations(5, 3));
  predictor->save(file_);
  const auto error_with = [&](PredictorOptions options) -> std::string {
    try {
      make(options)->load(file_);
    } catch (const base::Error& error) {
      return error.what();
    }
    return "no error";
  };
  const std::string start = file_.string() + ": not a usable predictor file: ";
  EXPECT_EQ(error_with({.hidden = 9, .members = 2}), start + "its hidden is 8, not 9");
  EXPECT_EQ(error_with({.hidden = 8, .members = 3}), start + "it has another number of members");
}

TEST_F(LstmPredictorTest, SaysWhenTrainingDiverges) {
  const std::unique_ptr<Predictor> predictor =
      make({.hidden = 8, .epochs = 3, .learning_rate = 1e36});
  try {
    predictor->fit(space_.evaluations(40, 3));
    FAIL() << "no error";
  } catch (const base::Error& error) {
    EXPECT_STREQ(error.what(), "predictor: training diverged with learning_rate 1e+36; lower it");
  }
}

}  // namespace
}  // namespace gibbon::predict
