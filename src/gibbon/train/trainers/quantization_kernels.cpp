#include "gibbon/train/trainers/quantization_kernels.hpp"

#include <algorithm>
#include <cmath>

#include "gibbon/train/trainers/kernel_support.hpp"

namespace gibbon::train {

namespace {

GIBBON_TRAIN_INLINE float to_float(float value) {
  return value;
}
GIBBON_TRAIN_INLINE float to_float(Bfloat16Bits value) {
  return GIBBON_TRAIN_BITS(float, static_cast<std::uint32_t>(value) << 16);
}

GIBBON_TRAIN_INLINE void assign(float& target, float value) {
  target = value;
}
GIBBON_TRAIN_INLINE void assign(Bfloat16Bits& target, float value) {
  const auto bits = GIBBON_TRAIN_BITS(std::uint32_t, value);
  target = static_cast<Bfloat16Bits>((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
}

template <typename T, bool kMasked>
GIBBON_TRAIN_INLINE void quantize_body(const T* input, T* output, std::uint8_t* inside,
                                       std::size_t count, QuantizerGrid grid) {
  const float limit = grid.threshold;
  const float lowest = grid.lowest;
  const float range = grid.range;
  const float scale = grid.threshold / grid.range;
#pragma GCC ivdep  // in place, each element is read before it is written
  for (std::size_t i = 0; i < count; ++i) {
    const float level = to_float(input[i]) * scale;
    float clamped = level < limit ? level : limit;
    clamped = clamped > lowest ? clamped : lowest;
    if constexpr (kMasked) {
      inside[i] = static_cast<std::uint8_t>((level < limit) & (level > lowest));
    }
    const float rounded = (clamped + kRoundingShift) - kRoundingShift;
    assign(output[i], rounded * range / limit);
  }
}

using train::masked;
GIBBON_TRAIN_INLINE Bfloat16Bits masked(Bfloat16Bits value, std::uint32_t inside) {
  return static_cast<Bfloat16Bits>(static_cast<std::uint32_t>(value) & (0U - inside));
}

template <typename T>
GIBBON_TRAIN_INLINE void mask_body(const T* gradient, const std::uint8_t* inside, T* output,
                                   std::size_t count) {
#pragma GCC ivdep
  for (std::size_t i = 0; i < count; ++i) output[i] = masked(gradient[i], inside[i]);
}

template <typename T>
GIBBON_TRAIN_INLINE Moments moments_body(const T* values, std::size_t count) {
  constexpr std::size_t kLanes = 32;
  constexpr std::size_t kBlock = 128 * kLanes;  // float sums stay short, so that they stay exact
  Moments total;
  std::size_t begin = 0;
  for (; begin + kLanes <= count;) {
    const std::size_t end = std::min(begin + kBlock, begin + (count - begin) / kLanes * kLanes);
    float sums[kLanes] = {};
    float squares[kLanes] = {};
    for (std::size_t i = begin; i < end; i += kLanes) {
      for (std::size_t lane = 0; lane < kLanes; ++lane) {
        const float value = to_float(values[i + lane]);
        sums[lane] += value;
        squares[lane] += value * value;
      }
    }
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      total.sum += sums[lane];
      total.squares += squares[lane];
    }
    begin = end;
  }
  for (; begin < count; ++begin) {
    const double value = to_float(values[begin]);
    total.sum += value;
    total.squares += value * value;
  }
  return total;
}

}  // namespace

QuantizerGrid quantizer_grid(int bits, float range) {
  const auto threshold = static_cast<float>((1 << (bits - 1)) - 1);
  return {threshold, range, -threshold};
}

QuantizerGrid rectifying_grid(int bits, float range) {
  QuantizerGrid grid = quantizer_grid(bits, range);
  grid.lowest = 0.0F;
  return grid;
}

GIBBON_TRAIN_CLONES static void quantize_masked(const float* input, float* output,
                                                std::uint8_t* inside, std::size_t count,
                                                QuantizerGrid grid) {
  quantize_body<float, true>(input, output, inside, count, grid);
}

GIBBON_TRAIN_CLONES static void quantize_plain(const float* input, float* output, std::size_t count,
                                               QuantizerGrid grid) {
  quantize_body<float, false>(input, output, nullptr, count, grid);
}

GIBBON_TRAIN_CLONES static void quantize_masked16(const Bfloat16Bits* input, Bfloat16Bits* output,
                                                  std::uint8_t* inside, std::size_t count,
                                                  QuantizerGrid grid) {
  quantize_body<Bfloat16Bits, true>(input, output, inside, count, grid);
}

GIBBON_TRAIN_CLONES static void quantize_plain16(const Bfloat16Bits* input, Bfloat16Bits* output,
                                                 std::size_t count, QuantizerGrid grid) {
  quantize_body<Bfloat16Bits, false>(input, output, nullptr, count, grid);
}

GIBBON_TRAIN_CLONES static void mask32(const float* gradient, const std::uint8_t* inside,
                                       float* output, std::size_t count) {
  mask_body(gradient, inside, output, count);
}

GIBBON_TRAIN_CLONES static void mask16(const Bfloat16Bits* gradient, const std::uint8_t* inside,
                                       Bfloat16Bits* output, std::size_t count) {
  mask_body(gradient, inside, output, count);
}

GIBBON_TRAIN_CLONES static Moments moments32(const float* values, std::size_t count) {
  return moments_body(values, count);
}

GIBBON_TRAIN_CLONES static Moments moments16(const Bfloat16Bits* values, std::size_t count) {
  return moments_body(values, count);
}

GIBBON_TRAIN_CLONES static float largest32(const float* values, std::size_t count) {
  float largest[16] = {};
  std::size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    for (std::size_t lane = 0; lane < 16; ++lane) {
      const float magnitude = std::fabs(values[i + lane]);
      largest[lane] = magnitude > largest[lane] ? magnitude : largest[lane];
    }
  }
  float result = *std::max_element(largest, largest + 16);
  for (; i < count; ++i) result = std::max(result, std::fabs(values[i]));
  return result;
}

void quantize(const float* input, float* output, std::uint8_t* inside, std::size_t count,
              QuantizerGrid grid) {
  if (inside != nullptr) return quantize_masked(input, output, inside, count, grid);
  quantize_plain(input, output, count, grid);
}

void quantize(const Bfloat16Bits* input, Bfloat16Bits* output, std::uint8_t* inside,
              std::size_t count, QuantizerGrid grid) {
  if (inside != nullptr) return quantize_masked16(input, output, inside, count, grid);
  quantize_plain16(input, output, count, grid);
}

void mask_gradient(const float* gradient, const std::uint8_t* inside, float* output,
                   std::size_t count) {
  mask32(gradient, inside, output, count);
}

void mask_gradient(const Bfloat16Bits* gradient, const std::uint8_t* inside, Bfloat16Bits* output,
                   std::size_t count) {
  mask16(gradient, inside, output, count);
}

Moments moments(const float* values, std::size_t count) {
  return moments32(values, count);
}
Moments moments(const Bfloat16Bits* values, std::size_t count) {
  return moments16(values, count);
}

float largest_magnitude(const float* values, std::size_t count) {
  return largest32(values, count);
}

}  // namespace gibbon::train
