#include "gibbon/sim/mapping/distances.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace gibbon::sim {
namespace {

/// The farthest Manhattan distance to a set of tiles follows from the set's extremes along the two
/// diagonals, so that it costs nothing per tile of the set.
class Reach {
 public:
  void include(const TilePosition& tile) {
    const int sum = tile.row + tile.column;
    const int difference = tile.row - tile.column;
    sum_low_ = std::min(sum_low_, sum);
    sum_high_ = std::max(sum_high_, sum);
    difference_low_ = std::min(difference_low_, difference);
    difference_high_ = std::max(difference_high_, difference);
    empty_ = false;
  }

  int farthest_from(const TilePosition& tile) const {
    if (empty_) return 0;
    const int sum = tile.row + tile.column;
    const int difference = tile.row - tile.column;
    return std::max({sum_high_ - sum, sum - sum_low_, difference_high_ - difference,
                     difference - difference_low_});
  }

 private:
  bool empty_ = true;
  int sum_low_ = std::numeric_limits<int>::max();
  int sum_high_ = std::numeric_limits<int>::min();
  int difference_low_ = std::numeric_limits<int>::max();
  int difference_high_ = std::numeric_limits<int>::min();
};

bool before_in_rows(const TilePosition& a, const TilePosition& b) {
  return a.row != b.row ? a.row < b.row : a.column < b.column;
}

class DistanceMeter {
 public:
  DistanceMeter(const ComputeGraph& graph, const hw::Chip& chip, bool corrected,
                ChipMapping& mapping)
      : graph_(graph),
        corrected_(corrected),
        mapping_(mapping),
        accumulator_row_(chip.tile_rows / 2.0) {}

  void measure(std::size_t index) {
    const ComputeLayer& layer = graph_.layers[index];
    if (layer.is_beside_tiles()) return measure_from_accumulator(index);
    LayerMapping& mapped = mapping_.layers[index];
    const auto destinations = graph_.destinations_of(layer);
    mapped.leaves_tiles =
        !destinations.empty() && std::all_of(destinations.begin(), destinations.end(), [&](int d) {
          return graph_.layers[static_cast<std::size_t>(d)].is_beside_tiles();
        });
    const bool last = index + 1 == graph_.layers.size();
    Reach beyond;
    if (!last && !mapped.leaves_tiles) beyond = reach_of(destinations);
    choose_meeting_tile(mapped, beyond);
  }

 private:
  Reach reach_of(std::span<const int> layers) const {
    Reach reach;
    for (const int index : layers) {
      const auto& mapped = mapping_.layers[static_cast<std::size_t>(index)];
      for (const TilePosition& tile : mapping_.tiles_of(mapped)) reach.include(tile);
    }
    return reach;
  }

  double to_accumulator(const TilePosition& tile) const {
    return std::abs(tile.row - accumulator_row_) + tile.column;
  }

  /// The tile with the least way in and out; of equal ones the first in reading order.
  /// [Q6]: where none is nearer than 1000 hops, MNSIM leaves both distances at 0; physically such a
  /// layer would pay most of all. A layer of a single tile always pays.
  void choose_meeting_tile(LayerMapping& mapped, const Reach& beyond) const {
    const auto tiles = mapping_.tiles_of(mapped);
    Reach own;
    for (const TilePosition& tile : tiles) own.include(tile);
    const bool any = corrected_ || tiles.size() == 1;
    double best = any ? std::numeric_limits<double>::infinity() : 1000;
    bool found = false;
    for (const TilePosition& tile : tiles) {
      const double in = own.farthest_from(tile);
      const double out = mapped.leaves_tiles ? to_accumulator(tile)
                                             : static_cast<double>(beyond.farthest_from(tile));
      const bool tie = found && in + out == best;
      if (in + out < best || (tie && before_in_rows(tile, mapped.aggregate))) {
        best = in + out;
        mapped.in_layer_distance = in;
        mapped.transfer_distance = out;
        mapped.aggregate = tile;
        found = true;
      }
    }
  }

  /// [Q7]: in MNSIM the way from the accumulator to a destination is measured to its first tile in
  /// reading order, not to the farthest as between other layers.
  void measure_from_accumulator(std::size_t index) {
    double farthest = 0;
    for (const int destination : graph_.destinations_of(graph_.layers[index])) {
      const auto& mapped = mapping_.layers[static_cast<std::size_t>(destination)];
      const auto tiles = mapping_.tiles_of(mapped);
      if (tiles.empty()) continue;
      if (corrected_) {
        for (const auto& tile : tiles) farthest = std::max(farthest, to_accumulator(tile));
        continue;
      }
      const auto& first = *std::min_element(tiles.begin(), tiles.end(), before_in_rows);
      farthest = std::max(farthest, to_accumulator(first));
    }
    mapping_.layers[index].transfer_distance = farthest;
  }

  const ComputeGraph& graph_;
  bool corrected_;
  ChipMapping& mapping_;
  double accumulator_row_;
};

}  // namespace

void measure_distances(const ComputeGraph& graph, const hw::Chip& chip,
                       const Corrections& corrections, ChipMapping& mapping) {
  DistanceMeter meter(graph, chip, corrections.distances, mapping);
  for (std::size_t i = 0; i < graph.layers.size(); ++i) meter.measure(i);
}

}  // namespace gibbon::sim
