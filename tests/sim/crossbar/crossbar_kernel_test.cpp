#include "gibbon/sim/crossbar/crossbar_kernel.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gibbon/base/error.hpp"
#include "gibbon/sim/crossbar/amx_tiles.hpp"
#include "sim/crossbar/kernel_cases.hpp"
#include "sim/layer_maker.hpp"

namespace gibbon::sim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<float> run(const nn::TrainedNetwork& trained, const hw::HardwareConfig& hardware,
                       AdcMode mode, Isa isa, const std::vector<float>& input, int images) {
  const auto kernel = make_crossbar_kernel(prepare_crossbar_layer(trained, 0, hardware, mode), isa);
  std::vector<float> output(static_cast<std::size_t>(trained.network.output_shape(0).elements()) *
                            static_cast<std::size_t>(images));
  kernel->run(input.data(), images, output.data());
  return output;
}

/// Hand-calculated layers, on every instruction set.
class TinyLayer : public ::testing::TestWithParam<Isa> {
 protected:
  /// Weights 1 and -1.5 on the grid 0.5, inputs 0.75 and -0.25 on the grid 0.25: W = (2, -3),
  /// X = (3, -1), W X = 9; output range 2.
  static nn::TrainedNetwork two_inputs(int input_bits, int point_shift) {
    nn::LayerState state;
    state.weight = {1, -1.5F};
    state.weights = {3, 0.5};
    state.input = {input_bits, 0.25};
    state.output_range = 2;
    nn::Linear linear{2, 1};
    linear.point_shift = point_shift;
    return one_layer_network(linear, {2, 1, 1}, 1, state);
  }
  static float result(const nn::TrainedNetwork& trained, const hw::HardwareConfig& hardware,
                      AdcMode mode) {
    return run(trained, hardware, mode, GetParam(), {0.75F, -0.25F}, 1).front();
  }
};

// Digits, least significant first: W = (0,1), (-1,-1); X = (1,1), (-1,0). Column sums n[i][j]:
// n00 = 0 + 1 = 1, n01 = 1 + 1 = 2, n10 = 0, n11 = 1; 1 + 2*2 + 2*0 + 4*1 = 9.
TEST_P(TinyLayer, ScalePolarity2) {
  // m = n * 0.5 * 0.25 / 2 * 2^2 = n/4. 3 bits, point shift 0: t = 2, codes n. Values n/4, shifted
  // down by 2, 1, 1, 0 bits: 1/16 + 2/8 + 0 + 1/4 = 0.5625; * 3 = 1.6875, rounds to 2; 2 * 2/3.
  EXPECT_EQ(result(two_inputs(3, 0), accuracy_hardware(4, 1, 1, 3, 2, 4), AdcMode::kScale),
            4.0F / 3);
  // Point shift -1: codes n/2 = 0.5, 1, 0, 0.5 -> 0, 1, 0, 0; 1/2 shifted by 1: 0.25; * 3 = 0.75
  // -> 1.
  EXPECT_EQ(result(two_inputs(3, -1), accuracy_hardware(4, 1, 1, 3, 2, 4), AdcMode::kScale),
            2.0F / 3);
  // Point shift -2: codes n/4 -> 0 all.
  EXPECT_EQ(result(two_inputs(3, -2), accuracy_hardware(4, 1, 1, 3, 2, 4), AdcMode::kScale), 0);
}

TEST_P(TinyLayer, ScalePolarity1HasOneMoreDigit) {
  // parts = 3, so top = 1 + 2 = 3: m = n/2. Point shift -2: t = 0, codes n/2 -> 0, 1, 0, 0. The
  // value 1 of n01 is shifted down by 3 - 1 = 2: 0.25; * 3 = 0.75 -> 1.
  EXPECT_EQ(result(two_inputs(3, -2), accuracy_hardware(4, 1, 1, 3, 1, 4), AdcMode::kScale),
            2.0F / 3);
}

TEST_P(TinyLayer, Fix) {
  // R = 4 rows. 3 bits: codes n/4 * 4 = n, exact, as in ScalePolarity2: 0.5625 -> 2.
  EXPECT_EQ(result(two_inputs(3, 0), accuracy_hardware(4, 1, 1, 3, 2, 4), AdcMode::kFix), 4.0F / 3);
  // 2 bits: codes n/4 * 2 -> 0, 1, 0, 0; 1 * 4/2 = 2 levels, 2/4 shifted by 1: 0.25 -> 1.
  EXPECT_EQ(result(two_inputs(3, 0), accuracy_hardware(4, 1, 1, 2, 2, 4), AdcMode::kFix), 2.0F / 3);
}

TEST_P(TinyLayer, Ideal) {
  // 9 * 0.125 / 2 = 0.5625 whatever the converters are; * 3 -> 2.
  EXPECT_EQ(result(two_inputs(3, 0), accuracy_hardware(4, 1, 1, 1, 1, 4), AdcMode::kIdeal),
            4.0F / 3);
}

