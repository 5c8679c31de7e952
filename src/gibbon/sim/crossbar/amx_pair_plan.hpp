#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "gibbon/sim/crossbar/amx_weights.hpp"
#include "gibbon/sim/crossbar/pixel_tiles.hpp"

namespace gibbon::sim {

// With a 1-bit DAC and inputs that are not negative, a byte holds the bits of two cycles, a_i + 128
// a_(i+1), and one AMX product serves both: a column's sum is n_i + 128 n_(i+1). The weights alone
// bound n: with the column's positive digits adding up to p and its negative ones to m, -m <= n <=
// p. So while p + m <= 127,
//   sum + m (1 + 128) = (n_i + m) + 128 (n_(i+1) + m)
// is two fields of 7 bits, and two such sums are four: four cycles that one byte shift takes apart.
// Where p + m is larger the rows are cut into segments in which it is not, and the fields of the
// segments are added as bytes. The byte n + m then picks the converter's code from a table.

inline constexpr int kFieldBits = 7;
inline constexpr int kFieldLimit = (1 << kFieldBits) - 1;
inline constexpr int kFields = 4;  ///< cycles that share a 32-bit word
inline constexpr int kMaxPairs = 4;
inline constexpr int kLargestIndex = 255;

/// Rows whose sums are taken apart together, for all outputs of a tile in one part.
struct PairSegment {
  int end = 0;  ///< quad tile behind its last one
  /// [output]: m in each of the four fields.
  std::array<std::int32_t, kAmxRows> bias{};
};

/// One row block.
struct PairBlock {
  int first_output = 0;
  int output_count = 0;
  AmxWeights weights;
  std::vector<std::int32_t> row_offsets;  ///< [quads of the weights * 4], from a pixel's corner
  std::vector<int> segment_starts{0};     ///< [output tile][part] + 1, into segments
  std::vector<PairSegment> segments;
  /// [output tile][part]: place in the table of each output's sum -m.
  std::vector<std::array<std::int32_t, kAmxRows>> windows;
  /// [output]: what the running sum may be before the block so that no step rounds it.
  std::vector<std::int32_t> room;
};

/// A layer packed for pairs of cycles. Sums are integers in units of `unit`.
struct AmxPairPlan {
  int out_channels = 0;
  int pairs = 0;
  int parts = 0;
  int cell_bits = 0;
  int max_quads = 0;
  int max_segments = 0;  ///< of a part of an output tile
  float unit = 1;
  std::vector<std::int8_t> table;  ///< codes, 256 readable from every window
  std::vector<PairBlock> blocks;
};

/// Packs a layer; empty where pairs do not suit it: a DAC of more than one bit, more than eight
/// cycles, another mode than kScale, codes beyond +-127, columns with p + m > 255 or with more than
/// 127 in one tile of rows.
std::optional<AmxPairPlan> make_amx_pair_plan(const CrossbarLayer& layer, const PixelTiles& tiles);

}  // namespace gibbon::sim
