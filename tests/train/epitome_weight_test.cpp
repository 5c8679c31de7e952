#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "error_of.hpp"
#include "gibbon/base/rng.hpp"
#include "gibbon/sim/accuracy_simulator.hpp"
#include "gibbon/train/trainer.hpp"
#include "gibbon/train/trainers/dense_weight.hpp"
#include "gibbon/train/trainers/epitome_weight.hpp"
#include "train/test_networks.hpp"

namespace gibbon::train {
namespace {

using testing::square_images;

/// One scale, from the largest magnitude, no part of EPIM's quantisation.
EpitomeScales plain_scales() {
  EpitomeScales scales;
  scales.clips = false;
  return scales;
}

nn::Conv conv_with(int in, int out, int kernel, nn::ConvEpitome epitome, int bits = 9) {
  nn::Conv conv{in, out, kernel, 1, kernel / 2};
  if (kernel == 2) {
    conv.padding = 0;
    conv.padding_mode = nn::PaddingMode::kSymmetric;
  }
  conv.weight_bits = bits;
  conv.epitome = epitome;
  return conv;
}

/// Overlapping, wrapped, windows larger than the kernel, symmetric 2x2, 1x1.
std::vector<nn::Conv> convolutions() {
  using nn::OutputBlocks;
  return {conv_with(5, 7, 3, {{3, 2, 3, 3}, OutputBlocks::kSpread}),
          conv_with(6, 8, 3, {{4, 3, 3, 3}, OutputBlocks::kWrapped}),
          conv_with(4, 6, 3, {{3, 4, 4, 5}, OutputBlocks::kSpread}),
          conv_with(6, 6, 2, {{3, 5, 2, 2}, OutputBlocks::kSpread}),
          conv_with(8, 4, 1, {{2, 4, 1, 1}, OutputBlocks::kWrapped})};
}

std::vector<float> random_values(long size, std::uint64_t seed) {
  base::Rng rng(seed);
  std::vector<float> values(static_cast<std::size_t>(size));
  for (float& value : values) value = static_cast<float>(rng.uniform() - 0.5);
  return values;
}

at::Tensor weight_tensor(const nn::Conv& conv, const std::vector<float>& values) {
  const at::Tensor flat = at::tensor(values);
  return flat.reshape({conv.out_channels, conv.in_channels, conv.kernel, conv.kernel});
}

/// Whole sixteenths: sums and means of them are exact in single precision.
std::vector<float> sixteenths(long size, std::uint64_t seed) {
  std::vector<float> values = random_values(size, seed);
  for (float& value : values) value = std::round(value * 16) / 16;
  return values;
}

/// The trained tensor of an epitome: the nearest one to what the epitome gives.
at::Tensor trained_tensor(const EpitomeWeight& weight, const nn::EpitomePlan& plan,
                          const std::vector<float>& epitome) {
  return weight.nearest(nn::reconstruct<float>(plan, epitome));
}

TEST(EpitomeWeight, TheKernelIsTheReconstruction) {
  for (const nn::Conv& conv : convolutions()) {
    const nn::EpitomePlan plan = nn::epitome_plan(conv);
    const EpitomeWeight weight(conv, plain_scales(), "cpu");
    const auto epitome = sixteenths(plan.epitome().elements(), 1);
    const at::Tensor trained = trained_tensor(weight, plan, epitome);
    EXPECT_EQ(trained.sizes().vec(), trained_sizes(conv));
    const at::Tensor kernel = weight.kernel(trained, false);
    const auto expected = weight_tensor(conv, nn::reconstruct<float>(plan, epitome));
    EXPECT_TRUE(at::equal(kernel, to_dense(conv, expected))) << conv.kernel;
    EXPECT_TRUE(kernel.is_contiguous(at::MemoryFormat::ChannelsLast));
  }
}

/// Loss = sum of c W: its gradient by the epitome is nn's scatter-add of c.
TEST(EpitomeWeight, TheGradientIsTheScatterAddOfTheWeights) {
  for (const nn::Conv& conv : convolutions()) {
    const nn::EpitomePlan plan = nn::epitome_plan(conv);
    const EpitomeWeight weight(conv, plain_scales(), "cpu");
    const auto c = sixteenths(plan.weight().elements(), 3);
    const at::Tensor factors = to_dense(conv, weight_tensor(conv, c));
    for (const bool quantized : {false, true}) {
      at::Tensor trained =
          trained_tensor(weight, plan, sixteenths(plan.epitome().elements(), 2)).clone();
      trained.set_requires_grad(true);
      (weight.kernel(trained, quantized) * factors).sum().backward();
      const auto gradient = nn::epitome_gradient<float>(plan, c);
      // The trained tensor of the gradient: each use of an element gives the element.
      EXPECT_TRUE(at::equal(trained.grad(), trained_tensor(weight, plan, gradient)));
    }
  }
}

/// Loss = sum of c W^2 / 2 is quadratic: central differences are exact but for rounding.
TEST(EpitomeWeight, TheGradientIsThatOfFiniteDifferences) {
  constexpr double kStep = 1.0 / 16;
  for (const nn::Conv& conv : convolutions()) {
    const nn::EpitomePlan plan = nn::epitome_plan(conv);
    const EpitomeWeight weight(conv, plain_scales(), "cpu");
    const at::Tensor factors =
        to_dense(conv, weight_tensor(conv, sixteenths(plan.weight().elements(), 3)));
    const auto loss = [&](const at::Tensor& trained) {
      return (weight.kernel(trained, false).square() * factors).sum() / 2;
    };
    at::Tensor trained =
        trained_tensor(weight, plan, sixteenths(plan.epitome().elements(), 2)).clone();
    trained.set_requires_grad(true);
    loss(trained).backward();
    const at::Tensor gradient = trained.grad().contiguous();
    const at::Tensor moved = trained.detach().clone().contiguous();
    for (const std::int64_t e : {std::int64_t{0}, moved.numel() / 2, moved.numel() - 1}) {
      at::Tensor element = moved.view({-1})[e];
      element.add_(kStep);
      const double above = loss(moved).item<double>();
      element.sub_(2 * kStep);
      const double below = loss(moved).item<double>();
      element.add_(kStep);
      EXPECT_NEAR(gradient.flatten()[e].item<double>(), (above - below) / (2 * kStep), 1e-4);
    }
  }
}

TEST(EpitomeWeight, ItIsQuantisedByTheRulesOfEpitomes) {
  const nn::Conv conv = conv_with(6, 8, 3, {{4, 4, 3, 3}, nn::OutputBlocks::kSpread}, 3);
  const nn::EpitomePlan plan = nn::epitome_plan(conv);
  const auto epitome = random_values(plan.epitome().elements(), 4);
  EpitomeScales scales = plain_scales();
  scales.per_crossbar = true;
  scales.crossbar_rows = 20;    // 2 channels
  scales.crossbar_columns = 4;  // 2 filters of 2 slices
  scales.overlap_weight = 0.75;
  const EpitomeWeight weight(conv, scales, "cpu");
  const nn::EpitomeQuantization how{3, nn::CrossbarTiling{20, 4, 2}, 0.75};
  const nn::QuantizedEpitome expected = nn::quantize_epitome(plan, epitome, how);
  ASSERT_EQ(expected.scales.size(), 4u);
  const at::Tensor trained = trained_tensor(weight, plan, epitome);
  EXPECT_TRUE(at::equal(weight.kernel(trained, true),
                        weight_tensor(conv, nn::reconstruct<float>(plan, expected.values))));

  nn::LayerState state;
  weight.describe(trained, state);
  ASSERT_EQ(state.pair_scales.size(), 48u);
  // Output 0 reads filter 0, input 5 the last of 4 channels: row block 1 of column block 0.
  EXPECT_EQ(state.pair_scales[5], static_cast<float>(expected.scales[2]));
  const auto grid = nn::reconstruct<float>(plan, expected.values);
  for (std::size_t i = 0; i < grid.size(); ++i) {
    EXPECT_NEAR(state.weight[i], grid[i], 0.51 * state.pair_scales[i / 9]);
  }
}

/// Stem and two blocks' worth of convolutions, the second and third with epitomes.
nn::Network epitome_network(bool with_epitomes, int bits = 9) {
  nn::NetworkDescription d;
  d.name = "epitomes";
  d.input = {1, 12, 12};
  d.num_classes = 4;
  nn::Conv second = conv_with(8, 16, 3, {{8, 4, 3, 3}, nn::OutputBlocks::kWrapped}, bits);
  nn::Conv third = conv_with(16, 16, 2, {{8, 12, 2, 2}, nn::OutputBlocks::kSpread}, bits);
  if (!with_epitomes) second.epitome = third.epitome = std::nullopt;
  d.layers = {{"a", nn::Conv{1, 8, 3, 2, 1}, {nn::kNetworkInput}},
              {"na", nn::BatchNorm{8, {}}, {0}},
              {"ta", nn::HardTanh{9, 1.0}, {1}},
              {"b", second, {2}},
              {"nb", nn::BatchNorm{16, {}}, {3}},
              {"tb", nn::HardTanh{9, 1.0}, {4}},
              {"c", third, {5}},
              {"nc", nn::BatchNorm{16, {}}, {6}},
              {"tc", nn::HardTanh{9, 1.0}, {7}},
              {"flat", nn::Flatten{}, {8}},
              {"fc", nn::Linear{16 * 36, 4}, {9}}};
  return nn::Network(d);
}

FinalTrainOptions final_training(double epochs) {
  FinalTrainOptions how;
  how.base.batch_size = 32;
  how.epochs = epochs;
  return how;
}

nn::TrainedNetwork trained_network(const nn::Network& network, const FinalTrainOptions& how,
                                   const std::optional<nn::TrainedNetwork>& start = {}) {
  base::SilentProgress progress;
  return train_network(network, square_images(128, 1, 12, 4, 1), start, how, progress);
}

double simulated_accuracy(const nn::TrainedNetwork& trained, const data::ImageSet& images) {
  sim::AccuracyOptions ideal;
  ideal.mode = sim::AdcMode::kIdeal;
  const auto simulator = sim::make_accuracy_simulator(trained, {}, ideal);
  return sim::measure_accuracy(*simulator, images, images.count()).top1_percent();
}

/// Another 200 images. The simulation without converters has the same integers; only the order of
/// float operations differs, which may move an image at a tie.
TEST(EpitomeTraining, LearnsAndSimulatesAsItWasTrained) {
  const data::ImageSet unseen = square_images(200, 1, 12, 4, 2);
  for (const int bits : {9, 3}) {
    const auto trained = trained_network(epitome_network(true, bits), final_training(15));
    const double accuracy = quantized_accuracy(trained, unseen, 1);
    EXPECT_GE(accuracy, 90.0) << bits;
    EXPECT_TRUE(trained.states[3].pair_scales.empty());
    EXPECT_NEAR(simulated_accuracy(trained, unseen), accuracy, 1.0);
    // Wrapped: filter 8 is filter 0.
    const std::vector<float>& weight = trained.states[3].weight;
    EXPECT_TRUE(std::equal(weight.begin(), weight.begin() + 72, weight.begin() + 8 * 72));
  }
}

TEST(EpitomeTraining, ScalesOfCrossbarsTrainButAreNotSimulated) {
  FinalTrainOptions how = final_training(15);
  how.base.epitome_scales = {true, 40, 16, 0.75, false};
  const auto trained = trained_network(epitome_network(true, 5), how);
  const data::ImageSet unseen = square_images(200, 1, 12, 4, 2);
  EXPECT_GE(quantized_accuracy(trained, unseen, 1), 90.0);
  EXPECT_FALSE(trained.states[3].pair_scales.empty());
  EXPECT_THAT(
      test::error_of([&] { simulated_accuracy(trained, unseen); }),
      ::testing::HasSubstr("layer 'b': the crossbars of its epitome have scales of their own"));
}

/// A small step changes little, so what it starts from is what comes out.
TEST(EpitomeTraining, StartsFromItsOwnWeightsAndFromAConvolutions) {
  FinalTrainOptions gentle = final_training(0.25);
  gentle.base.learning_rate = 1e-6;
  const auto epitome = trained_network(epitome_network(true), final_training(4));
  const auto again = trained_network(epitome_network(true), gentle, epitome);
  const auto convolution = trained_network(epitome_network(false), final_training(4));
  const auto folded = trained_network(epitome_network(true), gentle, convolution);
  const auto plan = nn::epitome_plan(std::get<nn::Conv>(epitome.network.layers()[3].parameters));
  const auto nearest = nn::nearest_epitome(plan, convolution.states[3].weight);
  const auto expected = nn::reconstruct<float>(plan, nearest);
  for (std::size_t i = 0; i < expected.size(); i += 7) {
    EXPECT_NEAR(again.states[3].weight[i], epitome.states[3].weight[i], 1e-4);
    EXPECT_NEAR(folded.states[3].weight[i], expected[i], 1e-4);
  }
}

TEST(EpitomeTraining, InSinglePrecisionNothingIsOnAGrid) {
  FinalTrainOptions plain = final_training(15);
  plain.quantization_aware = false;
  const auto trained = trained_network(epitome_network(true), plain);
  EXPECT_GE(float_accuracy(trained, square_images(200, 1, 12, 4, 2), 1), 90.0);
}

/// An epitome of a supernet's path is the front of the shared weight, wrapped over the kernel.
TEST(EpitomeSupernet, AnEpitomeIsASliceOfTheSharedWeight) {
  const nn::Network largest = epitome_network(false);
  nn::NetworkDescription d = largest.description();
  std::get<nn::Conv>(d.layers[3].parameters).epitome = {{8, 4, 3, 3}, nn::OutputBlocks::kWrapped};
  TrainOptions how;
  how.batch_size = 32;
  const auto supernet = make_supernet(largest, how);
  const data::ImageSet images = square_images(128, 1, 12, 4, 1);
  const nn::TrainedNetwork whole = supernet->extract(largest, images, 1);
  const nn::TrainedNetwork slice = supernet->extract(nn::Network(d), images, 1);
  const auto at = [](const nn::TrainedNetwork& trained, int out, int in) {
    return trained.states[3].weight[static_cast<std::size_t>((out * 8 + in) * 9)];
  };
  for (int out = 0; out < 16; ++out) {
    for (int in = 0; in < 8; ++in) {
      EXPECT_EQ(at(slice, out, in), at(whole, out % 8, in % 4)) << out << " " << in;
    }
  }
  base::SilentProgress progress;
  const nn::Network with_epitome(d);
  supernet->train(
      images, [&](std::uint64_t step) { return step % 2 == 0 ? with_epitome : largest; }, 0, 100,
      100, progress);
  const data::ImageSet unseen = square_images(200, 1, 12, 4, 2);
  for (const nn::Network& network : {largest, with_epitome}) {
    EXPECT_GE(supernet->one_shot_accuracy(supernet->extract(network, images, 1), unseen, 1), 80.0);
  }
}

}  // namespace
}  // namespace gibbon::train
