#pragma once

#include <cstddef>
#include <cstdint>

namespace gibbon::train {

/// q = round(clamp(x / range * thr, lowest, thr)), result q * range / thr: MNSIM's quantiser (its
/// README, section 9), half to even.
struct QuantizerGrid {
  float threshold = 255.0F;  ///< thr = 2^(bits-1) - 1
  float range = 1.0F;        ///< value of the level thr
  float lowest = -255.0F;    ///< level: -thr, or 0 where a ReLU stands before the quantiser
};

QuantizerGrid quantizer_grid(int bits, float range);
/// The same, with a ReLU before it.
QuantizerGrid rectifying_grid(int bits, float range);

/// The bit pattern of a bfloat16: the upper half of a float32.
enum class Bfloat16Bits : std::uint16_t {};

/// Quantises `count` values; `output` may be `input`. Where `inside` is not null it gets 1 for
/// values strictly inside the range, where the clamp lets gradients through, else 0.
void quantize(const float* input, float* output, std::uint8_t* inside, std::size_t count,
              QuantizerGrid grid);
void quantize(const Bfloat16Bits* input, Bfloat16Bits* output, std::uint8_t* inside,
              std::size_t count, QuantizerGrid grid);

/// gradient * inside; `output` may be `gradient`.
void mask_gradient(const float* gradient, const std::uint8_t* inside, float* output,
                   std::size_t count);
void mask_gradient(const Bfloat16Bits* gradient, const std::uint8_t* inside, Bfloat16Bits* output,
                   std::size_t count);

struct Moments {
  double sum = 0.0;
  double squares = 0.0;
};

/// Sum and sum of squares, in an order that depends on `count` alone.
Moments moments(const float* values, std::size_t count);
Moments moments(const Bfloat16Bits* values, std::size_t count);

/// max |x|, 0 for no values.
float largest_magnitude(const float* values, std::size_t count);

}  // namespace gibbon::train
