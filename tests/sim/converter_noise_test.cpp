#include "gibbon/sim/converter_noise.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <ostream>
#include <vector>

#include "gibbon/sim/crossbar/crossbar_kernel.hpp"
#include "sim/layer_maker.hpp"

namespace gibbon::sim {
namespace {

nn::Network conv_network(nn::Conv conv) {
  return one_layer_network(conv, {conv.in_channels, 8, 8}, 1, {}).network;
}

TEST(ConverterNoise, OfOneConvolutionByHand) {
  // 16 channels by floor(128 / 9) = 14: n = 2. 126 rows through 128 DACs: Q = 8. The point moves by
  // floor(-2 + log2(2) / 2) = -2: t = -2 + 8 - 1 = 5, a step is 2^-5 of the range. 8 digits of one
  // bit for weights and inputs: G = (1 + 1/4 + ... + 4^-7)^2 = ((1 - 4^-8) / 0.75)^2 = 1.777724.
  // n G 4^-t / 12 = 2 * 1.777724 / (1024 * 12) = 2.893431e-4.
  const nn::Network network = conv_network({16, 4, 3, 1, 1});
  const auto noise = [&](const hw::HardwareConfig& hardware) {
    return converter_noise(network, hardware);
  };
  const double whole = noise(accuracy_hardware(128, 1, 1, 8, 2, 128));
  EXPECT_NEAR(whole, 2.893431e-4, 1e-9);
  // A bit of the converter halves the step; so does every halving of the DACs, by serial rows.
  EXPECT_DOUBLE_EQ(noise(accuracy_hardware(128, 1, 1, 9, 2, 128)), whole / 4);
  EXPECT_DOUBLE_EQ(noise(accuracy_hardware(128, 1, 1, 8, 2, 32)), whole / 16);
  // Digits of 4 bits: G = (1 + 1/256)^2 = 1.007828.
  EXPECT_NEAR(noise(accuracy_hardware(128, 4, 4, 8, 2, 128)) / whole, 1.007828 / 1.777724, 1e-6);
  // 8 rows do not hold a kernel of 9 taps.
  EXPECT_EQ(noise(accuracy_hardware(8, 1, 1, 8, 2, 8)), 0);
}

TEST(ConverterNoise, IsTheSumOverTheLayers) {
  const hw::HardwareConfig hardware = accuracy_hardware(128, 1, 1, 8, 2, 128);
  nn::NetworkDescription two;
  two.name = "two";
  two.input = {16, 8, 8};
  two.num_classes = 5;
  two.layers = {{"conv", nn::Conv{16, 4, 3, 1, 1}, {nn::kNetworkInput}},
                {"flatten", nn::Flatten{}, {0}},
                {"linear", nn::Linear{256, 5}, {1}}};
  nn::NetworkDescription last;
  last.name = "last";
  last.input = {256, 1, 1};
  last.num_classes = 5;
  last.layers = {{"linear", nn::Linear{256, 5}, {nn::kNetworkInput}}};
  EXPECT_DOUBLE_EQ(converter_noise(nn::Network(two), hardware),
                   converter_noise(conv_network({16, 4, 3, 1, 1}), hardware) +
                       converter_noise(nn::Network(last), hardware));
  EXPECT_EQ(converter_noise_of_layers(nn::Network(two), hardware),
            (std::vector<double>{converter_noise(conv_network({16, 4, 3, 1, 1}), hardware), 0,
                                 converter_noise(nn::Network(last), hardware)}));
}

TEST(ConverterNoise, OfAFittedNetworkIsLessWhereDigitsAreOfOneBit) {
  const nn::Network network = conv_network({16, 4, 3, 1, 1});
  const auto gain = [&](int dac_bits, int cell_bits) {
    const hw::HardwareConfig hardware = accuracy_hardware(128, dac_bits, cell_bits, 8, 2, 128);
    return fitted_converter_noise_of_layers(network, hardware)[0] /
           converter_noise(network, hardware);
  };
  // A bit takes 2^-0.7 of the deviation, 2^-1.4 = 0.378929 of the variance.
  EXPECT_NEAR(gain(1, 1), 0.143587, 1e-6);
  EXPECT_NEAR(gain(1, 2), 0.378929, 1e-6);
  EXPECT_NEAR(gain(2, 1), 0.378929, 1e-6);
  EXPECT_EQ(gain(2, 2), 1);
  EXPECT_EQ(gain(4, 2), 1);
}

struct NoiseCase {
  const char* name;
  nn::Conv conv;
  int rows;
  int adc_bits;
  int dac_bits;
  int cell_bits;
};

void PrintTo(const NoiseCase& which, std::ostream* out) {
  *out << which.name;
}

class ConverterNoiseCases : public ::testing::TestWithParam<NoiseCase> {};

/// Mean square of what converters change, in units of the output range squared.
double measured_noise(const nn::TrainedNetwork& trained, const hw::HardwareConfig& hardware,
                      base::Rng& rng) {
  const auto run = [&](AdcMode mode, const std::vector<float>& input) {
    CrossbarLayer layer = prepare_crossbar_layer(trained, 0, hardware, mode);
    std::vector<float> output(static_cast<std::size_t>(layer.out_channels * layer.pixels()));
    make_reference_kernel(std::move(layer))->run(input.data(), 1, output.data());
    return output;
  };
  const nn::Shape& shape = trained.network.input();
  const std::vector<float> input = random_inputs(static_cast<std::size_t>(shape.channels) *
                                                     static_cast<std::size_t>(shape.height) *
                                                     static_cast<std::size_t>(shape.width),
                                                 rng);
  const std::vector<float> ideal = run(AdcMode::kIdeal, input);
  const std::vector<float> converted = run(AdcMode::kScale, input);
  double squares = 0;
  for (std::size_t i = 0; i < ideal.size(); ++i) {
    const double off = (converted[i] - ideal[i]) / trained.states[0].output_range;
    squares += off * off;
  }
  return squares / static_cast<double>(ideal.size());
}

TEST_P(ConverterNoiseCases, IsWhatConversionChanges) {
  const NoiseCase& c = GetParam();
  base::Rng rng(11);
  const auto fan_in =
      static_cast<std::size_t>(c.conv.in_channels / c.conv.groups * c.conv.kernel * c.conv.kernel);
  const nn::LayerState state = random_state(fan_in * static_cast<std::size_t>(c.conv.out_channels),
                                            fan_in, c.conv.weight_bits, 9, rng);
  const nn::TrainedNetwork trained =
      one_layer_network(c.conv, {c.conv.in_channels, 10, 10}, 1, state);
  const hw::HardwareConfig hardware =
      accuracy_hardware(c.rows, c.dac_bits, c.cell_bits, c.adc_bits, 2, c.rows);
  const double expected = converter_noise(trained.network, hardware);
  const double measured = measured_noise(trained, hardware, rng);
  // Rounding errors are not even where sums are small integers a few steps apart, and the outputs'
  // own grid adds some: within 2.5 times, where the cases lie up to 30 times apart.
  EXPECT_GT(measured, expected / 2.5);
  EXPECT_LT(measured, expected * 2.5);
}

INSTANTIATE_TEST_SUITE_P(Layers, ConverterNoiseCases,
                         ::testing::Values(NoiseCase{"two_blocks", {16, 8, 3, 1, 1}, 128, 6, 1, 1},
                                           NoiseCase{"eight_blocks", {64, 8, 3, 1, 1}, 72, 7, 1, 1},
                                           NoiseCase{"wide_digits", {16, 8, 3, 1, 1}, 128, 6, 2, 2},
                                           NoiseCase{
                                               "fine_converter", {16, 8, 3, 1, 1}, 128, 8, 1, 1},
                                           NoiseCase{"groups", {32, 8, 3, 1, 1, 2}, 64, 6, 1, 1},
                                           NoiseCase{"pointwise", {64, 8, 1}, 64, 6, 1, 2}));

}  // namespace
}  // namespace gibbon::sim
