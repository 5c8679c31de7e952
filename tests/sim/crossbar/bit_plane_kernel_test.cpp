#include "gibbon/sim/crossbar/bit_plane_kernel.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <utility>

#include "gibbon/sim/crossbar/bit_plane_plan.hpp"
#include "gibbon/sim/crossbar/bit_plane_tile.hpp"
#include "sim/crossbar/kernel_cases.hpp"

namespace gibbon::sim {
namespace {

std::optional<BitPlan> plan_of(const CrossbarLayer& layer) {
  return make_bit_plan(layer, PixelTiles(layer, 1));
}

class BitPlanes : public ::testing::TestWithParam<ConvCase> {
 protected:
  void SetUp() override {
    if (!bit_planes_available()) GTEST_SKIP() << "the processor does not count bits in vectors";
  }
};

TEST_P(BitPlanes, GiveTheBitsOfTheReference) {
  const ConvCase& p = GetParam();
  base::Rng rng(11);
  const CrossbarLayer layer =
      prepare(p.network(rng),
              accuracy_hardware(p.crossbar_rows, 1, 1, p.adc_bits, p.polarity, p.crossbar_rows));
  const int images = 3;
  std::vector<float> input =
      random_inputs(static_cast<std::size_t>(p.input().elements() * images), rng);
  const Outcome signed_images = run_handing_over(make_bit_plane_kernel, layer, input, images);
  EXPECT_EQ(signed_images.handed_over, 1);
  EXPECT_EQ(signed_images.output, run_reference(layer, input, images));

  for (float& value : input) value = std::abs(value);
  const Outcome counted = run_handing_over(make_bit_plane_kernel, layer, input, images);
  EXPECT_EQ(counted.handed_over, 0);
  EXPECT_EQ(counted.output, run_reference(layer, input, images));
  double spread = 0;
  for (const float value : counted.output) spread += std::abs(value);
  EXPECT_GT(spread, 0) << "the layer is too dull to compare";
}

INSTANTIATE_TEST_SUITE_P(Layers, BitPlanes, ::testing::ValuesIn(kOneBitCases),
                         [](const auto& test) { return std::string(test.param.name); });

class BitPlaneKernel : public BitPlanes {};
// One hand-made layer at a time; the parameter is not used.
INSTANTIATE_TEST_SUITE_P(Once, BitPlaneKernel, ::testing::Values(kOneBitCases[0]),
                         [](const auto&) { return std::string("layer"); });

TEST_P(BitPlaneKernel, HandCalculated) {
  // W = (2, -3), X = (3, 1): digits, least significant first, (0,1), (-1,-1) and (1,1), (1,0).
  // n00 = 0 - 1 = -1, n01 = 1 - 1 = 0, n10 = 0, n11 = 1. m = n * 0.5 * 0.25 / 2 * 4 = n/4, 3 bits:
  // codes n, values n/4 shifted down by 2 and 0: -1/16 + 1/4 = 0.1875; * 3 = 0.5625 -> 1; 2/3.
  nn::LayerState state;
  state.weight = {1, -1.5F};
  state.weights = {3, 0.5};
  state.input = {3, 0.25};
  state.output_range = 2;
  nn::Linear linear{2, 1};
  linear.point_shift = 0;
  const auto trained = one_layer_network(linear, {2, 1, 1}, 1, state);
  const Outcome outcome =
      run_handing_over(make_bit_plane_kernel, prepare(trained, accuracy_hardware(4, 1, 1, 3, 2, 4)),
                       {0.75F, 0.25F}, 1);
  EXPECT_EQ(outcome.handed_over, 0);
  EXPECT_THAT(outcome.output, ::testing::ElementsAre(2.0F / 3));
}

TEST_P(BitPlaneKernel, HandsOverWhatFloatsMightRound) {
  // Three blocks of 127 cells: a block adds up to 127 * 255 * 255 = 8,258,175 and leaves room for
  // 2^24 - 8,258,175 = 8,519,041 before it. Two blocks of inputs x make 64,770 x:
  // 8,484,870 at 131, 8,549,640 at 132.
  const CrossbarLayer layer = one_column(cells(381, 0), 127);
  for (const auto& [input, handed_over] : {std::pair{131, 0}, {132, 1}, {255, 1}}) {
    const std::vector<float> inputs(381, static_cast<float>(input));
    const Outcome outcome = run_handing_over(make_bit_plane_kernel, layer, inputs, 1);
    EXPECT_EQ(outcome.handed_over, handed_over) << input;
    EXPECT_EQ(outcome.output, run_reference(layer, inputs, 1)) << input;
  }
}

TEST_P(BitPlaneKernel, JoinsTheBitsOfEightChannels) {
  constexpr int kPixels = 13;  // a vector and a part of one
  base::Rng rng(3);
  std::vector<std::vector<std::int16_t>> values(8, std::vector<std::int16_t>(kPixels));
  std::vector<const std::int16_t*> channels;
  for (auto& channel : values) {
    for (auto& value : channel) value = static_cast<std::int16_t>(rng.below(256));
    channels.push_back(channel.data());
  }
  for (const int count : {1, 3, 8}) {
    std::vector<std::uint64_t> words(kPixels + 1, 7);
    join_bits(channels.data(), count, kPixels, words.data());
    EXPECT_EQ(words.back(), 7U) << "written behind the end";
    for (std::size_t p = 0; p < kPixels; ++p) {
      for (int bit = 0; bit < 64; ++bit) {
        const int channel = bit % 8;
        const int expected =
            channel < count ? values[static_cast<std::size_t>(channel)][p] >> (bit / 8) & 1 : 0;
        ASSERT_EQ(static_cast<int>(words[p] >> bit & 1), expected) << p << ", bit " << bit;
      }
    }
  }
}

TEST(BitPlan, TakesOneBitDigitsInScaleMode) {
  base::Rng rng(1);
  const auto layer = [&](int input_bits, int dac_bits, int cell_bits, AdcMode mode) {
    const auto trained =
        one_layer_network(nn::Linear{8, 2}, {8, 1, 1}, 2, random_state(16, 8, 9, input_bits, rng));
    return prepare(trained, accuracy_hardware(64, dac_bits, cell_bits, 6, 2, 64), mode);
  };
  EXPECT_TRUE(plan_of(layer(9, 1, 1, AdcMode::kScale)));
  EXPECT_FALSE(plan_of(layer(10, 1, 1, AdcMode::kScale)));  // nine cycles
  EXPECT_FALSE(plan_of(layer(9, 2, 1, AdcMode::kScale)));
  EXPECT_FALSE(plan_of(layer(9, 1, 2, AdcMode::kScale)));
  EXPECT_FALSE(plan_of(layer(9, 1, 1, AdcMode::kFix)));
  EXPECT_FALSE(plan_of(layer(9, 1, 1, AdcMode::kIdeal)));
}

TEST(BitPlan, TakesSumsAndCodesThatFitAByte) {
  // Codes n / 2, so that the sums decide: from -128 to 127 there are 256, the most.
  EXPECT_TRUE(plan_of(one_column(cells(127, 128), 256, -8)));
  EXPECT_FALSE(plan_of(one_column(cells(128, 128), 256, -8)));
  // Codes 2n of a converter that clamps at 127 fit; those of a wider one do not beyond n = 63.
  EXPECT_TRUE(plan_of(one_column(cells(100, 0), 256, -6)));
  CrossbarLayer wide = one_column(cells(63, 0), 256, -8);
  wide.adc.resolution = 10;  // t = -8 + 9 = 1
  EXPECT_TRUE(plan_of(wide));
  wide = one_column(cells(64, 0), 256, -8);
  wide.adc.resolution = 10;
  EXPECT_FALSE(plan_of(wide));
}

TEST(BitPlan, FillsBytesWithChannels) {
  const auto steps = [](const nn::Conv& conv) {
    base::Rng rng(1);
    const auto fan_in =
        static_cast<std::size_t>(conv.in_channels / conv.groups * conv.kernel * conv.kernel);
    const auto trained = one_layer_network(
        conv, {conv.in_channels, 4, 4}, 16,
        random_state(fan_in * static_cast<std::size_t>(conv.out_channels), fan_in, 9, 9, rng));
    std::vector<int> counts;
    for (const BitBlock& block :
         plan_of(prepare(trained, accuracy_hardware(256, 1, 1, 5, 2, 256))).value().blocks) {
      counts.push_back(block.steps());
    }
    return counts;
  };
  using ::testing::ElementsAre;
  // Three bytes of 8 channels and 9 taps, one of 4 channels with two taps a step: 27 + 5.
  EXPECT_THAT(steps({28, 1, 3, 1, 1}), ElementsAre(32));
  EXPECT_THAT(steps({3, 1, 3, 1, 1}), ElementsAre(5));  // two taps of 3 channels a step
  EXPECT_THAT(steps({6, 1, 3, 1, 1}), ElementsAre(8));  // 4 and 2 channels: 5 + 3
  EXPECT_THAT(steps({7, 1, 3, 1, 1}), ElementsAre(9));  // 4 and 3 would take 5 + 5
  EXPECT_THAT(steps({6, 1, 1}), ElementsAre(1));
  EXPECT_THAT(steps({4, 2, 3, 1, 1, 2}), ElementsAre(3, 3));  // groups of 2: four taps a step
  // Each of the four paddings by itself: a byte of 2 channels, four taps a step.
  EXPECT_THAT(steps({8, 1, 2, 1, 0, 1, kSymmetric}), ElementsAre(4));
}

}  // namespace
}  // namespace gibbon::sim
