#include <gtest/gtest.h>

#include <optional>

#include "error_of.hpp"
#include "gibbon/train/trainer.hpp"
#include "train/test_networks.hpp"

namespace gibbon::train {
namespace {

using gibbon::test::error_of;
using testing::block_network;
using testing::final_options;
using testing::kInput;
using testing::mixed_network;
using testing::square_images;

data::ImageSet labelled_squares() {
  return square_images(64, 1, 12, 4, 1);
}

/// The same images, of which every second one has a wrong label.
data::ImageSet half_wrongly_labelled() {
  data::ImageSet images = labelled_squares();
  for (std::size_t i = 0; i < images.labels.size(); i += 2) {
    images.labels[i] = (images.labels[i] + 1) % 4;
  }
  return images;
}

const nn::TrainedNetwork& teacher() {
  static const nn::TrainedNetwork trained = [] {
    base::SilentProgress progress;
    return train_network(mixed_network(), labelled_squares(), std::nullopt, final_options(30),
                         progress);
  }();
  return trained;
}

nn::TrainedNetwork student_of(const data::ImageSet& images, std::optional<double> weight,
                              double epochs) {
  FinalTrainOptions options = final_options(epochs);
  if (weight) options.distillation = Distillation{.teacher = teacher(), .weight = *weight};
  base::SilentProgress progress;
  return train_network(mixed_network(), images, std::nullopt, options, progress);
}

TEST(Distillation, AStudentOfWeightOneHearsItsTeacherAlone) {
  const nn::TrainedNetwork right = student_of(labelled_squares(), 1.0, 2);
  const nn::TrainedNetwork wrong = student_of(half_wrongly_labelled(), 1.0, 2);
  for (std::size_t i = 0; i < right.states.size(); ++i) {
    EXPECT_EQ(right.states[i].weight, wrong.states[i].weight) << "layer " << i;
  }
}

TEST(Distillation, WeightZeroIsPlainTraining) {
  EXPECT_EQ(student_of(labelled_squares(), 0.0, 2).states[0].weight,
            student_of(labelled_squares(), std::nullopt, 2).states[0].weight);
  EXPECT_NE(student_of(labelled_squares(), 0.5, 2).states[0].weight,
            student_of(labelled_squares(), std::nullopt, 2).states[0].weight);
}

TEST(Distillation, ATeacherOutweighsWrongLabels) {
  const data::ImageSet wrong = half_wrongly_labelled();
  ASSERT_EQ(quantized_accuracy(teacher(), labelled_squares(), 1), 100.0);
  EXPECT_GE(quantized_accuracy(student_of(wrong, 0.9, 30), labelled_squares(), 1), 95.0);
  EXPECT_LE(quantized_accuracy(student_of(wrong, std::nullopt, 30), labelled_squares(), 1), 70.0);
}

TEST(Distillation, RefusesWhatDoesNotFit) {
  const data::ImageSet images = labelled_squares();
  const auto message = [&](const nn::Network& student, const Distillation& distillation) {
    FinalTrainOptions options = final_options(1);
    options.distillation = distillation;
    return error_of([&] {
      base::SilentProgress progress;
      train_network(student, images, std::nullopt, options, progress);
    });
  };
  EXPECT_EQ(message(mixed_network(), {teacher(), 1.01, 2}),
            "training option distillation.weight is 1.01, allowed is [0, 1]");
  EXPECT_EQ(message(mixed_network(), {teacher(), -0.01, 2}),
            "training option distillation.weight is -0.01, allowed is [0, 1]");
  EXPECT_EQ(message(mixed_network(), {teacher(), 0.5, 0}),
            "training option distillation.temperature is 0, allowed is > 0");

  const std::string four = mixed_network().description().name;
  const nn::Network five_classes = block_network(kInput, 8, {{8, 3, 1, 9}}, {}, 5);
  EXPECT_EQ(message(five_classes, {teacher(), 0.5, 2}),
            "teacher '" + four + "' knows 4 classes, network '" + five_classes.description().name +
                "' has 5");

  base::SilentProgress progress;
  const nn::Network small = block_network({1, 8, 8}, 8, {{8, 3, 1, 9}}, {}, 4);
  const nn::TrainedNetwork of_small_images = train_network(
      small, square_images(64, 1, 8, 4, 1), std::nullopt, final_options(0.5), progress);
  EXPECT_EQ(message(mixed_network(), {of_small_images, 0.5, 2}),
            "teacher: images are 1x12x12, network '" + small.description().name + "' takes 1x8x8");
}

}  // namespace
}  // namespace gibbon::train
