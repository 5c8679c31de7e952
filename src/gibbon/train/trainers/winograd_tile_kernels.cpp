#include "gibbon/train/trainers/winograd_tile_kernels.hpp"

#include <array>
#include <vector>

#include "gibbon/train/trainers/kernel_support.hpp"

namespace gibbon::train {

namespace {

// Loops run over channels, whose values are next to each other; all else is written out, and no
// lambda is used, so that compilers find vectors in each of the clones.

constexpr int kSide = 4;

GIBBON_TRAIN_INLINE std::uint16_t to_bfloat16(float value) {
  const auto bits = GIBBON_TRAIN_BITS(std::uint32_t, value);
  return static_cast<std::uint16_t>((bits + 0x7fffU + ((bits >> 16) & 1U)) >> 16);
}

/// A row or a column of a tile.
struct Four {
  float a, b, c, d;
};

/// B^T x.
GIBBON_TRAIN_INLINE Four read_four(float a, float b, float c, float d) {
  return {a - c, b + c, c - b, b - d};
}

/// A y.
GIBBON_TRAIN_INLINE Four own_four(float first, float second) {
  return {first, first + second, first - second, -second};
}

/// A^T m.
GIBBON_TRAIN_INLINE float first_of(Four m) {
  return m.a + m.b + m.c;
}
GIBBON_TRAIN_INLINE float second_of(Four m) {
  return m.b - m.c - m.d;
}

GIBBON_TRAIN_INLINE void put_row(Four row, std::int64_t stride, std::uint16_t* values) {
  values[0] = to_bfloat16(row.a);
  values[stride] = to_bfloat16(row.b);
  values[2 * stride] = to_bfloat16(row.c);
  values[3 * stride] = to_bfloat16(row.d);
}

GIBBON_TRAIN_INLINE Four get_row(const float* values, std::int64_t stride) {
  return {values[0], values[stride], values[2 * stride], values[3 * stride]};
}

using Pixels = std::array<const float*, kWinogradValues>;

/// `stride` is the distance of a tile's transformed values.
GIBBON_TRAIN_CLONES void read_tile(const Pixels& pixels, std::int64_t channels, std::int64_t stride,
                                   std::uint16_t* values) {
  const float *p0 = pixels[0], *p1 = pixels[1], *p2 = pixels[2], *p3 = pixels[3];
  const float *p4 = pixels[4], *p5 = pixels[5], *p6 = pixels[6], *p7 = pixels[7];
  const float *p8 = pixels[8], *p9 = pixels[9], *p10 = pixels[10], *p11 = pixels[11];
  const float *p12 = pixels[12], *p13 = pixels[13], *p14 = pixels[14], *p15 = pixels[15];
#pragma GCC ivdep
  for (std::int64_t i = 0; i < channels; ++i) {
    const Four k = read_four(p0[i], p4[i], p8[i], p12[i]);
    const Four l = read_four(p1[i], p5[i], p9[i], p13[i]);
    const Four m = read_four(p2[i], p6[i], p10[i], p14[i]);
    const Four n = read_four(p3[i], p7[i], p11[i], p15[i]);
    put_row(read_four(k.a, l.a, m.a, n.a), stride, values + i);
    put_row(read_four(k.b, l.b, m.b, n.b), stride, values + 4 * stride + i);
    put_row(read_four(k.c, l.c, m.c, n.c), stride, values + 8 * stride + i);
    put_row(read_four(k.d, l.d, m.d, n.d), stride, values + 12 * stride + i);
  }
}

/// `row`: the distance of two rows of pixels.
GIBBON_TRAIN_CLONES void own_tile(const float* pixels, std::int64_t row, std::int64_t channels,
                                  std::int64_t stride, std::uint16_t* values) {
#pragma GCC ivdep
  for (std::int64_t i = 0; i < channels; ++i) {
    const Four left = own_four(pixels[i], pixels[row + i]);
    const Four right = own_four(pixels[channels + i], pixels[row + channels + i]);
    put_row(own_four(left.a, right.a), stride, values + i);
    put_row(own_four(left.b, right.b), stride, values + 4 * stride + i);
    put_row(own_four(left.c, right.c), stride, values + 8 * stride + i);
    put_row(own_four(left.d, right.d), stride, values + 12 * stride + i);
  }
}

GIBBON_TRAIN_CLONES void write_tile(const float* values, std::int64_t stride, std::int64_t row,
                                    std::int64_t channels, float* pixels) {
#pragma GCC ivdep
  for (std::int64_t i = 0; i < channels; ++i) {
    const Four k = get_row(values + i, stride);
    const Four l = get_row(values + 4 * stride + i, stride);
    const Four m = get_row(values + 8 * stride + i, stride);
    const Four n = get_row(values + 12 * stride + i, stride);
    const Four left = {first_of(k), first_of(l), first_of(m), first_of(n)};
    const Four right = {second_of(k), second_of(l), second_of(m), second_of(n)};
    pixels[i] = first_of(left);
    pixels[channels + i] = first_of(right);
    pixels[row + i] = second_of(left);
    pixels[row + channels + i] = second_of(right);
  }
}

/// A tile's first pixel.
struct Place {
  std::int64_t image, row, column;
};

Place place_of(const TileGrid& grid, std::int64_t tile) {
  const std::int64_t across = grid.width / 2;
  const std::int64_t down = grid.height / 2;
  return {tile / (across * down), 2 * (tile / across % down), 2 * (tile % across)};
}

std::int64_t offset_of(const TileGrid& grid, std::int64_t channels, const Place& at) {
  return ((at.image * grid.height + at.row) * grid.width + at.column) * channels;
}

Pixels pixels_around(const TileGrid& grid, std::int64_t channels, const float* images,
                     const Place& tile, const float* zeros) {
  Pixels pixels;
  for (int i = 0; i < kWinogradValues; ++i) {
    const Place at{tile.image, tile.row - 1 + i / kSide, tile.column - 1 + i % kSide};
    const bool inside =
        at.row >= 0 && at.row < grid.height && at.column >= 0 && at.column < grid.width;
    pixels[static_cast<std::size_t>(i)] = inside ? images + offset_of(grid, channels, at) : zeros;
  }
  return pixels;
}

}  // namespace

void transform_read_tiles(const TileGrid& grid, std::int64_t channels, const float* images,
                          std::int64_t first, std::int64_t tiles, std::uint16_t* values,
                          std::int64_t distance) {
  const std::vector<float> zeros(static_cast<std::size_t>(channels));
  for (std::int64_t i = 0; i < tiles; ++i) {
    const Place tile = place_of(grid, first + i);
    read_tile(pixels_around(grid, channels, images, tile, zeros.data()), channels, distance,
              values + i * channels);
  }
}

void transform_own_tiles(const TileGrid& grid, std::int64_t channels, const float* images,
                         std::int64_t first, std::int64_t tiles, std::uint16_t* values,
                         std::int64_t distance) {
  for (std::int64_t i = 0; i < tiles; ++i) {
    const float* pixels = images + offset_of(grid, channels, place_of(grid, first + i));
    own_tile(pixels, grid.width * channels, channels, distance, values + i * channels);
  }
}

void write_tiles(const TileGrid& grid, std::int64_t channels, const float* values,
                 std::int64_t distance, std::int64_t first, std::int64_t tiles, float* images) {
  for (std::int64_t i = 0; i < tiles; ++i) {
    float* pixels = images + offset_of(grid, channels, place_of(grid, first + i));
    write_tile(values + i * channels, distance, grid.width * channels, channels, pixels);
  }
}

}  // namespace gibbon::train
