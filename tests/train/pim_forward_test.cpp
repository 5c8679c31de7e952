#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gibbon/base/error.hpp"
#include "gibbon/data/batch.hpp"
#include "gibbon/train/trainers/graph_runner.hpp"
#include "gibbon/train/trainers/pim_forward.hpp"
#include "gibbon/train/trainers/shared_weights.hpp"
#include "gibbon/train/trainers/trained_path.hpp"
#include "train/test_networks.hpp"

namespace gibbon::train {
namespace {

using testing::final_options;
using testing::kInput;
using testing::mixed_network;
using testing::square_images;

/// Converters of 4 bits, which cost this network accuracy.
hw::HardwareConfig coarse_hardware() {
  hw::HardwareConfig hardware;
  hardware.crossbar.rows = 64;
  hardware.adc.accuracy_bits = 4;
  hardware.pe.dacs_per_subarray = 64;
  return hardware;
}

FinalTrainOptions pim_options(double epochs, double pim_epochs, PimPass pass = PimPass::kExact) {
  FinalTrainOptions with = final_options(epochs);
  with.pim = PimTraining{coarse_hardware(), {}, pim_epochs, pass, 64};
  return with;
}

nn::TrainedNetwork trained_with(const FinalTrainOptions& options) {
  base::SilentProgress progress;
  return train_network(mixed_network(), square_images(128, 1, 12, 4, 1), std::nullopt, options,
                       progress);
}

double simulated_accuracy(const nn::TrainedNetwork& trained) {
  const auto simulator = sim::make_accuracy_simulator(trained, coarse_hardware(), {});
  return sim::measure_accuracy(*simulator, square_images(200, 1, 12, 4, 2), 200).top1_percent();
}

at::Tensor as_tensor(data::ImageBatch& batch) {
  return at::from_blob(batch.pixels.data(),
                       {batch.count, batch.channels, batch.height, batch.width}, at::kFloat)
      .clone();
}

TEST(PimForward, GivesWhatTheSimulationGives) {
  const nn::TrainedNetwork trained = trained_with(final_options(4));
  data::ImageBatch batch = data::make_batch(square_images(30, 1, 12, 4, 3), 0, 30);
  const std::vector<float> expected =
      sim::make_accuracy_simulator(trained, coarse_hardware(), {})->logits(batch);

  Path path = frozen_path(trained, "cpu");
  const PimTraining pim{coarse_hardware(), {}};
  PimForward crossbars(trained.network, pim, {}, 1);
  const at::Tensor logits =
      run_network(path, as_tensor(batch),
                  {Statistics::kFrozen, 0, true, ConvKernels::kLibtorch, &crossbars})
          .contiguous();
  ASSERT_EQ(static_cast<std::size_t>(logits.numel()), expected.size());
  // Batch norms round in another order, which moves a few activations by a level.
  double error = 0.0;
  double size = 0.0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    error += std::abs(logits.data_ptr<float>()[i] - expected[i]);
    size += std::abs(expected[i]);
  }
  EXPECT_LT(error, 0.01 * size);
  const at::Tensor ideal =
      run_network(path, as_tensor(batch), {Statistics::kFrozen, 0, true}).contiguous();
  EXPECT_GT((ideal - logits).abs().sum().item<double>(), 0.05 * size);  // the converters do count
}

/// One convolution: the gradient of its outputs' sum depends on its input alone.
TEST(PimForward, TheGradientIsThatOfTheIdealLayer) {
  nn::NetworkDescription d;
  d.name = "one";
  d.input = {1, 4, 4};
  d.num_classes = 48;
  d.layers = {{"c", nn::Conv{1, 3, 3, 1, 1}, {nn::kNetworkInput}}, {"f", nn::Flatten{}, {0}}};
  const nn::Network network(d);
  const SharedWeights weights(network, TrainOptions{.seed = 1});
  const at::Tensor images = at::arange(32, at::kFloat).reshape({2, 1, 4, 4}) / 32.0;
  PimForward crossbars(network, {coarse_hardware(), {}}, {}, 1);
  std::vector<at::Tensor> gradients;
  std::vector<at::Tensor> outputs;
  for (PimForward* with : {static_cast<PimForward*>(nullptr), &crossbars}) {
    Path path = weights.path(network, true);
    path.layers[0].output_range = 100.0;  // nothing is cut
    const Statistics statistics = Statistics::kFrozen;
    outputs.push_back(
        run_network(path, images, {statistics, 0, true, ConvKernels::kLibtorch, with}));
    outputs.back().sum().backward();
    gradients.push_back(path.trained.at(0).value.grad().clone());
  }
  EXPECT_TRUE(at::equal(gradients[0], gradients[1]));
  EXPECT_GT(gradients[0].abs().sum().item<double>(), 0.0);
  EXPECT_FALSE(at::equal(outputs[0], outputs[1]));
}

// 48 steps on 128 images: what one training comes to depends on the processor's last digits, from
// 25 to 73 % without the crossbars and from 77 to 99 % with them. So four are averaged.
TEST(PimTraining, RecoversWhatCoarseConvertersCost) {
  double plain = 0;
  double calibrated = 0;
  double aware = 0;
  constexpr int kSeeds = 4;
  for (int seed = 0; seed < kSeeds; ++seed) {
    const auto accuracy = [&](FinalTrainOptions options) {
      options.base.seed = static_cast<std::uint64_t>(seed);
      return simulated_accuracy(trained_with(options)) / kSeeds;
    };
    plain += accuracy(final_options(12));
    calibrated += accuracy(pim_options(12, 0));
    aware += accuracy(pim_options(12, 6));
  }
  EXPECT_GE(calibrated, plain + 20);
  EXPECT_GE(aware, plain + 20);
}

TEST(PimTraining, SameSeedSameBits) {
  for (const PimPass pass : {PimPass::kExact, PimPass::kFitted}) {
    FinalTrainOptions repeated = pim_options(2, 1, pass);
    const nn::TrainedNetwork a = trained_with(repeated);
    const nn::TrainedNetwork b = trained_with(repeated);
    for (std::size_t i = 0; i < a.states.size(); ++i) {
      EXPECT_EQ(a.states[i].weight, b.states[i].weight) << i;
      EXPECT_EQ(a.states[i].running_mean, b.states[i].running_mean) << i;
      EXPECT_EQ(a.states[i].output_range, b.states[i].output_range) << i;
    }
    repeated.base.seed = 1;
    EXPECT_NE(trained_with(repeated).states[0].weight, a.states[0].weight);
  }
}

TEST(PimTraining, WithoutEpochsOnlyNormsAndRangesDiffer) {
  const nn::TrainedNetwork plain = trained_with(final_options(1));
  const nn::TrainedNetwork calibrated = trained_with(pim_options(1, 0));
  EXPECT_EQ(plain.states[0].weight, calibrated.states[0].weight);
  EXPECT_NE(plain.states[1].running_mean, calibrated.states[1].running_mean);
}

TEST(PimTraining, RefusesOptionsOutOfRange) {
  const auto error_of = [](const FinalTrainOptions& options) {
    try {
      trained_with(options);
    } catch (const base::Error& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  EXPECT_EQ(error_of(pim_options(2, 2.5)),
            "training option pim.epochs is 2.5, allowed is 0 to epochs (2)");
  EXPECT_EQ(error_of(pim_options(2, -1)),
            "training option pim.epochs is -1, allowed is 0 to epochs (2)");
  FinalTrainOptions no_images = pim_options(2, 1);
  no_images.pim->calibration_images = 0;
  EXPECT_EQ(error_of(no_images), "training option pim.calibration_images is 0, allowed is >= 1");
  FinalTrainOptions plain = pim_options(2, 1);
  plain.quantization_aware = false;
  EXPECT_EQ(error_of(plain),
            "pim-aware training needs quantisation-aware training: crossbars multiply integers");
}

}  // namespace
}  // namespace gibbon::train
