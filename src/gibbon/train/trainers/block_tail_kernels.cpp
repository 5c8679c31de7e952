#include "gibbon/train/trainers/block_tail_kernels.hpp"

#include <algorithm>

#include "gibbon/train/trainers/kernel_support.hpp"

namespace gibbon::train {

namespace {

// The loops over rows stand in each body: what a lambda holds is not compiled for the clones.

GIBBON_TRAIN_INLINE float clamp_level(float level, float lowest, float limit) {
  const float clamped = level < limit ? level : limit;
  return clamped > lowest ? clamped : lowest;
}

GIBBON_TRAIN_INLINE float to_level(LevelCode code, float limit) {
  return clamp_level(static_cast<float>(code), -limit, limit);
}

template <bool kShortcut>
GIBBON_TRAIN_INLINE void normalize_body(const LevelCode* codes, float limit, const float* scale,
                                        const float* shift, const float* shortcut, float* output,
                                        std::uint8_t* inside, std::size_t count, std::size_t width,
                                        QuantizerGrid grid) {
  const float to_grid = grid.threshold / grid.range;
  for (std::size_t first = 0; first < count; first += width) {
    const std::size_t size = std::min(width, count - first);
#pragma GCC ivdep
    for (std::size_t i = 0; i < size; ++i) {
      float value = to_level(codes[first + i], limit) * scale[i] + shift[i];
      if constexpr (kShortcut) value += shortcut[first + i];
      const float level = value * to_grid;
      const float clamped = clamp_level(level, grid.lowest, grid.threshold);
      inside[first + i] =
          static_cast<std::uint8_t>((level < grid.threshold) & (level > grid.lowest));
      const float rounded = (clamped + kRoundingShift) - kRoundingShift;
      output[first + i] = rounded * grid.range / grid.threshold;
    }
  }
}

template <bool kPasses>
GIBBON_TRAIN_INLINE void sum_body(const float* gradient, const std::uint8_t* inside,
                                  const LevelCode* codes, float limit, const float* centre,
                                  float* passed, std::size_t count, std::size_t width,
                                  RowSums sums) {
  for (std::size_t first = 0; first < count; first += width) {
    const std::size_t size = std::min(width, count - first);
#pragma GCC ivdep
    for (std::size_t i = 0; i < size; ++i) {
      const float kept = masked(gradient[first + i], inside[first + i]);
      if constexpr (kPasses) passed[first + i] = kept;
      sums.values[i] += kept;
      sums.products[i] += kept * (to_level(codes[first + i], limit) - centre[i]);
    }
  }
}

template <bool kMasked>
GIBBON_TRAIN_INLINE void gradient_body(const float* gradient, const std::uint8_t* inside,
                                       const LevelCode* codes, float limit, const float* gain,
                                       const float* slope, const float* offset, float* output,
                                       std::size_t count, std::size_t width) {
  for (std::size_t first = 0; first < count; first += width) {
    const std::size_t size = std::min(width, count - first);
#pragma GCC ivdep
    for (std::size_t i = 0; i < size; ++i) {
      float kept = gradient[first + i];
      if constexpr (kMasked) kept = masked(kept, inside[first + i]);
      const auto code = static_cast<float>(codes[first + i]);
      const float level = clamp_level(code, -limit, limit);
      const float result = gain[i] * kept + (slope[i] * level + offset[i]);
      output[first + i] = masked(result, static_cast<std::uint32_t>(level == code));
    }
  }
}

}  // namespace

GIBBON_TRAIN_CLONES static void encode(const float* values, LevelCode* codes, std::size_t count,
                                       std::size_t width, QuantizerGrid grid, RowSums sums) {
  const float limit = grid.threshold;
  const float scale = grid.threshold / grid.range;
  for (std::size_t first = 0; first < count; first += width) {
    const std::size_t size = std::min(width, count - first);
#pragma GCC ivdep
    for (std::size_t i = 0; i < size; ++i) {
      const float level = values[first + i] * scale;
      const float rounded = (clamp_level(level, -limit, limit) + kRoundingShift) - kRoundingShift;
      const std::int32_t cut =
          static_cast<std::int32_t>(level > -limit) - static_cast<std::int32_t>(level < limit);
      codes[first + i] = static_cast<LevelCode>(static_cast<std::int32_t>(rounded) + cut);
      sums.values[i] += rounded;
      sums.products[i] += rounded * rounded;
    }
  }
}

GIBBON_TRAIN_CLONES static void normalize_alone(const LevelCode* codes, float limit,
                                                const float* scale, const float* shift,
                                                float* output, std::uint8_t* inside,
                                                std::size_t count, std::size_t width,
                                                QuantizerGrid grid) {
  normalize_body<false>(codes, limit, scale, shift, nullptr, output, inside, count, width, grid);
}

GIBBON_TRAIN_CLONES static void normalize_and_add(const LevelCode* codes, float limit,
                                                  const float* scale, const float* shift,
                                                  const float* shortcut, float* output,
                                                  std::uint8_t* inside, std::size_t count,
                                                  std::size_t width, QuantizerGrid grid) {
  normalize_body<true>(codes, limit, scale, shift, shortcut, output, inside, count, width, grid);
}

GIBBON_TRAIN_CLONES static void sum_alone(const float* gradient, const std::uint8_t* inside,
                                          const LevelCode* codes, float limit, const float* centre,
                                          std::size_t count, std::size_t width, RowSums sums) {
  sum_body<false>(gradient, inside, codes, limit, centre, nullptr, count, width, sums);
}

GIBBON_TRAIN_CLONES static void sum_and_pass(const float* gradient, const std::uint8_t* inside,
                                             const LevelCode* codes, float limit,
                                             const float* centre, float* passed, std::size_t count,
                                             std::size_t width, RowSums sums) {
  sum_body<true>(gradient, inside, codes, limit, centre, passed, count, width, sums);
}

GIBBON_TRAIN_CLONES static void gradient_of_masked(const float* gradient,
                                                   const std::uint8_t* inside,
                                                   const LevelCode* codes, float limit,
                                                   const float* gain, const float* slope,
                                                   const float* offset, float* output,
                                                   std::size_t count, std::size_t width) {
  gradient_body<true>(gradient, inside, codes, limit, gain, slope, offset, output, count, width);
}

GIBBON_TRAIN_CLONES static void gradient_of_passed(const float* gradient, const LevelCode* codes,
                                                   float limit, const float* gain,
                                                   const float* slope, const float* offset,
                                                   float* output, std::size_t count,
                                                   std::size_t width) {
  gradient_body<false>(gradient, nullptr, codes, limit, gain, slope, offset, output, count, width);
}

void encode_levels(const float* values, LevelCode* codes, std::size_t count, std::size_t width,
                   QuantizerGrid grid, RowSums sums) {
  encode(values, codes, count, width, grid, sums);
}

void normalize_levels(const LevelCode* codes, float limit, const float* scale, const float* shift,
                      const float* shortcut, float* output, std::uint8_t* inside, std::size_t count,
                      std::size_t width, QuantizerGrid grid) {
  if (shortcut == nullptr) {
    return normalize_alone(codes, limit, scale, shift, output, inside, count, width, grid);
  }
  normalize_and_add(codes, limit, scale, shift, shortcut, output, inside, count, width, grid);
}

void sum_gradients(const float* gradient, const std::uint8_t* inside, const LevelCode* codes,
                   float limit, const float* centre, float* passed, std::size_t count,
                   std::size_t width, RowSums sums) {
  if (passed == nullptr) {
    return sum_alone(gradient, inside, codes, limit, centre, count, width, sums);
  }
  sum_and_pass(gradient, inside, codes, limit, centre, passed, count, width, sums);
}

void normalize_gradient(const float* gradient, const std::uint8_t* inside, const LevelCode* codes,
                        float limit, const float* gain, const float* slope, const float* offset,
                        float* output, std::size_t count, std::size_t width) {
  if (inside == nullptr) {
    return gradient_of_passed(gradient, codes, limit, gain, slope, offset, output, count, width);
  }
  gradient_of_masked(gradient, inside, codes, limit, gain, slope, offset, output, count, width);
}

}  // namespace gibbon::train
