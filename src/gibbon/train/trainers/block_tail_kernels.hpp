#pragma once

#include <cstddef>
#include <cstdint>

#include "gibbon/train/trainers/quantization_kernels.hpp"

namespace gibbon::train {

// The passes of block_tail.hpp over float32 values whose channels lie together. To loop over more
// than a few channels at a time, the kernels see `width` values as one row: several pixels, so that
// the arrays "of a row" hold each channel's value as many times. `count` may end inside a row.

/// A code is the level of a quantised value; limit + 1 and -limit - 1 stand for values that the
/// clamp cut to the levels limit and -limit. Room for grids of up to 15 bits.
using LevelCode = std::int16_t;
constexpr int kMostCodeBits = 15;

/// What a row's places have gathered, each by plain addition: exact for up to 256 rows of levels of
/// up to 9 bits.
struct RowSums {
  float* values;
  float* products;
};

/// Quantises `values` into codes; adds the levels and their squares to `sums`. The grid must reach
/// from -threshold to threshold.
void encode_levels(const float* values, LevelCode* codes, std::size_t count, std::size_t width,
                   QuantizerGrid grid, RowSums sums);

/// v = scale * level + shift + shortcut (null: none), quantised on `grid`; `inside` as quantize()
/// writes it. `limit` is the greatest level of the codes. `output` may be `shortcut`.
void normalize_levels(const LevelCode* codes, float limit, const float* scale, const float* shift,
                      const float* shortcut, float* output, std::uint8_t* inside, std::size_t count,
                      std::size_t width, QuantizerGrid grid);

/// Adds the gradient g * inside and its product with (level - centre) to `sums`, and writes the
/// first to `passed` unless that is null.
void sum_gradients(const float* gradient, const std::uint8_t* inside, const LevelCode* codes,
                   float limit, const float* centre, float* passed, std::size_t count,
                   std::size_t width, RowSums sums);

/// gain * g + slope * level + offset where the code was not cut, else 0; g = gradient * inside, or
/// the gradient where `inside` is null. gain, slope and offset are of a row.
void normalize_gradient(const float* gradient, const std::uint8_t* inside, const LevelCode* codes,
                        float limit, const float* gain, const float* slope, const float* offset,
                        float* output, std::size_t count, std::size_t width);

}  // namespace gibbon::train
