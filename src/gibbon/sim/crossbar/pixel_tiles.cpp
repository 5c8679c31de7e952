#include "gibbon/sim/crossbar/pixel_tiles.hpp"

#include <algorithm>

namespace gibbon::sim {

namespace {

CrossbarLayer without_blocks(CrossbarLayer layer) {
  layer.blocks.clear();
  return layer;
}

}  // namespace

PixelTiles::PixelTiles(const CrossbarLayer& layer, int tile_pixels)
    : layer_(without_blocks(layer)), tile_pixels_(tile_pixels) {}

std::int32_t PixelTiles::row_offset(const RowSource& row) const {
  return (row.channel * padded_height() + row.dy) * padded_width() + row.dx;
}

std::vector<std::int16_t> PixelTiles::pad(const float* input, int images) const {
  const int planes = images * layer_.in_channels;
  std::vector<std::int16_t> padded(static_cast<std::size_t>(planes) *
                                   static_cast<std::size_t>(padded_size()));
  if (layer_.padding == 0) {
    quantize_input(layer_, input, padded.size(), padded.data());
    return padded;
  }
  const auto width = static_cast<std::size_t>(layer_.in_width);
  std::int16_t* plane = padded.data() + layer_.padding * (padded_width() + 1);
  for (int p = 0; p < planes; ++p, plane += padded_size()) {
    for (int y = 0; y < layer_.in_height; ++y, input += width) {
      quantize_input(layer_, input, width, plane + y * padded_width());
    }
  }
  return padded;
}

void PixelTiles::for_each(int images, int planes, const TileBody& body) const {
  std::vector<std::int32_t> offsets(static_cast<std::size_t>(tile_pixels_));
  const int total = images * layer_.pixels();
  for (int first = 0; first < total; first += tile_pixels_) {
    const int count = std::min(tile_pixels_, total - first);
    for (int p = 0; p < tile_pixels_; ++p) {
      offsets[static_cast<std::size_t>(p)] = corner_of(p < count ? first + p : first, planes);
    }
    body(offsets.data(), first, count);
  }
}

std::int32_t PixelTiles::corner_of(int pixel, int planes) const {
  const int image = pixel / layer_.pixels();
  const int y = pixel % layer_.pixels() / layer_.out_width;
  const int x = pixel % layer_.out_width;
  return image * planes * padded_size() + y * layer_.stride * padded_width() + x * layer_.stride;
}

}  // namespace gibbon::sim