TEST_P(TinyLayer, TwoBitDac) {
  // X digits in base 4: (3,0), (-1,0). n00 = 0 + 1 = 1, n01 = 3 + 1 = 4. 5 input bits: 2 cycles,
  // top = 2 + 1 = 3, m = n/2. 4 bits, point shift -2: t = 1, codes n: values 1/2 and 4/2, shifted
  // down by 3 and 2: 0.5625; * 15 = 8.4375 -> 8; 8 * 2/15.
  EXPECT_EQ(result(two_inputs(5, -2), accuracy_hardware(4, 2, 1, 4, 2, 4), AdcMode::kScale),
            16.0F / 15);
  // 3 bits, point shift -1: the same codes, but 4 is clamped at 3: 1/16 + 1.5/4 = 0.4375;
  // * 15 = 6.5625 -> 7.
  EXPECT_EQ(result(two_inputs(5, -1), accuracy_hardware(4, 2, 1, 3, 2, 4), AdcMode::kScale),
            14.0F / 15);
}

TEST_P(TinyLayer, TwoBitCells) {
  // W = (9, -6) on the grid 0.125: digits in base 4 (1,2), (-2,-1); X = (1,1,0,0), (-1,0,0,0).
  // n00 = 1 + 2 = 3, n01 = 2 + 1 = 3, n10 = 1, n11 = 2; 3 + 4*3 + 2*1 + 8*2 = 33.
  nn::TrainedNetwork trained = two_inputs(5, -2);
  trained.states[0].weight = {1.125F, -0.75F};
  trained.states[0].weights = {5, 0.125};
  // top = 3 + 2 = 5, m = n * 0.125 * 0.25 / 2 * 32 = n/2. 4 bits: t = 1, codes n, exact:
  // 33/64 = 0.515625; * 15 = 7.73 -> 8.
  EXPECT_EQ(result(trained, accuracy_hardware(4, 1, 2, 4, 2, 4), AdcMode::kScale), 16.0F / 15);
  // 2 bits: t = -1, codes n/4 = 0.75, 0.75, 0.25, 0.5 -> 1, 1, 0, 0 (limit 1), values 2, 2; shifted
  // down by 5 and 3: 0.0625 + 0.25; * 15 = 4.6875 -> 5.
  EXPECT_EQ(result(trained, accuracy_hardware(4, 1, 2, 2, 2, 4), AdcMode::kScale), 10.0F / 15);
}

TEST_P(TinyLayer, RowSplitsAreConvertedByThemselves) {
  // One row a crossbar: each input is converted alone and floor(-1 + 0.5 log2(2)) = -1. Codes n/2
  // of first input (0,1 / 0,1) and second (1,1 / 0,0) all round to 0: two halves are lost.
  EXPECT_EQ(result(two_inputs(3, -1), accuracy_hardware(1, 1, 1, 3, 2, 1), AdcMode::kScale), 0);
}

TEST_P(TinyLayer, GroupedConvolution) {
  nn::LayerState state;
  state.weight = {1, -1.5F, 0.5F, 1.5F};  // W = (2, -3) and (1, 3)
  state.weights = {3, 0.5};
  state.input = {3, 0.25};
  state.output_range = 2;
  nn::Conv conv{4, 2, 1, 1, 0, 2};
  conv.point_shift = 0;
  const auto trained = one_layer_network(conv, {4, 1, 1}, 2, state);
  // X = (3, -1 | 1, 2): 9 and 1*1 + 2*3 = 7. 8 bits lose nothing: 7/16 * 3 = 1.3125 -> 1.
  EXPECT_THAT(run(trained, accuracy_hardware(4, 1, 1, 8, 2, 4), AdcMode::kScale, GetParam(),
                  {0.75F, -0.25F, 0.25F, 0.5F}, 1),
              ElementsAre(4.0F / 3, 2.0F / 3));
}

TEST_P(TinyLayer, SymmetricPadding) {
  // One bright pixel, top left of 2x2, seen through the kernel (1 2 / 3 4) of each of four channels
  // in turn. All grids 1 and an output range of 15 at 5 bits: the output is the integer itself.
  nn::LayerState state;
  for (int channel = 0; channel < 4; ++channel) {
    for (const float tap : {1, 2, 3, 4}) state.weight.push_back(tap);
  }
  state.weights = {4, 1};
  state.input = {5, 1};
  state.output_range = 15;
  const nn::Conv conv{4, 1, 2, 1, 0, 1, nn::PaddingMode::kSymmetric};
  const auto trained = one_layer_network(conv, {4, 2, 2}, 4, state);
  const auto seen = [&](std::size_t channel) {
    std::vector<float> image(16);
    image[channel * 4] = 1;
    return run(trained, accuracy_hardware(16, 1, 1, 8, 2, 16), AdcMode::kIdeal, GetParam(), image,
               1);
  };
  EXPECT_THAT(seen(0), ElementsAre(4, 3, 2, 1));  // padded top left
  EXPECT_THAT(seen(1), ElementsAre(3, 0, 1, 0));  // top right
  EXPECT_THAT(seen(2), ElementsAre(2, 1, 0, 0));  // bottom left
  EXPECT_THAT(seen(3), ElementsAre(1, 0, 0, 0));  // bottom right
}

