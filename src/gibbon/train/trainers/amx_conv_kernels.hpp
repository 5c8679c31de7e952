#pragma once

#include <cstdint>

#include "gibbon/train/trainers/amx_conv_layout.hpp"

/// Products for convolutions in bfloat16 on AMX's tiles, sums in float32 (Intel SDM volume 1,
/// chapter 18; TDPBF16PS). A convolution of stride 1 that keeps the image's size is a sum over its
/// taps of products of matrices, pixels by channels, and a tap's pixels lie at one distance from
/// those of the output if zeros stand between rows and between images.
namespace gibbon::train {

/// Whether this build, the processor and the system (which is asked once) have the tiles.
bool amx_conv_available();

/// Output pixels [first, first + kPixelsAtOnce) of the sequence: sum over taps and channels of
/// pixel * kernel, written to float32 images [count][height][width][kernel.out]. `rows` holds
/// kernel.in channels.
void multiply_pixels(const PixelGrid& grid, const TapKernel& kernel, const std::uint16_t* rows,
                     const std::uint16_t* packed, std::int64_t first, float* images);

/// gradient[out][in][tap] = sum over pixels of columns[out][pixel] * pairs[pixel + tap][in], for
/// kInputsAtOnce inputs and kOutputsAtOnce outputs from these on.
inline constexpr std::int64_t kInputsAtOnce = 64;
inline constexpr std::int64_t kOutputsAtOnce = 32;
void multiply_channels(const PixelGrid& grid, const TapKernel& kernel, const std::uint16_t* columns,
                       const std::uint16_t* pairs, std::int64_t first_in, std::int64_t first_out,
                       float* gradient);

}  // namespace gibbon::train
