#include <fmt/format.h>
#include <gtest/gtest.h>

#include "explore/whole_run.hpp"
#include "gibbon/base/file.hpp"

namespace gibbon::explore {
namespace {

using test::middle_area;
using test::run_unbroken;
using test::trained_models;

TEST(FinalTraining, ATargetsDesignSeesItsOwnImages) {
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

TEST(FinalTraining, FinalDesignsAfterTheFirstLearnFromIt) {
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

TEST(FinalTraining, ATeacherAnswersAsTrainedNotAsFittedToItsCrossbars) {
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
TEST(FinalTraining, ATargetsDesignCanLearnFromItsLabelsAlone) {
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

}  // namespace
}  // namespace gibbon::explore
