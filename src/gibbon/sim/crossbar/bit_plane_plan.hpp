#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "gibbon/sim/crossbar/crossbar_layer.hpp"
#include "gibbon/sim/crossbar/pixel_tiles.hpp"

namespace gibbon::sim {

// Where inputs and cells hold one bit each, a column's sum is a number of set bits. With the input
// bits a, and the bits p of the positive and m of the negative cells (never both set),
//   sum a p - sum a m = count((a & p) | (~a & m)) - count(m),
// one logic operation and one count for a byte of eight wordlines. Inputs must not be negative.

/// Up to eight channels whose bits share a byte.
using ChannelByte = std::vector<int>;

/// Bits of eight wordlines: bytes of the images, shifted to where they do not overlap.
struct ByteSource {
  std::int32_t offset;  ///< from a pixel's corner in an image of bytes
  std::int32_t shift;
};

/// The cells of eight wordlines in one column, each mask four times over.
struct ByteWeight {
  std::int32_t step;  ///< which eight wordlines
  std::int32_t plus;
  std::int32_t minus;
};

/// One row block. A step is eight wordlines.
struct BitBlock {
  int first_output = 0;
  int output_count = 0;
  std::vector<ByteSource> sources;
  std::vector<int> step_starts{0};       ///< [steps + 1], into sources
  std::vector<ByteWeight> weights;       ///< those with a cell set
  std::vector<int> column_starts{0};     ///< [output][part] + 1, into weights
  std::vector<std::uint8_t> first_code;  ///< [output][part]: index of the table less its count
  /// [output]: what the running sum may be before the block so that no step rounds it.
  std::vector<std::int32_t> room;

  int steps() const { return static_cast<int>(step_starts.size()) - 1; }
};

/// A layer packed for counting bits. Sums are integers in units of `unit`.
struct BitPlan {
  int out_channels = 0;
  int cycles = 0;
  int parts = 0;
  int max_steps = 0;
  float unit = 1;
  int table_size = 0;                    ///< 64, 128 or 256
  std::array<std::int8_t, 256> table{};  ///< the converter's codes of all sums, smallest first
  std::vector<ChannelByte> bytes;        ///< an image is [bytes][padded height][padded width]
  std::vector<BitBlock> blocks;

  /// Bytes that a pixel takes in a vector, one a cycle.
  int lane_bytes() const { return cycles <= 4 ? 4 : 8; }
};

/// Packs a layer; empty where counting bits does not suit it: digits of more than one bit, more
/// than eight cycles, another mode than kScale, codes or sums that do not fit a byte.
std::optional<BitPlan> make_bit_plan(const CrossbarLayer& layer, const PixelTiles& tiles);

}  // namespace gibbon::sim
