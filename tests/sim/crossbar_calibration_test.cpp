#include "gibbon/sim/crossbar_calibration.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <utility>

#include "gibbon/base/error.hpp"
#include "gibbon/sim/inference/network_runner.hpp"
#include "sim/layer_maker.hpp"

namespace gibbon::sim {
namespace {

using ::testing::HasSubstr;

constexpr int kImages = 40;

nn::LayerState norm_state(std::size_t features) {
  nn::LayerState state;
  state.gamma.assign(features, 0.5F);
  state.beta.assign(features, 0.1F);
  state.running_mean.assign(features, 0.0F);
  state.running_variance.assign(features, 4.0F);
  return state;
}

/// conv - batch norm - hardtanh - conv - batch norm - flatten.
nn::TrainedNetwork two_convolutions() {
  nn::NetworkDescription d;
  d.name = "two";
  d.input = {2, 6, 6};
  d.num_classes = 3 * 36;
  d.layers = {{"c1", nn::Conv{2, 8, 3, 1, 1}, {nn::kNetworkInput}},
              {"b1", nn::BatchNorm{8, {}}, {0}},
              {"h1", nn::HardTanh{9}, {1}},
              {"c2", nn::Conv{8, 3, 3, 1, 1}, {2}},
              {"b2", nn::BatchNorm{3, {}}, {3}},
              {"flat", nn::Flatten{}, {4}}};
  nn::TrainedNetwork trained{nn::Network(std::move(d)), std::vector<nn::LayerState>(6)};
  base::Rng rng(3);
  trained.states[0] = random_state(8 * 2 * 9, 18, 9, 9, rng);
  trained.states[1] = norm_state(8);
  trained.states[3] = random_state(3 * 8 * 9, 72, 9, 9, rng);
  trained.states[4] = norm_state(3);
  return trained;
}

data::ImageBatch random_batch(int count) {
  data::ImageBatch batch{count, 2, 6, 6, {}, {}};
  base::Rng rng(5);
  for (int i = 0; i < count * 72; ++i) batch.pixels.push_back(static_cast<float>(rng.uniform()));
  batch.labels.assign(static_cast<std::size_t>(count), 0);
  return batch;
}

hw::HardwareConfig coarse_hardware() {
  return accuracy_hardware(64, 1, 1, 4, 2, 64);
}

struct Moments {
  double mean = 0;
  double variance = 0;
};

/// Of one channel of a tensor, biased.
Moments moments_of(const Tensor& tensor, int channel) {
  const std::size_t plane = tensor.plane_size();
  std::vector<double> values;
  for (int image = 0; image < tensor.images; ++image) {
    const auto first = static_cast<std::size_t>(image * tensor.shape.channels + channel) * plane;
    for (std::size_t i = 0; i < plane; ++i) values.push_back(tensor.values[first + i]);
  }
  Moments moments;
  for (const double value : values) moments.mean += value / static_cast<double>(values.size());
  for (const double value : values) {
    const double distance = value - moments.mean;
    moments.variance += distance * distance / static_cast<double>(values.size());
  }
  return moments;
}

/// conv of 1 x 1 with one weight - batch norm - flatten, on images of one channel.
nn::TrainedNetwork one_pixelwise_convolution(int height, int width, float weight) {
  nn::NetworkDescription d;
  d.name = "pixelwise";
  d.input = {1, height, width};
  d.num_classes = height * width;
  d.layers = {{"c", nn::Conv{1, 1, 1}, {nn::kNetworkInput}},
              {"b", nn::BatchNorm{1, {}}, {0}},
              {"f", nn::Flatten{}, {1}}};
  nn::TrainedNetwork trained{nn::Network(std::move(d)), std::vector<nn::LayerState>(3)};
  trained.states[0].weight = {weight};
  trained.states[0].weights = trained.states[0].input = {9, 1.0 / 255};
  trained.states[0].output_range = 1.0;
  trained.states[1] = norm_state(1);
  return trained;
}

TEST(CrossbarCalibration, ANormGetsMeanAndVarianceOfItsInput) {
  const nn::TrainedNetwork trained = one_pixelwise_convolution(1, 2, 1.0F);
  CalibrationOptions options;
  options.accuracy.mode = AdcMode::kIdeal;
  // 51/255 = 0.2 and 153/255 = 0.6 lie on the grid: mean 0.4, variance (0.2^2 + 0.2^2) / 2 = 0.04.
  const data::ImageBatch image{1, 1, 1, 2, {0.2F, 0.6F}, {0}};
  const nn::TrainedNetwork fitted =
      calibrate_to_crossbars(trained, coarse_hardware(), image, options);
  EXPECT_FLOAT_EQ(fitted.states[1].running_mean[0], 0.4F);
  EXPECT_FLOAT_EQ(fitted.states[1].running_variance[0], 0.04F);
  EXPECT_FLOAT_EQ(fitted.states[1].gamma[0], 0.5F);
  EXPECT_EQ(fitted.states[0].output_range, 1.0);  // an ideal converter has no range to fit
}

TEST(CrossbarCalibration, EachNormSeesWhatTheFittedLayersBeforeItGive) {
  const data::ImageBatch images = random_batch(kImages);
  const nn::TrainedNetwork fitted =
      calibrate_to_crossbars(two_convolutions(), coarse_hardware(), images, {});
  Tensor input(kImages, {2, 6, 6});
  input.values = images.pixels;
  int norms = 0;
  NetworkRunner(fitted, coarse_hardware(), {}).run(input, [&](std::size_t layer, const Tensor& t) {
    if (layer != 0 && layer != 3) return;
    const nn::LayerState& norm = fitted.states[layer + 1];
    for (int channel = 0; channel < t.shape.channels; ++channel, ++norms) {
      const Moments moments = moments_of(t, channel);
      const auto index = static_cast<std::size_t>(channel);
      EXPECT_NEAR(norm.running_mean[index], moments.mean, 1e-5) << layer << " " << channel;
      EXPECT_NEAR(norm.running_variance[index], moments.variance, 1e-4) << layer << " " << channel;
    }
  });
  EXPECT_EQ(norms, 8 + 3);
}

/// What each convolution of a network gives, in the network's order.
std::vector<Tensor> convolved(const nn::TrainedNetwork& trained, const data::ImageBatch& images,
                              AdcMode mode) {
  Tensor input(images.count, {2, 6, 6});
  input.values = images.pixels;
  AccuracyOptions options;
  options.mode = mode;
  std::vector<Tensor> outputs;
  NetworkRunner(trained, coarse_hardware(), options)
      .run(input, [&](std::size_t layer, const Tensor& t) {
        if (layer == 0 || layer == 3) outputs.push_back(t);
      });
  return outputs;
}

/// What the network's batch norms give, in its order, each value of a channel after the other.
std::vector<std::vector<double>> normalized(const nn::TrainedNetwork& trained,
                                            const data::ImageBatch& images, AdcMode mode) {
  std::vector<std::vector<double>> channels;
  std::size_t layer = 1;
  for (const Tensor& tensor : convolved(trained, images, mode)) {
    const nn::LayerState& norm = trained.states[layer];
    const std::size_t first = channels.size();
    const auto count = static_cast<std::size_t>(tensor.shape.channels);
    channels.resize(first + count);
    for (std::size_t i = 0; i < tensor.values.size(); ++i) {
      const std::size_t c = i / tensor.plane_size() % count;
      channels[first + c].push_back(norm.gamma[c] * (tensor.values[i] - norm.running_mean[c]) /
                                        std::sqrt(norm.running_variance[c] + norm.epsilon) +
                                    norm.beta[c]);
    }
    layer += 3;
  }
  return channels;
}

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

TEST(CrossbarCalibration, WhatAMatchedNormMissesOfTheIdealIsNeitherShiftNorScale) {
  const data::ImageBatch images = random_batch(3);
  const nn::TrainedNetwork before = two_convolutions();
  CalibrationOptions options;
  options.norms = NormFit::kMatch;
  const auto ideal = normalized(before, images, AdcMode::kIdeal);
  const auto crossbars = normalized(
      calibrate_to_crossbars(before, coarse_hardware(), images, options), images, AdcMode::kScale);
  const auto as_trained = normalized(before, images, AdcMode::kScale);
  ASSERT_EQ(ideal.size(), 8 + 3);
  double missed_matched = 0;
  double missed_as_trained = 0;
  for (std::size_t c = 0; c < ideal.size(); ++c) {
    const double mean = mean_of(crossbars[c]);
    double spread = 0;
    double together = 0;
    for (std::size_t i = 0; i < ideal[c].size(); ++i) {
      const double missed = ideal[c][i] - crossbars[c][i];
      together += missed * (crossbars[c][i] - mean);
      spread += (crossbars[c][i] - mean) * (crossbars[c][i] - mean);
      missed_matched += missed * missed;
      missed_as_trained += (ideal[c][i] - as_trained[c][i]) * (ideal[c][i] - as_trained[c][i]);
    }
    EXPECT_NEAR(mean, mean_of(ideal[c]), 1e-4) << c;
    EXPECT_NEAR(together / spread, 0, 1e-4) << c;  // the slope of a line through what is missed
  }
  EXPECT_LT(missed_matched, missed_as_trained / 2);
}

TEST(CrossbarCalibration, IdealConvertersHaveTheirNormsMatchedAlready) {
  const nn::TrainedNetwork before = two_convolutions();
  CalibrationOptions options;
  options.norms = NormFit::kMatch;
  options.accuracy.mode = AdcMode::kIdeal;
  const nn::TrainedNetwork after =
      calibrate_to_crossbars(before, coarse_hardware(), random_batch(2), options);
  for (const std::size_t norm : {1U, 4U}) {
    EXPECT_EQ(after.states[norm].running_mean, before.states[norm].running_mean);
    EXPECT_EQ(after.states[norm].running_variance, before.states[norm].running_variance);
  }
}

TEST(CrossbarCalibration, AChannelThatCrossbarsLoseGivesItsIdealMean) {
  nn::TrainedNetwork before = two_convolutions();
  before.states[0].output_range *= 1e4;  // far below a code: converters give a constant
  CalibrationOptions options;
  options.norms = NormFit::kMatch;
  options.ranges = false;
  const data::ImageBatch images = random_batch(2);
  const auto ideal = normalized(before, images, AdcMode::kIdeal);
  const nn::TrainedNetwork after =
      calibrate_to_crossbars(before, coarse_hardware(), images, options);
  const auto crossbars = normalized(after, images, AdcMode::kScale);
  for (std::size_t c = 0; c < 8; ++c) {
    EXPECT_EQ(crossbars[c].front(), crossbars[c].back());
    EXPECT_NEAR(crossbars[c].front(), mean_of(ideal[c]), 1e-5) << c;
    EXPECT_EQ(after.states[1].running_variance[c], before.states[1].running_variance[c]);
  }
}

TEST(CrossbarCalibration, ChannelsOfOneValueAreShiftedAlone) {
  const nn::TrainedNetwork trained = one_pixelwise_convolution(7, 7, 0.7F);
  CalibrationOptions options;
  options.norms = NormFit::kMatch;
  // Sums of equal numbers are rounded, and leave one of some hundred such channels a variance.
  for (int count = 1; count <= 9; ++count) {
    for (int value = 1; value < 255; ++value) {
      const data::ImageBatch images{
          count,
          1,
          7,
          7,
          std::vector<float>(static_cast<std::size_t>(count) * 49, static_cast<float>(value) / 255),
          std::vector<std::int32_t>(static_cast<std::size_t>(count))};
      const nn::TrainedNetwork fitted =
          calibrate_to_crossbars(trained, accuracy_hardware(64, 1, 1, 8, 2, 64), images, options);
      ASSERT_EQ(fitted.states[1].running_variance[0], 4.0F) << count << " " << value;
    }
  }
}

TEST(CrossbarCalibration, AChannelThatIsDeadWithoutCrossbarsStaysSo) {
  nn::TrainedNetwork before = two_convolutions();
  std::fill_n(before.states[0].weight.begin(), 2 * 9, 0.0F);  // of the first of eight channels
  CalibrationOptions options;
  options.norms = NormFit::kMatch;
  const nn::TrainedNetwork after =
      calibrate_to_crossbars(before, coarse_hardware(), random_batch(2), options);
  // Weights of 0 give sums of 0, which every converter reads as 0.
  EXPECT_EQ(after.states[1].running_variance[0], before.states[1].running_variance[0]);
  EXPECT_EQ(after.states[1].running_mean[0], before.states[1].running_mean[0]);
}

TEST(CrossbarCalibration, RangesAreToldFromTheFirstImagesWhereThatIsAskedFor) {
  nn::TrainedNetwork wide = two_convolutions();
  wide.states[0].output_range *= 3;
  const auto ranges = [&](int images, int range_images) {
    CalibrationOptions options;
    options.norms = NormFit::kKeep;
    options.range_images = range_images;
    const nn::TrainedNetwork fitted =
        calibrate_to_crossbars(wide, coarse_hardware(), random_batch(images), options);
    return std::pair(fitted.states[0].output_range, fitted.states[3].output_range);
  };
  EXPECT_EQ(ranges(8, 2), ranges(2, 0));  // the batches begin alike
  EXPECT_EQ(ranges(8, 8), ranges(8, 0));
  EXPECT_EQ(ranges(8, 9), ranges(8, 0));
}

TEST(CrossbarCalibration, ARangeThatWastesCodesShrinks) {
  nn::TrainedNetwork wide = two_convolutions();
  wide.states[0].output_range *= 8;  // most sums fall on a few codes of 16
  const nn::TrainedNetwork fitted =
      calibrate_to_crossbars(wide, coarse_hardware(), random_batch(kImages), {});
  EXPECT_LT(fitted.states[0].output_range, wide.states[0].output_range / 2);
  EXPECT_GT(fitted.states[0].output_range, 0);
}

TEST(CrossbarCalibration, LeavesWeightsGridsAndWhatIsSwitchedOffAlone) {
  const nn::TrainedNetwork before = two_convolutions();
  for (const bool norms : {true, false}) {
    CalibrationOptions options;
    options.norms = norms ? NormFit::kSet : NormFit::kKeep;
    options.ranges = !norms;
    const nn::TrainedNetwork after =
        calibrate_to_crossbars(before, coarse_hardware(), random_batch(kImages), options);
    for (const std::size_t layer : {0U, 3U}) {
      EXPECT_EQ(after.states[layer].weight, before.states[layer].weight);
      EXPECT_EQ(after.states[layer].weights.scale, before.states[layer].weights.scale);
      EXPECT_EQ(after.states[layer].input.scale, before.states[layer].input.scale);
    }
    EXPECT_EQ(after.states[0].output_range == before.states[0].output_range &&
                  after.states[3].output_range == before.states[3].output_range,
              norms);
    EXPECT_EQ(after.states[1].running_mean == before.states[1].running_mean, !norms);
  }
}

TEST(CrossbarCalibration, DependsNeitherOnThreadsNorInstructions) {
  std::vector<nn::TrainedNetwork> results;
  for (const int threads : {1, 3}) {
    for (const Isa isa : {Isa::kReference, Isa::kAuto}) {
      CalibrationOptions options;
      options.accuracy.threads = threads;
      options.accuracy.isa = isa;
      results.push_back(
          calibrate_to_crossbars(two_convolutions(), coarse_hardware(), random_batch(4), options));
    }
  }
  for (const nn::TrainedNetwork& result : results) {
    for (std::size_t layer = 0; layer < result.states.size(); ++layer) {
      EXPECT_EQ(result.states[layer].output_range, results[0].states[layer].output_range);
      EXPECT_EQ(result.states[layer].running_mean, results[0].states[layer].running_mean);
      EXPECT_EQ(result.states[layer].running_variance, results[0].states[layer].running_variance);
    }
  }
}

TEST(CrossbarCalibration, RefusesWhatItCannotUse) {
  const auto error_of = [](const data::ImageBatch& images, const CalibrationOptions& options) {
    try {
      calibrate_to_crossbars(two_convolutions(), coarse_hardware(), images, options);
    } catch (const base::Error& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  EXPECT_EQ(error_of(random_batch(0), {}), "calibration: there are no images");
  data::ImageBatch turned = random_batch(1);
  turned.channels = 6;
  turned.height = 2;
  EXPECT_THAT(error_of(turned, {}), HasSubstr("images are 6x2x6, network 'two' takes 2x6x6"));
  CalibrationOptions moving;
  moving.accuracy.mnsim_range_update = true;
  EXPECT_THAT(error_of(random_batch(1), moving), HasSubstr("mnsim_range_update"));
  CalibrationOptions negative;
  negative.range_images = -1;
  EXPECT_EQ(error_of(random_batch(1), negative),
            "calibration: range_images is -1, allowed is >= 0");
}

}  // namespace
}  // namespace gibbon::sim
