#include "gibbon/sim/crossbar/digit_pairs.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>

namespace gibbon::sim {

namespace {

/// The end of a chunk costs about as much as this many quads (measured with AVX-512).
constexpr int kChunkCostQuads = 6;

using Lanes = std::array<int, kOutputTile>;

int digit_of(std::int32_t word, int byte) {
  return static_cast<std::int8_t>(static_cast<std::uint32_t>(word) >> (8 * byte));
}

/// Cuts one column tile; false if one quad alone is too much.
bool cut_column_tile(const std::int32_t* weights, BlockPlan& block) {
  Lanes magnitudes{};
  Lanes sums{};
  const auto close = [&](int end) {
    block.chunk_ends.push_back(end);
    for (const int sum : sums) block.chunk_corrections.push_back(-kPairOffset * sum);
    magnitudes.fill(0);
    sums.fill(0);
  };
  for (int quad = 0; quad < block.quads; ++quad, weights += kOutputTile) {
    Lanes quad_magnitudes{};
    Lanes quad_sums{};
    bool fits = true;
    for (std::size_t lane = 0; lane < kOutputTile; ++lane) {
      for (int byte = 0; byte < 4; ++byte) {
        const int digit = digit_of(weights[lane], byte);
        quad_magnitudes[lane] += std::abs(digit);
        quad_sums[lane] += digit;
      }
      if (quad_magnitudes[lane] > kPairLimit) return false;
      fits = fits && magnitudes[lane] + quad_magnitudes[lane] <= kPairLimit;
    }
    if (!fits) close(quad);
    for (std::size_t lane = 0; lane < kOutputTile; ++lane) {
      magnitudes[lane] += quad_magnitudes[lane];
      sums[lane] += quad_sums[lane];
    }
  }
  close(block.quads);
  return true;
}

}  // namespace

void pair_cycles(const CrossbarLayer& layer, TilePlan& plan) {
  if (layer.dac_bits != 1 || layer.cycles < 2 || plan.epilogue == Epilogue::kInteger) return;
  if (layer.cell_bits > 6) return;  // AVX2 adds two products of a byte in 16 bits
  long saved = 0;
  for (BlockPlan& block : plan.blocks) {
    const auto column_tiles = block.corrections.size() / kOutputTile;
    block.chunk_starts = {0};
    for (std::size_t tile = 0; tile < column_tiles; ++tile) {
      const auto quads = static_cast<std::size_t>(block.quads);
      if (!cut_column_tile(block.weights.data() + tile * quads * kOutputTile, block)) return;
      block.chunk_starts.push_back(static_cast<int>(block.chunk_ends.size()));
      const int chunks = block.chunk_starts[tile + 1] - block.chunk_starts[tile];
      saved += block.quads - kChunkCostQuads * chunks;
    }
  }
  plan.paired = saved > 0;
}

}  // namespace gibbon::sim
