#include "gibbon/train/trainer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <vector>

#include "error_of.hpp"
#include "gibbon/base/error.hpp"
#include "gibbon/base/side_by_side.hpp"
#include "gibbon/sim/accuracy_simulator.hpp"
#include "train/test_networks.hpp"

namespace gibbon::train {
namespace {

using testing::final_options;
using testing::kInput;
using testing::mixed_network;
using testing::square_images;

TEST(TrainNetwork, LearnsSixtyFourImages) {
  base::SilentProgress progress;
  const data::ImageSet images = square_images(64, 1, 12, 4, 1);
  const nn::TrainedNetwork trained =
      train_network(mixed_network(), images, std::nullopt, final_options(30), progress);
  EXPECT_EQ(quantized_accuracy(trained, images, 1), 100.0);
}

TEST(TrainNetwork, LearnsWithBfloat16Too) {
  base::SilentProgress progress;
  FinalTrainOptions with_bfloat16 = final_options(30);
  with_bfloat16.base.precision = Precision::kBfloat16;
  const data::ImageSet images = square_images(64, 1, 12, 4, 1);
  const nn::TrainedNetwork trained =
      train_network(mixed_network(), images, std::nullopt, with_bfloat16, progress);
  EXPECT_GE(quantized_accuracy(trained, images, 1), 95.0);
}

TEST(TrainNetwork, LearnsWithMuonAndKeepsTheNormOfWhatItTurns) {
  base::SilentProgress progress;
  const data::ImageSet images = square_images(64, 1, 12, 4, 1);
  const auto train = [&](double muon_rate, double epochs) {
    FinalTrainOptions options = final_options(epochs);
    options.base.muon_rate = muon_rate;
    return train_network(mixed_network(), images, std::nullopt, options, progress);
  };
  const auto norm_of = [](const std::vector<float>& weights) {
    double squares = 0;
    for (const float weight : weights) squares += static_cast<double>(weight) * weight;
    return std::sqrt(squares);
  };
  const nn::TrainedNetwork trained = train(0.1, 30);
  EXPECT_EQ(quantized_accuracy(trained, images, 1), 100.0);
  const nn::TrainedNetwork begun = train(0.1, 1);
  const nn::TrainedNetwork descended = train(0, 30);
  EXPECT_NE(begun.states[0].weight, trained.states[0].weight);
  EXPECT_NEAR(norm_of(begun.states[0].weight), norm_of(trained.states[0].weight), 1e-3);
  EXPECT_GT(std::abs(norm_of(descended.states[0].weight) - norm_of(begun.states[0].weight)), 1e-3);
}

TEST(TrainNetwork, LearnsWithoutHalfOfTheEasyImages) {
  base::SilentProgress progress;
  const data::ImageSet images = square_images(64, 1, 12, 4, 1);
  const auto train = [&](double skip_easy) {
    FinalTrainOptions options = final_options(30);
    options.skip_easy = skip_easy;
    return train_network(mixed_network(), images, std::nullopt, options, progress);
  };
  const nn::TrainedNetwork trained = train(0.5);
  EXPECT_EQ(quantized_accuracy(trained, images, 1), 100.0);
  EXPECT_NE(trained.states[0].weight, train(0).states[0].weight);
  EXPECT_EQ(trained.states[0].weight, train(0.5).states[0].weight);
}

// 30 epochs of one batch each: the mean of the last step alone is that step's weights.
TEST(TrainNetwork, TakesTheMeanOfItsLastWeights) {
  base::SilentProgress progress;
  const data::ImageSet images = square_images(64, 1, 12, 4, 1);
  const auto train = [&](double average_share, double average_rate = 0) {
    FinalTrainOptions options = final_options(30);
    options.base.batch_size = 64;
    options.average_share = average_share;
    options.average_rate = average_rate;
    return train_network(mixed_network(), images, std::nullopt, options, progress);
  };
  const nn::TrainedNetwork last = train(0);
  EXPECT_EQ(train(1.0 / 30).states[0].weight, last.states[0].weight);
  const nn::TrainedNetwork mean = train(0.2);
  EXPECT_NE(mean.states[0].weight, last.states[0].weight);
  EXPECT_GE(quantized_accuracy(mean, images, 1), 95.0);
  EXPECT_NE(train(0.2, 0.5).states[0].weight, mean.states[0].weight);
  EXPECT_EQ(train(0, 0.5).states[0].weight, last.states[0].weight) << "no mean, no rate of it";
}

TEST(TrainNetwork, SameSeedSameWeightsForEachNumberOfThreads) {
  base::SilentProgress progress;
  const data::ImageSet images = square_images(64, 1, 12, 4, 1);
  for (const int threads : {1, 2}) {
    FinalTrainOptions repeated = final_options(2);
    repeated.base.threads = threads;
    repeated.base.augmentation.flip = data::Mirroring::kRandom;
    const auto train = [&] {
      return train_network(mixed_network(), images, std::nullopt, repeated, progress);
    };
    const nn::TrainedNetwork a = train();
    const nn::TrainedNetwork b = train();
    for (std::size_t i = 0; i < a.states.size(); ++i) {
      EXPECT_EQ(a.states[i].weight, b.states[i].weight) << i;
      EXPECT_EQ(a.states[i].running_variance, b.states[i].running_variance) << i;
    }
    repeated.base.seed = 1;
    EXPECT_NE(train().states[0].weight, a.states[0].weight);
  }
}

// 32 channels and kernels of 3x3: Winograd's algorithm in single precision, whose scratchpads and
// threads oneDNN keeps for itself.
TEST(TrainNetwork, SideBySideGivesTheWeightsThatItGivesAlone) {
  const nn::Network network = testing::block_network({1, 12, 12}, 32, {{32, 3}, {32, 3}}, {}, 4);
  const data::ImageSet images = square_images(64, 1, 12, 4, 1);
  for (const Precision precision : {Precision::kFloat32, Precision::kBfloat16}) {
    std::array<std::vector<nn::LayerState>, 3> trained;
    const auto train = [&](std::size_t index) {
      base::SilentProgress progress;
      FinalTrainOptions options = final_options(3);
      options.base.precision = precision;
      trained[index] = train_network(network, images, std::nullopt, options, progress).states;
    };
    train(0);
    const std::vector<base::Task> both = {{[&](int) { train(1); }}, {[&](int) { train(2); }}};
    base::run_side_by_side(both, 2);
    for (std::size_t i = 0; i < trained[0].size(); ++i) {
      EXPECT_EQ(trained[1][i].weight, trained[0][i].weight) << i;
      EXPECT_EQ(trained[2][i].weight, trained[0][i].weight) << i;
    }
  }
}

TEST(TrainNetwork, GoesOnFromGivenWeights) {
  base::SilentProgress progress;
  const data::ImageSet images = square_images(64, 1, 12, 4, 1);
  const nn::TrainedNetwork first =
      train_network(mixed_network(), images, std::nullopt, final_options(30), progress);
  FinalTrainOptions gentle = final_options(0.5);  // one step of two
  gentle.base.learning_rate = 1e-6;
  const nn::TrainedNetwork second = train_network(mixed_network(), images, first, gentle, progress);
  ASSERT_EQ(first.states[0].weight.size(), second.states[0].weight.size());
  EXPECT_NEAR(first.states[0].weight[3], second.states[0].weight[3], 1e-4);
  EXPECT_EQ(quantized_accuracy(second, images, 1), 100.0);
}

TEST(TrainNetwork, TrainsWithoutQuantisationToo) {
  base::SilentProgress progress;
  FinalTrainOptions plain = final_options(30);
  plain.quantization_aware = false;
  const data::ImageSet images = square_images(64, 1, 12, 4, 1);
  const nn::TrainedNetwork trained =
      train_network(mixed_network(), images, std::nullopt, plain, progress);
  EXPECT_GE(quantized_accuracy(trained, images, 1), 90.0);
  EXPECT_GE(float_accuracy(trained, images, 1), 90.0);
}

/// A block of 2-bit weights between layers of 9.
nn::Network ternary_network() {
  return testing::block_network(kInput, 8, {{8, 3, 1, 2}, {16, 3, 1, 9}}, {1}, 4);
}

TEST(TrainNetwork, WeightsOfFewBitsJoinTheirGridAfterTheFloatShare) {
  base::SilentProgress progress;
  const data::ImageSet images = square_images(64, 1, 12, 4, 1);
  const auto stem_weights = [&](const nn::Network& network, double float_share) {
    FinalTrainOptions options = final_options(2);
    options.float_share = float_share;
    return train_network(network, images, std::nullopt, options, progress).states[0].weight;
  };
  const std::vector<float> never_float = stem_weights(ternary_network(), 0);
  EXPECT_NE(stem_weights(ternary_network(), 0.5), never_float);
  EXPECT_NE(stem_weights(ternary_network(), 1), stem_weights(ternary_network(), 0.5));
  // Weights of many bits are quantised from the first step.
  EXPECT_EQ(stem_weights(mixed_network(), 1), stem_weights(mixed_network(), 0));
}

/// The squares lie in the four corners of 12x12 pixels: crops of 10 show enough of each.
TEST(TrainNetwork, LearnsFromSmallCropsFirst) {
  base::SilentProgress progress;
  FinalTrainOptions cropped = final_options(30);
  cropped.base.small_crops = {10, 0.6};
  const data::ImageSet images = square_images(64, 1, 12, 4, 1);
  const nn::TrainedNetwork trained =
      train_network(mixed_network(), images, std::nullopt, cropped, progress);
  EXPECT_GE(quantized_accuracy(trained, images, 1), 95.0);
}

/// With a share of all steps no whole image is ever seen, and a share of 0 is plain training.
TEST(TrainNetwork, SmallCropsChangeOnlyTheirShareOfTheSteps) {
  base::SilentProgress progress;
  const data::ImageSet images = square_images(64, 1, 12, 4, 1);
  const auto first_weights = [&](SmallCrops crops) {
    FinalTrainOptions options = final_options(2);
    options.base.small_crops = crops;
    return train_network(mixed_network(), images, std::nullopt, options, progress).states[0].weight;
  };
  EXPECT_EQ(first_weights({10, 0}), first_weights({}));
  EXPECT_EQ(first_weights({12, 1}), first_weights({}));  // a crop of the whole image
  EXPECT_NE(first_weights({10, 0.5}), first_weights({}));
  EXPECT_NE(first_weights({10, 1}), first_weights({10, 0.5}));
}

/// Two branches of different clamps side by side, read by a strided convolution.
nn::Network joined_network() {
  nn::NetworkDescription d;
  d.name = "joined";
  d.input = kInput;
  d.num_classes = 4;
  d.layers = {{"a", nn::Conv{1, 6, 3, 1, 1}, {nn::kNetworkInput}},
              {"na", nn::BatchNorm{6, {}}, {0}},
              {"ta", nn::HardTanh{9, 1.0}, {1}},
              {"b", nn::Conv{1, 4, 1, 1, 0}, {nn::kNetworkInput}},
              {"nb", nn::BatchNorm{4, {}}, {3}},
              {"tb", nn::HardTanh{5, 4.0}, {4}},
              {"both", nn::Concat{}, {2, 5, nn::kNetworkInput}},
              {"c", nn::Conv{11, 8, 3, 2, 1}, {6}},
              {"nc", nn::BatchNorm{8, {}}, {7}},
              {"tc", nn::HardTanh{9, 1.0}, {8}},
              {"flat", nn::Flatten{}, {9}},
              {"fc", nn::Linear{8 * 36, 4}, {10}}};
  return nn::Network(d);
}

/// The simulation without converters has the same integers; only the order of float operations
/// differs, which may move an image at a tie.
TEST(TrainNetwork, AConcatGivesWhatTheSimulationGives) {
  base::SilentProgress progress;
  const data::ImageSet images = square_images(128, 1, 12, 4, 1);
  const data::ImageSet unseen = square_images(200, 1, 12, 4, 2);
  const nn::TrainedNetwork trained =
      train_network(joined_network(), images, std::nullopt, final_options(15), progress);
  const nn::LayerState& reader = trained.states[7];
  EXPECT_EQ(reader.input.bits, 9);                  // of a and the input; b has 5
  EXPECT_DOUBLE_EQ(reader.input.scale, 4.0 / 255);  // b's range is the widest
  const double accuracy = quantized_accuracy(trained, unseen, 1);
  EXPECT_GE(accuracy, 95.0);
  sim::AccuracyOptions ideal;
  ideal.mode = sim::AdcMode::kIdeal;
  const auto simulator = sim::make_accuracy_simulator(trained, {}, ideal);
  const auto simulated = sim::measure_accuracy(*simulator, unseen, unseen.count());
  EXPECT_NEAR(simulated.top1_percent(), accuracy, 1.0);
}

TEST(TrainNetwork, RefusesBadInput) {
  base::SilentProgress progress;
  const data::ImageSet images = square_images(64, 1, 12, 4, 1);
  const auto message = [&](const data::ImageSet& set, const FinalTrainOptions& given) {
    try {
      train_network(mixed_network(), set, std::nullopt, given, progress);
    } catch (const base::Error& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  EXPECT_THAT(message(images, final_options(0)), ::testing::HasSubstr("epochs is 0"));
  EXPECT_THAT(message(data::ImageSet{1, 12, 12, {}, {}}, final_options(1)),
              ::testing::HasSubstr("there are no images"));
  data::ImageSet mislabelled = images;
  mislabelled.labels[5] = 4;
  EXPECT_THAT(message(mislabelled, final_options(1)),
              ::testing::HasSubstr("label 4 is outside the 4 classes"));
  FinalTrainOptions cropped = final_options(1);
  cropped.base.small_crops = {13, 0.5};
  EXPECT_THAT(message(images, cropped),
              ::testing::HasSubstr("small_crops.size is 13, allowed is 0 to 12"));
  FinalTrainOptions floating = final_options(1);
  floating.float_share = 1.1;
  EXPECT_THAT(message(images, floating),
              ::testing::HasSubstr("float_share is 1.1, allowed is [0, 1]"));
  FinalTrainOptions elsewhere = final_options(1);
  elsewhere.base.device = "tpu9";
  EXPECT_EQ(message(images, elsewhere),
            "device 'tpu9' is not known; allowed are cpu, cuda, cuda:N");
  FinalTrainOptions skipping = final_options(1);
  skipping.skip_easy = 0.91;
  EXPECT_THAT(message(images, skipping),
              ::testing::HasSubstr("skip_easy is 0.91, allowed is [0, 0.9]"));
  FinalTrainOptions averaged = final_options(1);
  averaged.average_share = -0.1;
  EXPECT_THAT(message(images, averaged),
              ::testing::HasSubstr("average_share is -0.1, allowed is [0, 1]"));
  averaged.average_share = 0.1;
  averaged.average_rate = 1.01;
  EXPECT_THAT(message(images, averaged),
              ::testing::HasSubstr("average_rate is 1.01, allowed is [0, 1]"));
  FinalTrainOptions plain = final_options(1);
  plain.plain_share = 1.1;
  EXPECT_THAT(message(images, plain),
              ::testing::HasSubstr("plain_share is 1.1, allowed is [0, 1]"));
  cropped.base.small_crops = {10, 1.5};
  EXPECT_THAT(message(images, cropped),
              ::testing::HasSubstr("small_crops.share is 1.5, allowed is [0, 1]"));
  cropped.base.small_crops = {10, 0.5};
  EXPECT_EQ(gibbon::test::error_of(
                [&] { train_network(joined_network(), images, std::nullopt, cropped, progress); }),
            "small crops need a network that averages all pixels before it classifies; layer "
            "'flat' of 'joined' reads them one by one");
  FinalTrainOptions wild = final_options(20);
  wild.base.learning_rate = 1e30;
  EXPECT_THAT(message(images, wild), ::testing::HasSubstr("lower the learning rate"));
}

TEST(QuantizedAccuracy, RefusesStatesThatDoNotFit) {
  const nn::TrainedNetwork empty{mixed_network(), {}};
  EXPECT_THROW(quantized_accuracy(empty, square_images(8, 1, 12, 4, 1), 1), base::Error);
  nn::TrainedNetwork short_weight{mixed_network(), {}};
  short_weight.states.resize(short_weight.network.layers().size());
  short_weight.states[0].weight.resize(3);
  try {
    quantized_accuracy(short_weight, square_images(8, 1, 12, 4, 1), 1);
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_STREQ(error.what(), "layer 'stem.conv': weight has 3 values, 72 are needed");
  }
}

}  // namespace
}  // namespace gibbon::train
