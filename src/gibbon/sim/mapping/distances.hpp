#pragma once

#include "gibbon/hw/hardware_config.hpp"
#include "gibbon/sim/mapping/chip_mapping.hpp"

namespace gibbon::sim {

/// Fills in_layer_distance, transfer_distance, leaves_tiles and aggregate of every layer, from
/// the tiles' positions (Manhattan distances, tile hops). The accumulator for adds sits beside row
/// tile_rows / 2 at column 0.
void measure_distances(const ComputeGraph& graph, const hw::Chip& chip,
                       const Corrections& corrections, ChipMapping& mapping);

}  // namespace gibbon::sim
