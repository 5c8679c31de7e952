#include "gibbon/sim/crossbar/adc_transfer.hpp"

#include <gtest/gtest.h>

namespace gibbon::sim {
namespace {

AdcTransfer transfer(AdcMode mode, int resolution) {
  AdcTransfer adc;
  adc.mode = mode;
  adc.weight_scale = 0.5F;
  adc.input_scale = 0.25F;
  adc.output_range = 2;
  adc.resolution = resolution;
  adc.top_shift = 2;
  adc.full_scale = 8;
  return adc;
}

TEST(AdcTransfer, RoundsHalfToEvenAndClamps) {
  EXPECT_EQ(round_and_clamp(0.5F, 3), 0);
  EXPECT_EQ(round_and_clamp(1.5F, 3), 2);
  EXPECT_EQ(round_and_clamp(-2.5F, 3), -2);
  EXPECT_EQ(round_and_clamp(3.4F, 3), 3);
  EXPECT_EQ(round_and_clamp(3.6F, 3), 3);
  EXPECT_EQ(round_and_clamp(-9, 3), -3);
}

TEST(AdcTransfer, ScaleMode) {
  // One level is 0.5 * 0.25 / 2 = 1/16 of the range, shifted up by 2 bits 1/4. With 3 bits and
  // point shift 0, t = 2: codes are n/4 * 4 = n, at most 3.
  AdcTransfer adc = transfer(AdcMode::kScale, 3);
  EXPECT_EQ(adc.limit(), 3);
  EXPECT_EQ(adc.fraction_bits(), 2);
  EXPECT_EQ(adc.scale_code(3), 3);
  EXPECT_EQ(adc.scale_code(4), 3);
  EXPECT_EQ(adc.scale_code(-4), -3);
  EXPECT_EQ(adc.convert(2), 0.5F);  // 2 / 2^2
  // Point shift -1: codes are n/4 * 2 = n/2, values code / 2.
  adc.point_shift = -1;
  EXPECT_EQ(adc.convert(1), 0);       // 0.5 rounds to even
  EXPECT_EQ(adc.convert(3), 1);       // 1.5 rounds to 2, 2 / 2
  EXPECT_EQ(adc.convert(100), 1.5F);  // clamped at 3, 3 / 2
}

TEST(AdcTransfer, FixMode) {
  // Full scale 8, 3 bits: codes are n/8 * 4 = n/2 up to 3, values code * 8/4 / 16 * 4 = code / 2.
  const AdcTransfer adc = transfer(AdcMode::kFix, 3);
  EXPECT_EQ(adc.convert(1), 0);
  EXPECT_EQ(adc.convert(2), 0.5F);
  EXPECT_EQ(adc.convert(3), 1);  // 1.5 rounds to 2
  EXPECT_EQ(adc.convert(6), 1.5F);
  EXPECT_EQ(adc.convert(8), 1.5F);  // 4 is clamped at 3
  EXPECT_EQ(adc.convert(-8), -1.5F);
}

TEST(AdcTransfer, IdealModeScalesOnly) {
  EXPECT_EQ(transfer(AdcMode::kIdeal, 3).ideal(9), 9.0F / 16);
}

}  // namespace
}  // namespace gibbon::sim
