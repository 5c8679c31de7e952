#include "gibbon/nn/mixed_precision.hpp"

#include <gmock/gmock.h>

#include "error_of.hpp"

namespace gibbon::nn {
namespace {

using test::error_of;
using testing::ElementsAre;

/// Noise saved a crossbar: 8/4 = 2, 3/1 = 3, 6/4 = 1.5. Six crossbars stand at 3 bits.
const std::vector<std::vector<BitOption>> kLayers = {
    {{3, 2, 9}, {5, 6, 1}}, {{3, 1, 4}, {5, 2, 1}}, {{3, 3, 7}, {5, 7, 1}}};

TEST(MixedPrecision, TheMostNoiseSavedByACrossbarComesFirst) {
  EXPECT_THAT(assign_bits(kLayers, 6), ElementsAre(0, 0, 0));
  EXPECT_THAT(assign_bits(kLayers, 7), ElementsAre(0, 1, 0));
  EXPECT_THAT(assign_bits(kLayers, 10), ElementsAre(0, 1, 0));
  EXPECT_THAT(assign_bits(kLayers, 11), ElementsAre(1, 1, 0));
  EXPECT_THAT(assign_bits(kLayers, 14), ElementsAre(1, 1, 0));
  EXPECT_THAT(assign_bits(kLayers, 15), ElementsAre(1, 1, 1));
}

TEST(MixedPrecision, WhereNothingFitsTheFirstWidthsStay) {
  EXPECT_THAT(assign_bits(kLayers, 5), ElementsAre(0, 0, 0));
}

/// The first layer's step is the better one but does not fit; the second's does.
TEST(MixedPrecision, AStepThatDoesNotFitGivesWay) {
  const std::vector<std::vector<BitOption>> layers = {{{3, 1, 90}, {5, 9, 1}},
                                                      {{3, 1, 4}, {5, 3, 3}}};
  EXPECT_THAT(assign_bits(layers, 5), ElementsAre(0, 1));
}

TEST(MixedPrecision, StepsThatCostNothingAreTakenFirstAndUselessOnesNever) {
  const std::vector<std::vector<BitOption>> layers = {
      {{3, 1, 4}, {5, 1, 3}}, {{3, 1, 4}, {5, 1, 4}}, {{3, 1, 9}, {5, 2, 1}}};
  EXPECT_THAT(assign_bits(layers, 3), ElementsAre(1, 0, 0));
}

/// 3 bits: 1 / (12 x 3^2); 5 bits: 1 / (12 x 15^2), a 25th.
TEST(MixedPrecision, RoundingNoiseIsThatOfAStep) {
  EXPECT_DOUBLE_EQ(rounding_noise(3), 1.0 / 108);
  EXPECT_DOUBLE_EQ(rounding_noise(3) / rounding_noise(5), 25);
}

TEST(MixedPrecision, MistakesAreRefused) {
  EXPECT_EQ(error_of([] { rounding_noise(1); }), "weights of 1 bits, allowed are 2 to 16");
  EXPECT_EQ(error_of([] { rounding_noise(17); }), "weights of 17 bits, allowed are 2 to 16");
  const std::vector<std::vector<BitOption>> none(1);
  EXPECT_EQ(error_of([&] { assign_bits(none, 5); }), "layer 0 has no bits to choose");
}

}  // namespace
}  // namespace gibbon::nn