INSTANTIATE_TEST_SUITE_P(EveryIsa, TinyLayer, ::testing::ValuesIn(available_isas()),
                         [](const auto& test) { return std::string(isa_name(test.param)); });

class EveryKernel : public ::testing::TestWithParam<ConvCase> {};

TEST_P(EveryKernel, GivesTheBitsOfTheReference) {
  const ConvCase& p = GetParam();
  const std::uint64_t seed = 7;
  base::Rng rng(seed);
  const auto trained = p.network(rng);
  const auto hardware =
      accuracy_hardware(p.crossbar_rows, p.dac_bits, p.cell_bits, p.adc_bits, p.polarity, 16);
  const int images = 3;
  const auto inputs = random_inputs(static_cast<std::size_t>(p.input().elements() * images), rng);
  for (const AdcMode mode : {AdcMode::kScale, AdcMode::kFix, AdcMode::kIdeal}) {
    const auto expected = run(trained, hardware, mode, Isa::kReference, inputs, images);
    double spread = 0;
    for (const float value : expected) spread += std::abs(value);
    EXPECT_TRUE(spread > 0 || mode == AdcMode::kFix) << "the layer is too dull to compare";
    for (const Isa isa : available_isas()) {
      EXPECT_EQ(run(trained, hardware, mode, isa, inputs, images), expected)
          << isa_name(isa) << " mode " << static_cast<int>(mode) << " seed " << seed;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Layers, EveryKernel, ::testing::ValuesIn(kConvCases),
                         [](const auto& test) { return std::string(test.param.name); });

TEST(CrossbarKernel, BatchesMayEndAnywhereInATileOfPixels) {
  for (const Isa isa : available_isas()) {
    SCOPED_TRACE(isa_name(isa));
    expect_reference_wherever_tiles_end(
        [isa](const CrossbarLayer& layer, const std::vector<float>& input, int images) {
          return run_kernel(*make_crossbar_kernel(layer, isa), layer, input, images);
        });
  }
}

// The largest sums there are: every digit of every weight and input is set, with every combination
// of signs, so that chunks of paired cycles are filled to their limit.
TEST(CrossbarKernel, ExtremeColumnsMatchTheReference) {
  const int rows = 252;
  for (const int cell_bits : {1, 2}) {
    nn::LayerState state;
    for (int output = 0; output < 8; ++output) {
      for (int row = 0; row < rows; ++row) {
        const bool negative = output == 1 || (output > 1 && row % output == 0);
        state.weight.push_back(negative ? -255 : 255);
      }
    }
    state.weights = {9, 1};
    state.input = {9, 1};
    state.output_range = 3e6;
    const auto trained = one_layer_network(nn::Linear{rows, 8}, {rows, 1, 1}, 8, state);
    const auto hardware = accuracy_hardware(256, 1, cell_bits, 8, 2, 128);
    std::vector<float> inputs;
    for (int image = 0; image < 6; ++image) {
      for (int row = 0; row < rows; ++row) {
        // Low bits against high bits of a pair, too: 85 = 01010101, 170 = 10101010.
        const float values[] = {255, -255, 85, -170, row % 2 == 0 ? 255.0F : -255.0F, 0};
        inputs.push_back(values[image]);
      }
    }
    for (const AdcMode mode : {AdcMode::kScale, AdcMode::kFix, AdcMode::kIdeal}) {
      const auto expected = run(trained, hardware, mode, Isa::kReference, inputs, 6);
      for (const Isa isa : available_isas()) {
        EXPECT_EQ(run(trained, hardware, mode, isa, inputs, 6), expected)
            << isa_name(isa) << " mode " << static_cast<int>(mode) << " cells " << cell_bits;
      }
    }
  }
}

TEST(CrossbarKernel, RefusesAnInstructionSetThatIsNotThere) {
  if (amx_available()) GTEST_SKIP() << "the processor has all instruction sets";
  base::Rng rng(1);
  const auto trained =
      one_layer_network(nn::Linear{4, 2}, {4, 1, 1}, 2, random_state(8, 4, 9, 9, rng));
  try {
    run(trained, accuracy_hardware(64, 1, 1, 8, 2, 64), AdcMode::kScale, Isa::kAmx, {0, 0, 0, 0},
        1);
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("instruction set 'amx' is not available here"));
    EXPECT_THAT(error.what(), HasSubstr("scalar reference"));
  }
}

}  // namespace
}  // namespace gibbon::sim
