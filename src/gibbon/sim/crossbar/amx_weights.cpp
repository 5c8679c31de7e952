#include "gibbon/sim/crossbar/amx_weights.hpp"

#include <algorithm>
#include <cstdint>

#include "gibbon/sim/circuits/integer_math.hpp"

namespace gibbon::sim {

namespace {

/// signed_digit() of each weight, as a loop that compilers turn into vectors.
void split_off(const std::int16_t* weights, int count, int shift, int bits, std::uint8_t* digits) {
  const int mask = (1 << bits) - 1;
  for (int i = 0; i < count; ++i) {
    const auto sign = static_cast<std::int16_t>(weights[i] >> 15);
    const auto magnitude = static_cast<std::int16_t>((weights[i] ^ sign) - sign);
    const auto digit = static_cast<std::int16_t>((magnitude >> shift) & mask);
    digits[i] = static_cast<std::uint8_t>((digit ^ sign) - sign);
  }
}

}  // namespace

AmxWeights pack_amx_weights(const RowBlock& block, int parts, int cell_bits) {
  const auto rows = static_cast<int>(block.rows.size());
  AmxWeights packed;
  packed.output_tiles = ceil_div(block.output_count, kAmxRows);
  packed.outputs = ceil_div(block.output_count, packed.output_tiles);
  packed.quad_tiles = ceil_div(rows, kAmxRowBytes);
  packed.quads = ceil_div(ceil_div(rows, 4), packed.quad_tiles);
  packed.rows.resize(static_cast<std::size_t>(packed.output_tiles * parts * packed.quad_tiles) *
                     static_cast<std::size_t>(packed.outputs));
  const int tile_rows = packed.quads * 4;
  const std::int16_t* weights = block.weights.data();
  for (int output = 0; output < block.output_count; ++output, weights += rows) {
    for (int j = 0; j < parts; ++j) {
      const int column = output / packed.outputs * parts + j;
      for (int tile = 0; tile < packed.quad_tiles; ++tile) {
        const int row =
            (column * packed.quad_tiles + tile) * packed.outputs + output % packed.outputs;
        const int first = tile * tile_rows;
        split_off(weights + first, std::min(tile_rows, rows - first), j * cell_bits, cell_bits,
                  packed.rows[static_cast<std::size_t>(row)].bytes);
      }
    }
  }
  return packed;
}

}  // namespace gibbon::sim
