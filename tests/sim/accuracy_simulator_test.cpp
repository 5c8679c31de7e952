#include "gibbon/sim/accuracy_simulator.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gibbon/base/error.hpp"
#include "gibbon/base/rng.hpp"
#include "sim/layer_maker.hpp"

namespace gibbon::sim {
namespace {

using ::testing::HasSubstr;

/// conv - batch norm - hardtanh - (grouped 2x2 conv, shortcut) - add - pool - flatten - linear.
nn::TrainedNetwork residual_network() {
  nn::NetworkDescription d;
  d.name = "residual";
  d.input = {2, 6, 6};
  d.num_classes = 5;
  d.layers = {{"c1", nn::Conv{2, 8, 3, 1, 1}, {nn::kNetworkInput}},
              {"b1", nn::BatchNorm{8, {}}, {0}},
              {"h1", nn::HardTanh{9}, {1}},
              {"c2", nn::Conv{8, 12, 2, 1, 0, 2, nn::PaddingMode::kSymmetric}, {2}},
              {"add", nn::Add{10, 9}, {3, 2}},
              {"b2", nn::BatchNorm{10, 9}, {4}},
              {"relu", nn::Relu{}, {5}},
              {"pool", nn::Pool{nn::PoolMode::kAverage, 2, 2, 0, 9}, {6}},
              {"drop", nn::Dropout{}, {7}},
              {"flat", nn::Flatten{}, {8}},
              {"fc", nn::Linear{90, 5}, {9}}};
  nn::TrainedNetwork trained{nn::Network(std::move(d)), std::vector<nn::LayerState>(11)};
  base::Rng rng(3);
  trained.states[0] = random_state(8 * 2 * 9, 18, 9, 9, rng);
  trained.states[3] = random_state(12 * 4 * 4, 16, 7, 9, rng);
  trained.states[10] = random_state(5 * 90, 90, 9, 9, rng);
  for (const std::size_t index : {1, 5}) {
    const std::size_t features = index == 1 ? 8 : 10;
    nn::LayerState& state = trained.states[index];
    for (std::size_t i = 0; i < features; ++i) {
      state.gamma.push_back(1 + static_cast<float>(0.1 * rng.normal()));
      state.beta.push_back(static_cast<float>(0.1 * rng.normal()));
      state.running_mean.push_back(static_cast<float>(0.1 * rng.normal()));
      state.running_variance.push_back(4);
    }
    state.output_range = 3;
  }
  return trained;
}

data::ImageSet random_images(int count) {
  data::ImageSet images{2, 6, 6, {}, {}};
  base::Rng rng(5);
  for (int i = 0; i < count; ++i) {
    for (int p = 0; p < 72; ++p) images.pixels.push_back(static_cast<std::uint8_t>(rng.below(256)));
    images.labels.push_back(static_cast<std::int32_t>(rng.below(5)));
  }
  return images;
}

std::string error_of(const nn::TrainedNetwork& trained, const AccuracyOptions& options = {}) {
  try {
    make_accuracy_simulator(trained, accuracy_hardware(64, 1, 1, 8, 2, 64), options);
  } catch (const base::Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(AccuracySimulator, DependsNeitherOnThreadsNorInstructionsNorOtherImages) {
  const nn::TrainedNetwork trained = residual_network();
  const auto hardware = accuracy_hardware(64, 1, 1, 8, 2, 64);
  const data::ImageSet images = random_images(37);
  for (const AdcMode mode : {AdcMode::kScale, AdcMode::kFix, AdcMode::kIdeal}) {
    AccuracyOptions options;
    options.mode = mode;
    options.isa = Isa::kReference;
    const auto expected = make_accuracy_simulator(trained, hardware, options)
                              ->logits(data::make_batch(images, 0, 37));
    ASSERT_EQ(expected.size(), 37U * 5);
    for (const Isa isa : available_isas()) {
      for (const int threads : {1, 2, 5}) {
        options.isa = isa;
        options.threads = threads;
        const auto simulator = make_accuracy_simulator(trained, hardware, options);
        EXPECT_EQ(simulator->logits(data::make_batch(images, 0, 37)), expected)
            << isa_name(isa) << ", threads " << threads << ", mode " << static_cast<int>(mode);
        const auto part = simulator->logits(data::make_batch(images, 9, 2));
        EXPECT_TRUE(std::equal(part.begin(), part.end(), expected.begin() + 9 * 5));
      }
    }
  }
}

TEST(AccuracySimulator, ManyBitConvertersApproachTheIdeal) {
  const nn::TrainedNetwork trained = residual_network();
  const auto batch = data::make_batch(random_images(20), 0, 20);
  AccuracyOptions options;
  options.mode = AdcMode::kIdeal;
  const auto ideal =
      make_accuracy_simulator(trained, accuracy_hardware(64, 1, 1, 4, 2, 64), options)
          ->logits(batch);
  const auto distance = [&](int bits) {
    options.mode = AdcMode::kScale;
    const auto real =
        make_accuracy_simulator(trained, accuracy_hardware(64, 1, 1, bits, 2, 64), options)
            ->logits(batch);
    double sum = 0;
    for (std::size_t i = 0; i < real.size(); ++i) sum += std::abs(real[i] - ideal[i]);
    return sum / static_cast<double>(real.size());
  };
  const double coarse = distance(4);
  const double fine = distance(12);
  EXPECT_GT(coarse, 10 * fine);
  // One step of the output grid is 3 sqrt(90/3) / 255 = 0.064.
  EXPECT_LT(fine, 0.064);
}

TEST(AccuracySimulator, RangeUpdateMakesImagesDependOnEachOther) {
  const nn::TrainedNetwork trained = residual_network();
  AccuracyOptions options;
  options.mode = AdcMode::kIdeal;
  options.mnsim_range_update = true;
  const auto simulator =
      make_accuracy_simulator(trained, accuracy_hardware(64, 1, 1, 8, 2, 64), options);
  const data::ImageSet images = random_images(8);
  const auto together = simulator->logits(data::make_batch(images, 0, 8));
  std::vector<float> alone;
  for (int image = 0; image < 8; ++image) {
    const auto logits = simulator->logits(data::make_batch(images, image, 1));
    alone.insert(alone.end(), logits.begin(), logits.end());
  }
  EXPECT_NE(alone, together);
}

TEST(AccuracySimulator, DeviceSeedDrawsOneChip) {
  const nn::TrainedNetwork trained = residual_network();
  const auto batch = data::make_batch(random_images(20), 0, 20);
  const auto logits = [&](std::optional<std::uint64_t> seed, int threads, double variation) {
    auto hardware = accuracy_hardware(64, 1, 1, 8, 2, 64);
    hardware.device.variation_percent = variation;
    AccuracyOptions options;
    options.device_seed = seed;
    options.threads = threads;
    return make_accuracy_simulator(trained, hardware, options)->logits(batch);
  };
  EXPECT_EQ(logits(1, 1, 10), logits(1, 3, 10));
  EXPECT_NE(logits(1, 1, 10), logits(2, 1, 10));
  EXPECT_NE(logits(1, 1, 10), logits({}, 1, 10));
}

/// The same network with a bias behind its last layer.
nn::TrainedNetwork biased_network(std::vector<float> bias, std::optional<int> output_bits = {}) {
  nn::TrainedNetwork trained = residual_network();
  nn::NetworkDescription d = trained.network.description();
  d.layers.push_back({"fc_bias", nn::Bias{5, output_bits}, {10}});
  trained.network = nn::Network(std::move(d));
  trained.states.emplace_back().beta = std::move(bias);
  return trained;
}

TEST(AccuracySimulator, ABiasIsAddedToEachImagesOutputs) {
  const data::ImageBatch batch = data::make_batch(random_images(2), 0, 2);
  const auto logits = [&](const nn::TrainedNetwork& trained) {
    return make_accuracy_simulator(trained, accuracy_hardware(64, 1, 1, 8, 2, 64), {})
        ->logits(batch);
  };
  const std::vector<float> bias{0.5F, 0, -1, 2, 0.25F};
  std::vector<float> expected = logits(residual_network());
  for (std::size_t i = 0; i < expected.size(); ++i) expected[i] += bias[i % 5];
  EXPECT_EQ(logits(biased_network(bias)), expected);
}

/// The bias must not change what the shortcut reads.
TEST(AccuracySimulator, ABiasLeavesItsInputToOtherReaders) {
  nn::NetworkDescription d;
  d.name = "skip";
  d.input = {2, 6, 6};
  d.num_classes = 2;
  d.layers = {{"shift", nn::Bias{2, {}}, {nn::kNetworkInput}},
              {"again", nn::Bias{2, {}}, {0}},
              {"sum", nn::Add{2, 9}, {0, 1}},
              {"mean", nn::Pool{nn::PoolMode::kGlobalAverage, 6, 6, 0, 9}, {2}},
              {"flat", nn::Flatten{}, {3}}};
  nn::TrainedNetwork trained{nn::Network(std::move(d)), std::vector<nn::LayerState>(5)};
  trained.states[0].beta = {1, -1};
  trained.states[1].beta = {10, 20};
  data::ImageBatch batch = data::make_batch(random_images(1), 0, 1);
  batch.pixels.assign(batch.pixels.size(), 0.5F);
  // (0.5 + 1) + (0.5 + 1 + 10) = 13 and (0.5 - 1) + (0.5 - 1 + 20) = 19.
  EXPECT_EQ(
      make_accuracy_simulator(trained, accuracy_hardware(64, 1, 1, 8, 2, 64), {})->logits(batch),
      (std::vector<float>{13, 19}));
}

TEST(AccuracySimulator, AnEmptyBatchHasNoLogits) {
  const auto simulator =
      make_accuracy_simulator(residual_network(), accuracy_hardware(64, 1, 1, 8, 2, 64), {});
  EXPECT_TRUE(simulator->logits(data::make_batch(random_images(1), 0, 0)).empty());
}

TEST(AccuracySimulator, RefusesWhatItCannotRun) {
  nn::TrainedNetwork bad = residual_network();
  bad.states.pop_back();
  EXPECT_EQ(error_of(bad), "network 'residual' has 11 layers, but states for 10");
  bad = residual_network();
  bad.states[1].beta.pop_back();
  EXPECT_THAT(error_of(bad), HasSubstr("layer 'b1': gamma, beta, running_mean and"));
  bad = residual_network();
  bad.states[5].output_range = 0;
  EXPECT_EQ(error_of(bad), "layer 'b2': its output range is 0, it must be positive");
  bad = residual_network();
  bad.states[3].output_range = -1;
  EXPECT_THAT(error_of(bad), HasSubstr("layer 'c2': its output range is -1"));
  EXPECT_EQ(error_of(biased_network({1, 2})), "layer 'fc_bias': its bias has 2 values, needs 5");
  EXPECT_EQ(error_of(biased_network({1, 2, 3, 4, 5}, 9)),
            "layer 'fc_bias': its output range is -1, it must be positive");
  if (available_isas().front() != Isa::kAmx) {
    AccuracyOptions amx;
    amx.isa = Isa::kAmx;
    EXPECT_THAT(error_of(residual_network(), amx), HasSubstr("'amx' is not available"));
  }

  nn::NetworkDescription d = residual_network().network.description();
  d.num_classes = 4;
  EXPECT_EQ(error_of({nn::Network(d), residual_network().states}),
            "network 'residual' ends in 5 values, it has 4 classes");

  const auto simulator =
      make_accuracy_simulator(residual_network(), accuracy_hardware(64, 1, 1, 8, 2, 64), {});
  data::ImageBatch batch{1, 2, 6, 5, std::vector<float>(60), {0}};
  try {
    simulator->logits(batch);
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_STREQ(error.what(), "images are 2x6x5, network 'residual' takes 2x6x6");
  }
}

/// Logits that are all equal for even labels, and right for odd ones.
class ScriptedSimulator final : public AccuracySimulator {
 public:
  std::vector<float> logits(const data::ImageBatch& batch) const override {
    largest_batch = std::max(largest_batch, batch.count);
    std::vector<float> result(static_cast<std::size_t>(batch.count) * 3);
    for (std::size_t i = 0; i < batch.labels.size(); ++i) {
      const auto label = static_cast<std::size_t>(batch.labels[i]);
      if (label % 2 == 1) result[i * 3 + label] = 1;
    }
    return result;
  }
  mutable int largest_batch = 0;
};

TEST(MeasureAccuracy, CountsTiesForTheLowestClass) {
  data::ImageSet images{1, 1, 1, {}, {}};
  for (int i = 0; i < 1200; ++i) images.labels.push_back(i % 3);
  images.pixels.resize(1200);
  const ScriptedSimulator simulator;
  // Labels 0 (ties go to class 0) and 1 are right, 2 is not.
  const AccuracyResult all = measure_accuracy(simulator, images, 5000);
  EXPECT_EQ(all.images, 1200);
  EXPECT_EQ(all.correct, 800);
  EXPECT_LE(simulator.largest_batch, 512);
  const AccuracyResult some = measure_accuracy(simulator, images, 4);
  EXPECT_EQ(some.images, 4);
  EXPECT_EQ(some.correct, 3);
  EXPECT_DOUBLE_EQ(some.top1_percent(), 75);
  EXPECT_EQ(measure_accuracy(simulator, images, 0).images, 0);
  EXPECT_EQ(measure_accuracy(simulator, images, -3).top1_percent(), 0);
}

}  // namespace
}  // namespace gibbon::sim
