#include "gibbon/sim/crossbar/crossbar_layer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gibbon/base/error.hpp"
#include "sim/layer_maker.hpp"

namespace gibbon::sim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

nn::TrainedNetwork conv_network(nn::Conv conv, int size) {
  base::Rng rng(1);
  const auto fan_in =
      static_cast<std::size_t>(conv.in_channels / conv.groups * conv.kernel * conv.kernel);
  const nn::LayerState state = random_state(fan_in * static_cast<std::size_t>(conv.out_channels),
                                            fan_in, conv.weight_bits, 9, rng);
  const nn::Shape input{conv.in_channels, size, size};
  return one_layer_network(conv, input, 1, state);
}

CrossbarLayer prepare(const nn::Conv& conv, const hw::HardwareConfig& hardware) {
  return prepare_crossbar_layer(conv_network(conv, 8), 0, hardware, AdcMode::kScale);
}

TEST(SignedDigit, CarriesTheSign) {
  // 13 = 1101 in bits, 31 in base 4.
  EXPECT_EQ(signed_digit(13, 0, 1), 1);
  EXPECT_EQ(signed_digit(13, 1, 1), 0);
  EXPECT_EQ(signed_digit(-13, 2, 1), -1);
  EXPECT_EQ(signed_digit(-13, 4, 1), 0);
  EXPECT_EQ(signed_digit(13, 0, 2), 1);
  EXPECT_EQ(signed_digit(-13, 1, 2), -3);
}

TEST(CrossbarLayer, CutsChannelsByRows) {
  // 64 rows hold floor(64 / 9) = 7 channels of a 3x3 kernel; 16 channels need 3 crossbars.
  const CrossbarLayer layer = prepare({16, 4, 3, 1, 1}, accuracy_hardware(64, 1, 1, 8, 2, 16));
  ASSERT_EQ(layer.blocks.size(), 3U);
  EXPECT_EQ(layer.blocks[0].rows.size(), 63U);
  EXPECT_EQ(layer.blocks[2].rows.size(), 18U);
  EXPECT_EQ(layer.blocks[1].rows[0].channel, 7);
  EXPECT_EQ(layer.blocks[1].rows[5].dy, 1);
  EXPECT_EQ(layer.blocks[1].rows[5].dx, 2);
  // 63 rows through 16 DACs: ceil(log2(63/16)) = 2 more bits.
  EXPECT_EQ(layer.adc.resolution, 10);
  // floor(-2 + 0.5 log2(3)) = floor(-1.21)
  EXPECT_EQ(layer.adc.point_shift, -2);
  EXPECT_EQ(layer.cycles, 8);
  EXPECT_EQ(layer.parts, 8);
  EXPECT_EQ(layer.adc.top_shift, 14);
}

TEST(CrossbarLayer, AFullCrossbarCountsEvenIfChannelsAreFewer) {
  // 2 channels use 18 of 256 rows, but the converter is sized for 28 * 9 = 252:
  // ceil(log2(252/128)).
  const CrossbarLayer layer = prepare({2, 4, 3, 1, 1}, accuracy_hardware(256, 1, 1, 8, 2, 128));
  EXPECT_EQ(layer.adc.resolution, 9);
}

TEST(CrossbarLayer, FourSplitsMoveThePointByOne) {
  // 28 channels by 7: floor(-2 + 0.5 * 2) = -1
  const CrossbarLayer layer = prepare({28, 4, 3, 1, 1}, accuracy_hardware(64, 1, 1, 8, 2, 64));
  EXPECT_EQ(layer.adc.point_shift, -1);
  EXPECT_EQ(layer.adc.resolution, 8);
}

TEST(CrossbarLayer, DigitsOfBothPolarities) {
  nn::Conv conv{4, 4, 1};
  conv.weight_bits = 6;
  // Polarity 2: ceil(5 bits / 2) = 3 digits; polarity 1 keeps 6 bits: 3. Input ceil(8 / 2) = 4.
  CrossbarLayer layer = prepare(conv, accuracy_hardware(64, 2, 2, 8, 2, 64));
  EXPECT_EQ(layer.parts, 3);
  EXPECT_EQ(layer.cycles, 4);
  EXPECT_EQ(layer.adc.top_shift, 3 * 2 + 2 * 2);
  layer = prepare(conv, accuracy_hardware(64, 1, 1, 8, 1, 64));
  EXPECT_EQ(layer.parts, 6);
  layer = prepare(conv, accuracy_hardware(64, 1, 1, 8, 2, 64));
  EXPECT_EQ(layer.parts, 5);
}

