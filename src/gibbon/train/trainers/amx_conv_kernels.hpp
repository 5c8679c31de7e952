#pragma once

#include <cstdint>

#include "gibbon/train/trainers/amx_conv_layout.hpp"

/// Products for convolutions in bfloat16 on AMX's tiles, sums in float32 (Intel SDM volume 1,
/// chapter 18; TDPBF16PS). A convolution padded by half its side is a sum over its taps of products
/// of matrices, pixels by channels, and a tap's pixels lie at one distance from those of the output
/// if zeros stand between rows and between images. With a stride the same is true of each of the
/// input's phases.
namespace gibbon::train {

/// Whether this build, the processor and the system (which is asked once) have the tiles.
bool amx_conv_available();

/// Pixels of images `stride` times as high and wide as a grid's: every stride-th of both.
struct Lattice {
  std::int64_t stride = 1;
  std::int64_t row = 0;  ///< of the first
  std::int64_t column = 0;
};

/// Output pixels [first, first + kPixelsAtOnce) of the sequence: sum over taps and channels of
/// pixel * kernel, written to the lattice's pixels of float32 images [count][height * stride][width
/// * stride][kernel.out]. `rows` holds kernel.in channels.
void multiply_pixels(const PixelGrid& grid, const TapKernel& kernel, const std::uint16_t* rows,
                     const std::uint16_t* packed, std::int64_t first, const Lattice& lattice,
                     float* images);

/// gradient[out][tap][in] = sum over pixels of columns[out][pixel] * pairs[pixel + tap][in], for
/// kInputsAtOnce inputs and kOutputsAtOnce outputs from these on; all taps of the kernel.
inline constexpr std::int64_t kInputsAtOnce = 64;
inline constexpr std::int64_t kOutputsAtOnce = 32;
void multiply_channels(const PixelGrid& grid, const TapKernel& kernel, const std::uint16_t* columns,
                       const std::uint16_t* pairs, std::int64_t first_in, std::int64_t first_out,
                       float* gradient);

}  // namespace gibbon::train
