#pragma once

#include <cstdint>

namespace gibbon::train {

/// Winograd's F(2x2, 3x3) (Lavin and Gray, CVPR 2016, arXiv:1509.09308): four pixels of an output
/// come of 16 products in place of 36. A tile is the 4 x 4 values behind 2 x 2 pixels; tiles lie
/// image after image, row after row. Pixels have their channels together; sides are even.
struct TileGrid {
  std::int64_t count = 0;   ///< of images
  std::int64_t height = 0;  ///< pixels
  std::int64_t width = 0;

  std::int64_t tiles() const { return count * (height / 2) * (width / 2); }
};

constexpr int kWinogradValues = 16;

/// The transforms below are for tiles first .. first + tiles - 1. Transformed values lie as 16
/// matrices [tiles, channels], one for each value of a tile, that begin `distance` values apart.
/// Those in bfloat16 are rounded to nearest even.

/// B^T d B of the 4 x 4 pixels d around each tile's 2 x 2, zeros beyond the image: what a
/// convolution padded by one pixel reads.
void transform_read_tiles(const TileGrid& grid, std::int64_t channels, const float* images,
                          std::int64_t first, std::int64_t tiles, std::uint16_t* values,
                          std::int64_t distance);

/// A y A^T of each tile's 2 x 2 pixels y: the transpose of write_tiles(), for a kernel's gradient.
void transform_own_tiles(const TileGrid& grid, std::int64_t channels, const float* images,
                         std::int64_t first, std::int64_t tiles, std::uint16_t* values,
                         std::int64_t distance);

/// Each tile's 2 x 2 pixels are A^T m A of its transformed products m.
void write_tiles(const TileGrid& grid, std::int64_t channels, const float* values,
                 std::int64_t distance, std::int64_t first, std::int64_t tiles, float* images);

}  // namespace gibbon::train
