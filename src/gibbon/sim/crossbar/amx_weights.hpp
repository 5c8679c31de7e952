#pragma once

#include <cstddef>
#include <vector>

#include "gibbon/sim/crossbar/amx_tiles.hpp"
#include "gibbon/sim/crossbar/crossbar_layer.hpp"
#include "gibbon/sim/crossbar/tile_row.hpp"

namespace gibbon::sim {

/// The weight digits of a row block as AMX tiles of equal shape. Missing outputs and rows are 0.
struct AmxWeights {
  int output_tiles = 0;
  int outputs = 0;  ///< of a tile, at most 16
  int quad_tiles = 0;
  int quads = 0;              ///< of a tile, four rows each, at most 16
  std::vector<TileRow> rows;  ///< [output tile][part][quad tile][outputs], signed bytes

  int all_quads() const { return quad_tiles * quads; }
  /// The tiles [quad tile] of one part of the outputs of a tile.
  const TileRow* column(int output_tile, int part, int parts) const {
    return rows.data() + static_cast<std::size_t>((output_tile * parts + part) * quad_tiles) *
                             static_cast<std::size_t>(outputs);
  }
};

/// Cuts outputs and rows into as few tiles as can be, of sizes as even as can be.
AmxWeights pack_amx_weights(const RowBlock& block, int parts, int cell_bits);

}  // namespace gibbon::sim
