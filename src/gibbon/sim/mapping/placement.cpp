#include "gibbon/sim/mapping/placement.hpp"

#include <algorithm>

namespace gibbon::sim {
namespace {

using Positions = std::vector<TilePosition>;

void place_rows(int columns, bool snake, std::size_t count, Positions& positions) {
  for (int row = 0; positions.size() < count; ++row) {
    for (int i = 0; i < columns && positions.size() < count; ++i) {
      positions.push_back({row, snake && row % 2 == 1 ? columns - 1 - i : i});
    }
  }
}

void place_squares(std::size_t count, Positions& positions) {
  for (int n = 0; positions.size() < count; ++n) {
    if (n % 2 == 1) {
      for (int row = 0; row <= n; ++row) positions.push_back({row, n});
      for (int column = n - 1; column >= 0; --column) positions.push_back({n, column});
    } else {
      for (int column = 0; column <= n; ++column) positions.push_back({n, column});
      for (int row = n - 1; row >= 0; --row) positions.push_back({row, n});
    }
  }
  positions.resize(count);
}

void place_zigzag(int rows, int columns, std::size_t count, Positions& positions) {
  for (int d = 0; positions.size() < count; ++d) {
    const int lowest = std::max(0, d - (columns - 1));
    const int highest = std::min(d, rows - 1);
    for (int i = 0; i <= highest - lowest; ++i) {
      const int row = d % 2 == 1 ? lowest + i : highest - i;
      positions.push_back({row, d - row});
    }
  }
  positions.resize(count);
}

}  // namespace

void place_tiles(const hw::Chip& chip, int count, std::vector<TilePosition>& positions) {
  positions.clear();
  const auto wanted = static_cast<std::size_t>(count);
  switch (chip.placement) {
    case hw::TilePlacement::kRowByRow:
      return place_rows(chip.tile_columns, false, wanted, positions);
    case hw::TilePlacement::kSnake:
      return place_rows(chip.tile_columns, true, wanted, positions);
    case hw::TilePlacement::kSquares:
      return place_squares(wanted, positions);
    case hw::TilePlacement::kZigZag:
      return place_zigzag(chip.tile_rows, chip.tile_columns, wanted, positions);
  }
}

}  // namespace gibbon::sim
