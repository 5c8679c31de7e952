#pragma once

#include "gibbon/sim/simulators/layer_parts.hpp"

namespace gibbon::sim {

/// What a layer on a vector unit of its own costs (docs/models/vector_unit.md): lanes, and a memory
/// for two positions' inputs and, of a matrix product, the second operand.
/// Energies and areas are those of sim/digital/technology.hpp at the unit's node and voltage.

/// Of a layer whose kind is kVector: the lanes at work, the memory's reads and writes.
LayerParts vector_parts(const LayerView& view);

struct VectorArea {
  double lanes = 0;
  double lane_um2 = 0;
  double memory_kb = 0;
  double memory_um2 = 0;

  ComponentValues by_component() const;  ///< the memory as a buffer
};
VectorArea vector_area(const ComputeLayer& layer, const hw::VectorUnit& unit);

}  // namespace gibbon::sim
