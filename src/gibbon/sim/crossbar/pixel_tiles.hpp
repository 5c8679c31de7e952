#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <vector>

#include "gibbon/sim/crossbar/crossbar_layer.hpp"

namespace gibbon::sim {

/// Whether `count` pixels of a tile, given by their offsets, lie side by side in an image. The ends
/// tell: offsets grow by one at least, but for those that fill a tile up (PixelTiles::for_each).
inline bool lie_side_by_side(const std::int32_t* offsets, int count) {
  return offsets[count - 1] == offsets[0] + count - 1;
}

/// The output pixels of a batch of images, in one row and cut into tiles that may span images, and
/// the padded integer images that they read. Shared by the kernels that work on tiles. const and
/// thread-safe; holds only the layer's geometry and grids.
class PixelTiles {
 public:
  PixelTiles(const CrossbarLayer& layer, int tile_pixels);

  int padded_width() const { return layer_.in_width + 2 * layer_.padding; }
  int padded_height() const { return layer_.in_height + 2 * layer_.padding; }
  int padded_size() const { return padded_width() * padded_height(); }
  /// Offset of a row's input from the pixel's corner in the padded images.
  std::int32_t row_offset(const RowSource& row) const;

  /// The images on the layer's input grid, zeros around them.
  std::vector<std::int16_t> pad(const float* input, int images) const;
  /// Calls body(offsets of the tile's pixels, first pixel, pixels that count) for every tile. The
  /// last tile is filled up with its first pixel.
  using TileBody = std::function<void(const std::int32_t* offsets, int first, int count)>;
  void for_each(int images, const TileBody& body) const {
    for_each(images, layer_.in_channels, body);
  }
  /// The same for images of `planes` padded planes instead of the layer's channels.
  void for_each(int images, int planes, const TileBody& body) const;
  /// Hands the runs of a tile's sums [out_channels, tile] that lie in one image to finish(sums,
  /// count, output).
  template <typename Sum, typename Finish>
  void write(const Sum* sums, int first, int count, float* output, const Finish& finish) const {
    const int pixels = layer_.pixels();
    for (int done = 0; done < count;) {
      const int image = (first + done) / pixels;
      const int position = (first + done) % pixels;
      const int run = std::min(count - done, pixels - position);
      float* to = output + static_cast<long>(image) * layer_.out_channels * pixels + position;
      for (int o = 0; o < layer_.out_channels; ++o) {
        finish(sums + o * tile_pixels_ + done, run, to + static_cast<long>(o) * pixels);
      }
      done += run;
    }
  }

 private:
  std::int32_t corner_of(int pixel, int planes) const;

  CrossbarLayer layer_;  ///< without its blocks
  int tile_pixels_;
};

}  // namespace gibbon::sim
