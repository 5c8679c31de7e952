#include "gibbon/train/trainers/block_tail_kernels.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "gibbon/base/rng.hpp"

namespace gibbon::train {
namespace {

constexpr std::size_t kWidth = 44;                   // a row of four pixels of 11 channels
constexpr std::size_t kCount = 9 * kWidth + 2 * 11;  // nine rows and half a one

std::vector<float> normal_values(std::size_t count, double scale, std::uint64_t seed) {
  base::Rng rng(seed);
  std::vector<float> values(count);
  for (float& value : values) value = static_cast<float>(scale * rng.normal());
  return values;
}

std::vector<LevelCode> random_codes(int limit) {
  base::Rng rng(3);
  std::vector<LevelCode> codes(kCount);
  for (LevelCode& code : codes) {
    code = static_cast<LevelCode>(static_cast<int>(rng.below(2 * limit + 3)) - limit - 1);
  }
  return codes;
}

std::vector<std::uint8_t> random_mask() {
  base::Rng rng(4);
  std::vector<std::uint8_t> mask(kCount);
  for (std::uint8_t& inside : mask) inside = static_cast<std::uint8_t>(rng.below(2));
  return mask;
}

double level_of(LevelCode code, int limit) {
  return std::max(-limit, std::min<int>(limit, code));
}

TEST(BlockTailKernels, CodesAreLevelsAndMarkWhatWasCut) {
  // 5 bits: thr = 15, range 3, so a level is 0.2; half to even. 2.95 = 14.75 -> 15, inside; 3 and
  // more are cut: 16. Rows of four values: 0.1 + 4.0 + ... share a place.
  const float values[] = {0.1F, 0.3F, 2.95F, 3.0F, 4.0F, -4.0F, -0.29F, -2.95F};
  const LevelCode expected[] = {0, 2, 15, 16, 16, -16, -1, -15};
  LevelCode codes[8];
  float sums[4] = {1.0F, 0.0F, 0.0F, 0.0F};
  float squares[4] = {};
  encode_levels(values, codes, 8, 4, quantizer_grid(5, 3.0F), {sums, squares});
  for (int i = 0; i < 8; ++i) EXPECT_EQ(codes[i], expected[i]) << i;
  // Levels 0 2 15 15 / 15 -15 -1 -15, the first sum started at 1.
  const float expected_sums[] = {16, -13, 14, 0};
  const float expected_squares[] = {225, 229, 226, 450};
  for (int i = 0; i < 4; ++i) EXPECT_EQ(sums[i], expected_sums[i]) << i;
  for (int i = 0; i < 4; ++i) EXPECT_EQ(squares[i], expected_squares[i]) << i;
}

TEST(BlockTailKernels, SumsOfLevelsAreExact) {
  const std::vector<float> values = normal_values(kCount, 0.5, 1);
  std::vector<LevelCode> codes(kCount);
  std::vector<float> sums(kWidth);
  std::vector<float> squares(kWidth);
  encode_levels(values.data(), codes.data(), kCount, kWidth, quantizer_grid(9, 1.0F),
                {sums.data(), squares.data()});
  std::vector<double> expected(kWidth);
  std::vector<double> expected_squares(kWidth);
  for (std::size_t i = 0; i < kCount; ++i) {
    const double exact = static_cast<double>(values[i] * 255.0F);
    const double level = std::nearbyint(std::max(-255.0, std::min(255.0, exact)));
    EXPECT_EQ(codes[i], std::fabs(exact) < 255.0 ? level : std::copysign(256.0, exact)) << i;
    expected[i % kWidth] += level;
    expected_squares[i % kWidth] += level * level;
  }
  for (std::size_t i = 0; i < kWidth; ++i) {
    EXPECT_EQ(sums[i], expected[i]) << i;
    EXPECT_EQ(squares[i], expected_squares[i]) << i;
  }
}

TEST(BlockTailKernels, FifteenBitsFit) {
  const float values[] = {-9.0F, 9.0F, 0.99999F};
  LevelCode codes[3];
  float sums[3] = {};
  float squares[3] = {};
  encode_levels(values, codes, 3, 3, quantizer_grid(kMostCodeBits, 1.0F), {sums, squares});
  EXPECT_EQ(codes[0], -16384);
  EXPECT_EQ(codes[1], 16384);
  EXPECT_EQ(codes[2], 16383);
}

TEST(BlockTailKernels, NormalizesAddsAndQuantizes) {
  const std::vector<LevelCode> codes = random_codes(255);
  const std::vector<float> scale = normal_values(kWidth, 0.005, 5);
  const std::vector<float> shift = normal_values(kWidth, 0.1, 6);
  const std::vector<float> shortcut = normal_values(kCount, 0.5, 7);
  for (const bool adds : {false, true}) {
    for (const QuantizerGrid grid : {quantizer_grid(9, 1.0F), rectifying_grid(7, 1.5F)}) {
      std::vector<float> output(kCount);
      std::vector<std::uint8_t> inside(kCount);
      normalize_levels(codes.data(), 255.0F, scale.data(), shift.data(),
                       adds ? shortcut.data() : nullptr, output.data(), inside.data(), kCount,
                       kWidth, grid);
      for (std::size_t i = 0; i < kCount; ++i) {
        const double value = level_of(codes[i], 255) * static_cast<double>(scale[i % kWidth]) +
                             static_cast<double>(shift[i % kWidth]) +
                             (adds ? static_cast<double>(shortcut[i]) : 0.0);
        const double level = value * static_cast<double>(grid.threshold / grid.range);
        const double lowest = static_cast<double>(grid.lowest);
        const double limit = static_cast<double>(grid.threshold);
        const double expected = std::nearbyint(std::max(lowest, std::min(limit, level)));
        EXPECT_EQ(inside[i], level > lowest && level < limit ? 1 : 0) << i;
        EXPECT_FLOAT_EQ(output[i], static_cast<float>(expected) * grid.range / grid.threshold) << i;
      }
    }
  }
}

TEST(BlockTailKernels, SumsAndPassesGradients) {
  const std::vector<LevelCode> codes = random_codes(127);
  const std::vector<std::uint8_t> inside = random_mask();
  const std::vector<float> gradient = normal_values(kCount, 1.0, 8);
  const std::vector<float> centre = normal_values(kWidth, 20.0, 9);
  std::vector<double> expected(kWidth);
  std::vector<double> expected_products(kWidth);
  for (std::size_t i = 0; i < kCount; ++i) {
    const double kept = inside[i] * static_cast<double>(gradient[i]);
    expected[i % kWidth] += kept;
    expected_products[i % kWidth] +=
        kept * (level_of(codes[i], 127) - static_cast<double>(centre[i % kWidth]));
  }
  for (const bool passes : {false, true}) {
    std::vector<float> sums(kWidth);
    std::vector<float> products(kWidth);
    std::vector<float> passed(kCount);
    sum_gradients(gradient.data(), inside.data(), codes.data(), 127.0F, centre.data(),
                  passes ? passed.data() : nullptr, kCount, kWidth, {sums.data(), products.data()});
    for (std::size_t i = 0; i < kWidth; ++i) {
      EXPECT_NEAR(sums[i], expected[i], 1e-5) << i;
      EXPECT_NEAR(products[i], expected_products[i], 1e-3) << i;
    }
    for (std::size_t i = 0; passes && i < kCount; ++i) {
      EXPECT_EQ(passed[i], inside[i] != 0 ? gradient[i] : 0.0F) << i;
    }
  }
}

TEST(BlockTailKernels, NormalizesGradients) {
  const std::vector<LevelCode> codes = random_codes(127);
  const std::vector<std::uint8_t> inside = random_mask();
  const std::vector<float> gradient = normal_values(kCount, 1.0, 8);
  const std::vector<float> gain = normal_values(kWidth, 1.0, 9);
  const std::vector<float> slope = normal_values(kWidth, 0.01, 10);
  const std::vector<float> offset = normal_values(kWidth, 0.1, 11);
  for (const bool masks : {false, true}) {
    std::vector<float> output(kCount);
    normalize_gradient(gradient.data(), masks ? inside.data() : nullptr, codes.data(), 127.0F,
                       gain.data(), slope.data(), offset.data(), output.data(), kCount, kWidth);
    for (std::size_t i = 0; i < kCount; ++i) {
      const double kept = masks && inside[i] == 0 ? 0.0 : static_cast<double>(gradient[i]);
      const double expected = static_cast<double>(gain[i % kWidth]) * kept +
                              static_cast<double>(slope[i % kWidth]) * level_of(codes[i], 127) +
                              static_cast<double>(offset[i % kWidth]);
      EXPECT_NEAR(output[i], std::abs(codes[i]) > 127 ? 0.0 : expected, 1e-5) << i;
    }
  }
}

}  // namespace
}  // namespace gibbon::train