TEST(CrossbarLayer, GroupsAreTheirOwnCrossbars) {
  // 4 groups of 4 input and 2 output channels; 18 rows hold 2 channels of 3x3: 2 splits a group.
  nn::Conv conv{16, 8, 3, 1, 1, 4};
  const CrossbarLayer layer = prepare(conv, accuracy_hardware(18, 1, 1, 8, 2, 9));
  ASSERT_EQ(layer.blocks.size(), 8U);
  EXPECT_EQ(layer.blocks[3].first_output, 2);
  EXPECT_EQ(layer.blocks[3].output_count, 2);
  EXPECT_EQ(layer.blocks[3].rows.size(), 18U);
  EXPECT_EQ(layer.blocks[3].rows.front().channel, 6);
  EXPECT_EQ(layer.adc.resolution, 9);    // min(2, 4) * 9 rows, 9 DACs
  EXPECT_EQ(layer.adc.point_shift, -2);  // floor(-2 + 0.5 log2(2))
  // In a large crossbar only a group's own 4 * 9 rows count: ceil(log2(36/9)).
  EXPECT_EQ(prepare(conv, accuracy_hardware(256, 1, 1, 8, 2, 9)).adc.resolution, 10);
}

TEST(CrossbarLayer, SymmetricPaddingShiftsByTheGlobalChannel) {
  nn::Conv conv{8, 2, 2, 1, 0, 2, nn::PaddingMode::kSymmetric};
  const CrossbarLayer layer = prepare(conv, accuracy_hardware(64, 1, 1, 8, 2, 64));
  EXPECT_EQ(layer.padding, 1);
  EXPECT_EQ(layer.out_height, 8);
  ASSERT_EQ(layer.blocks.size(), 2U);
  // Channel 5 (5 mod 4 = 1: top right) is the second of group 1: taps at rows 0, 1, columns 1, 2.
  const RowSource& first = layer.blocks[1].rows[4];
  const RowSource& last = layer.blocks[1].rows[7];
  EXPECT_EQ(first.channel, 5);
  EXPECT_EQ(first.dy, 0);
  EXPECT_EQ(first.dx, 1);
  EXPECT_EQ(last.dy, 1);
  EXPECT_EQ(last.dx, 2);
}

TEST(CrossbarLayer, LinearUsesItsOwnRows) {
  base::Rng rng(1);
  const auto trained =
      one_layer_network(nn::Linear{100, 3}, {100, 1, 1}, 3, random_state(300, 100, 9, 9, rng));
  const auto prepared = [&](int rows) {
    return prepare_crossbar_layer(trained, 0, accuracy_hardware(rows, 1, 1, 8, 2, 64),
                                  AdcMode::kFix);
  };
  EXPECT_EQ(prepared(256).adc.resolution, 9);  // min(100, 256) / 64
  EXPECT_EQ(prepared(64).adc.resolution, 8);
  EXPECT_EQ(prepared(64).blocks.size(), 2U);
  EXPECT_EQ(prepared(64).adc.full_scale, 64);  // (2^1 - 1) (2^1 - 1) 64
}

TEST(QuantizeInput, RoundsHalfToEvenAndClamps) {
  CrossbarLayer layer;
  layer.input_bits = 3;
  layer.adc.input_scale = 0.5F;
  const std::vector<float> values{0.25F, 0.75F, -0.25F, 1.5F, 1.8F, -9};
  std::vector<std::int16_t> integers(values.size());
  quantize_input(layer, values.data(), values.size(), integers.data());
  EXPECT_THAT(integers, ElementsAre(0, 2, 0, 3, 3, -3));
}

TEST(CrossbarLayer, RefusesStatesThatDoNotFit) {
  const auto error_of = [](const nn::TrainedNetwork& trained, int rows) -> std::string {
    try {
      prepare_crossbar_layer(trained, 0, accuracy_hardware(rows, 1, 1, 8, 2, 64), AdcMode::kScale);
    } catch (const base::Error& error) {
      return error.what();
    }
    return "no error";
  };
  nn::TrainedNetwork good = conv_network({4, 4, 3}, 8);
  EXPECT_EQ(error_of(good, 9), "no error");
  EXPECT_EQ(error_of(good, 8), "layer 'layer': a 3x3 kernel does not fit crossbars of 8 rows");
  nn::TrainedNetwork bad = good;
  bad.states[0].weight.pop_back();
  EXPECT_EQ(error_of(bad, 64), "layer 'layer': has 143 weights, needs 144");
  bad = good;
  bad.states[0].output_range = -1;
  EXPECT_THAT(error_of(bad, 64), HasSubstr("layer 'layer': its output range is -1"));
  bad = good;
  bad.states[0].input.bits = 1;
  EXPECT_THAT(error_of(bad, 64), HasSubstr("the grid of its input has 1 bits"));
  bad = good;
  bad.states[0].weights.scale = 0;
  EXPECT_THAT(error_of(bad, 64), HasSubstr("the grid of its weights has 9 bits and scale 0"));
}

}  // namespace
}  // namespace gibbon::sim
