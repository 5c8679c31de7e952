#include "gibbon/sim/crossbar/amx_weights.hpp"

#include <cstdint>

#include "gibbon/sim/circuits/integer_math.hpp"

namespace gibbon::sim {

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
  for (int output = 0; output < block.output_count; ++output) {
    for (int r = 0; r < rows; ++r) {
      const int weight = block.weights[static_cast<std::size_t>(output * rows + r)];
      for (int j = 0; j < parts; ++j) {
        const int column = output / packed.outputs * parts + j;
        const int row =
            (column * packed.quad_tiles + r / tile_rows) * packed.outputs + output % packed.outputs;
        packed.rows[static_cast<std::size_t>(row)].bytes[r % tile_rows] =
            static_cast<std::uint8_t>(signed_digit(weight, j, cell_bits));
      }
    }
  }
  return packed;
}

}  // namespace gibbon::sim
