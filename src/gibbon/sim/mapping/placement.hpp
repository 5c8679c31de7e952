#pragma once

#include <vector>

#include "gibbon/hw/hardware_config.hpp"

namespace gibbon::sim {

struct TilePosition {
  int row = 0;
  int column = 0;
  friend bool operator==(const TilePosition&, const TilePosition&) = default;
};

/// The positions of tiles 0, 1, ... `count` - 1 on the grid. Replaces `positions`' content.
///   row by row: left to right; snake: odd rows right to left;
///   squares: shell n holds the tiles with max(row, column) = n; odd shells run down column n, then
///   left along row n, even ones along row n, then up column n; the grid must be square;
///   zigzag: diagonals row + column = d; odd d with rising rows, even d with falling rows (JPEG).
void place_tiles(const hw::Chip& chip, int count, std::vector<TilePosition>& positions);

}  // namespace gibbon::sim
