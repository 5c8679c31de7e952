#include "gibbon/nn/epitome_quantization.hpp"

#include <gmock/gmock.h>

#include "error_of.hpp"

namespace gibbon::nn {
namespace {

using test::error_of;
using testing::ElementsAre;
using testing::FloatEq;

/// Three 1x1 filters of one channel; the weight's 4 outputs are filters 0, 1 and 1, 2: filter 1 is
/// used twice, the others once.
EpitomePlan overlapping() {
  return spread_plan({4, 1, 1}, {3, 1, 1, 1});
}

TEST(EpitomeQuantization, ThePlanUsesTheMiddleTwice) {
  EXPECT_THAT(overlapping().use_counts(), ElementsAre(1, 2, 1));
}

/// 3 bits: levels -3 to 3. Range 3, scale 1: 0.4 becomes 0, 1.6 becomes 2, -3 stays.
TEST(EpitomeQuantization, OneScaleIsTheLargestOverTheLevels) {
  const std::vector<float> values = {0.4f, 1.6f, -3.0f};
  const QuantizedEpitome quantized = quantize_epitome(overlapping(), values, {3, {}, {}});
  EXPECT_THAT(quantized.scales, ElementsAre(1.0));
  EXPECT_THAT(quantized.values, ElementsAre(0.0f, 2.0f, -3.0f));
}

/// Range 0.75 x 1.5 (the middle) + 0.25 x 3 (the rest) = 1.875; scale 0.625. 0.4 is 0.64 steps, so
/// one; 1.5 is 2.4, two; -3 is clipped to three.
TEST(EpitomeQuantization, OftenUsedElementsDrawTheRangeToThem) {
  const std::vector<float> values = {0.4f, 1.5f, -3.0f};
  const QuantizedEpitome quantized = quantize_epitome(overlapping(), values, {3, {}, 0.75});
  EXPECT_THAT(quantized.scales, ElementsAre(0.625));
  EXPECT_THAT(quantized.values, ElementsAre(0.625f, 1.25f, -1.875f));
}

TEST(EpitomeQuantization, WithoutOverlapTheRangeIsTheLargest) {
  const EpitomePlan plan = spread_plan({2, 1, 1}, {2, 1, 1, 1});
  const std::vector<float> values = {1.0f, -3.0f};
  EXPECT_THAT(quantize_epitome(plan, values, {3, {}, 0.75}).scales, ElementsAre(1.0));
}

/// Crossbars of 2 columns with 1 slice: filters 0 and 1 share one, filter 2 has its own.
TEST(EpitomeQuantization, EachCrossbarHasItsScale) {
  const std::vector<float> values = {0.3f, -0.6f, 3.0f};
  const QuantizedEpitome quantized =
      quantize_epitome(overlapping(), values, {3, CrossbarTiling{4, 2, 1}, {}});
  EXPECT_THAT(quantized.scale_of, ElementsAre(0, 0, 1));
  ASSERT_EQ(quantized.scales.size(), 2u);
  EXPECT_NEAR(quantized.scales[0], 0.2, 1e-7);
  EXPECT_NEAR(quantized.scales[1], 1.0, 1e-7);
  // 0.3 / 0.2 = 1.5 steps, in floats a little more: two.
  EXPECT_THAT(quantized.values, ElementsAre(FloatEq(0.4f), FloatEq(-0.6f), FloatEq(3.0f)));
}

/// 3x3 windows on 20 rows: 2 channels a crossbar; 2 slices on 4 columns: 2 filters.
TEST(EpitomeQuantization, CrossbarsAreWholeChannelsTimesPackedColumns) {
  const std::vector<std::int32_t> crossbars = crossbar_of_elements({3, 3, 3, 3}, {20, 4, 2});
  ASSERT_EQ(crossbars.size(), 81u);
  EXPECT_EQ(crossbars[0], 0);   // filter 0, channel 0
  EXPECT_EQ(crossbars[17], 0);  // filter 0, channel 1
  EXPECT_EQ(crossbars[18], 2);  // filter 0, channel 2: next row block of 2 column blocks
  EXPECT_EQ(crossbars[27], 0);  // filter 1
  EXPECT_EQ(crossbars[54], 1);  // filter 2: next column block
  EXPECT_EQ(crossbars[54 + 18], 3);
}

/// Mean square (0.04 + 0.04 + 9) / 3 = 3.0267, root 1.7397; half of it is below the largest, 3.
TEST(EpitomeQuantization, AClipBoundsTheRange) {
  const EpitomePlan plan = overlapping();
  const std::vector<float> values = {0.2f, 0.2f, -3.0f};
  const EpitomeQuantization how{3, {}, {}, 0.5};
  const QuantizedEpitome quantized = quantize_epitome(plan, values, how);
  EXPECT_NEAR(quantized.scales.at(0), 0.86986 / 3, 1e-5);
  EXPECT_THAT(EpitomeQuantizer(plan, how).clamped(values, quantized),
              ElementsAre(FloatEq(0.2f), FloatEq(0.2f), testing::FloatNear(-0.86986f, 1e-5f)));
  EXPECT_THAT(quantize_epitome(plan, values, {3, {}, {}, 100}).scales, ElementsAre(1.0));
}

TEST(EpitomeQuantization, AQuantizerGivesTheSameAgain) {
  const EpitomePlan plan = overlapping();
  const EpitomeQuantization how{3, CrossbarTiling{4, 2, 1}, 0.75};
  const EpitomeQuantizer quantizer(plan, how);
  for (const std::vector<float>& values :
       {std::vector<float>{0.3f, -0.6f, 3.0f}, std::vector<float>{2, 1, 0}}) {
    EXPECT_EQ(quantizer.quantize(values).values, quantize_epitome(plan, values, how).values);
  }
}

TEST(EpitomeQuantization, ZerosStayZeros) {
  const std::vector<float> zeros(3, 0.0f);
  const QuantizedEpitome quantized = quantize_epitome(overlapping(), zeros, {});
  EXPECT_THAT(quantized.values, ElementsAre(0.0f, 0.0f, 0.0f));
  EXPECT_EQ(quantization_noise(overlapping(), zeros, quantized.values), 0);
}

/// (1 x 0.1^2 + 2 x 0.5^2 + 1 x 0) / (1 x 1 + 2 x 4 + 1 x 9) = 0.51 / 18.
TEST(EpitomeQuantization, NoiseCountsAnElementAsOftenAsItIsUsed) {
  const std::vector<float> values = {1, 2, -3};
  const std::vector<float> quantized = {1.1f, 2.5f, -3};
  EXPECT_NEAR(quantization_noise(overlapping(), values, quantized), 0.51 / 18, 1e-7);
}

TEST(EpitomeQuantization, MistakesAreRefused) {
  const std::vector<float> two(2), three(3);
  EXPECT_EQ(error_of([&] { quantize_epitome(overlapping(), two, {}); }),
            "epitome: got 2 values, the epitome has 3");
  EXPECT_EQ(error_of([&] { quantization_noise(overlapping(), three, two); }),
            "epitome: got 2 values, the epitome has 3");
  EXPECT_EQ(error_of([&] {
              quantize_epitome(overlapping(), three, {1, {}, {}});
            }),
            "epitome of 1 bits, allowed are 2 to 16");
  EXPECT_EQ(error_of([&] {
              quantize_epitome(overlapping(), three, {3, {}, 0.4});
            }),
            "epitome: overlap weight 0.4, allowed are 0.5 to 1");
  EXPECT_EQ(error_of([&] {
              quantize_epitome(overlapping(), three, {3, {}, {}, 0.0});
            }),
            "epitome: clip at 0 deviations, allowed are > 0");
  EXPECT_EQ(error_of([] {
              crossbar_of_elements({1, 1, 3, 3}, {8, 1, 1});
            }),
            "the 9 rows of a channel do not fit the 8 of a crossbar");
  EXPECT_EQ(error_of([] {
              crossbar_of_elements({1, 1, 1, 1}, {8, 0, 1});
            }),
            "crossbars of 8x0 and 1 slices are not positive");
}

}  // namespace
}  // namespace gibbon::nn
