#include "gibbon/train/trainers/winograd_tile_kernels.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <vector>

namespace gibbon::train {
namespace {

float from_bfloat16(std::uint16_t word) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(word) << 16);
}

std::vector<float> numbers(std::size_t count) {
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<float>((i * 7 + i / 5) % 13) - 6;
  return values;
}

// An image of one channel and 2 x 2 pixels is one tile, with zeros around:
//
//     0 0 0 0                    1 0 -1  0
//     0 1 2 0         B^T  =     0 1  1  0
//     0 3 4 0                    0 -1 1  0
//     0 0 0 0                    0 1  0 -1
//
// B^T d = [0 -3 -4 0; 0 4 6 0; 0 2 2 0; 0 1 2 0], times B:
TEST(WinogradTiles, ReadsPixelsWithZerosAround) {
  const std::vector<float> image{1, 2, 3, 4};
  std::vector<std::uint16_t> values(kWinogradValues);
  transform_read_tiles({1, 2, 2}, 1, image.data(), 0, 1, values.data(), 1);
  const std::vector<float> expected{4, -7, -1, -3, -6, 10, 2, 4, -2, 4, 0, 2, -2, 3, 1, 1};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(from_bfloat16(values[i]), expected[i]) << i;
  }
}

// A = [1 0; 1 1; 1 -1; 0 -1]; A y = [1 2; 4 6; -2 -2; -3 -4], times A^T:
TEST(WinogradTiles, SpreadsAnOutputsGradient) {
  const std::vector<float> image{1, 2, 3, 4};
  std::vector<std::uint16_t> values(kWinogradValues);
  transform_own_tiles({1, 2, 2}, 1, image.data(), 0, 1, values.data(), 1);
  const std::vector<float> expected{1, 3, -1, -2, 4, 10, -2, -6, -2, -4, 0, 2, -3, -7, 1, 4};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(from_bfloat16(values[i]), expected[i]) << i;
  }
}

// A^T m A with m = 1 .. 16 by rows: A^T m = [15 18 21 24; -17 -18 -19 -20], and of its rows
// 15 + 18 + 21 = 54, 18 - 21 - 24 = -27; -17 - 18 - 19 = -54, -18 + 19 + 20 = 21.
TEST(WinogradTiles, GathersAnOutput) {
  std::vector<float> values;
  for (int i = 1; i <= kWinogradValues; ++i) values.push_back(static_cast<float>(i));
  std::vector<float> image(4);
  write_tiles({1, 2, 2}, 1, values.data(), 1, 0, 1, image.data());
  EXPECT_EQ(image, (std::vector<float>{54, -27, -54, 21}));
}

TEST(WinogradTiles, RoundsToTheNearestBfloat16AndTiesToEven) {
  // 257 lies between 256 and 258, 259 between 258 and 260, 261.5 nearer to 262.
  const std::vector<float> image{257, 0, 0, 0};
  std::vector<std::uint16_t> values(kWinogradValues);
  transform_own_tiles({1, 2, 2}, 1, image.data(), 0, 1, values.data(), 1);
  EXPECT_EQ(from_bfloat16(values[0]), 256);
  const std::vector<float> odd{259, 0, 0, 0};
  transform_own_tiles({1, 2, 2}, 1, odd.data(), 0, 1, values.data(), 1);
  EXPECT_EQ(from_bfloat16(values[0]), 260);
  const std::vector<float> near{261.5F, 0, 0, 0};
  transform_own_tiles({1, 2, 2}, 1, near.data(), 0, 1, values.data(), 1);
  EXPECT_EQ(from_bfloat16(values[0]), 262);
}

// Each tile is transformed as if its 4 x 4 pixels were an image alone; a part of the tiles gives
// what all of them give.
TEST(WinogradTiles, PartsAreThoseOfTheWhole) {
  const TileGrid grid{3, 6, 4};
  constexpr std::int64_t kChannels = 19;
  const std::vector<float> images = numbers(3 * 6 * 4 * kChannels);
  const std::int64_t tiles = grid.tiles();
  ASSERT_EQ(tiles, 18);
  const auto size = static_cast<std::size_t>(kWinogradValues * tiles * kChannels);
  std::vector<std::uint16_t> whole(size);
  transform_read_tiles(grid, kChannels, images.data(), 0, tiles, whole.data(), tiles * kChannels);
  constexpr std::int64_t kFirst = 5;
  constexpr std::int64_t kPart = 7;
  std::vector<std::uint16_t> part(kWinogradValues * kPart * kChannels);
  transform_read_tiles(grid, kChannels, images.data(), kFirst, kPart, part.data(),
                       kPart * kChannels);
  for (std::int64_t k = 0; k < kWinogradValues; ++k) {
    for (std::int64_t i = 0; i < kPart * kChannels; ++i) {
      ASSERT_EQ(part[static_cast<std::size_t>(k * kPart * kChannels + i)],
                whole[static_cast<std::size_t>((k * tiles + kFirst) * kChannels + i)])
          << k << ' ' << i;
    }
  }
}

}  // namespace
}  // namespace gibbon::train
