#pragma once

#include <vector>

#include "gibbon/hw/hardware_config.hpp"
#include "gibbon/sim/epitome/index_tables.hpp"
#include "gibbon/sim/mapping/chip_mapping.hpp"
#include "gibbon/sim/schedule/layer_timing.hpp"

/// The activation rounds of an epitome layer as the cost model sees them (docs/models/epitome.md;
/// the mechanism is EPIM's, Wang et al., DAC 2024; what is counted how is ours). Pure functions.
namespace gibbon::sim {

/// One round that a chip computes: a convolution of the patch's channels on the crossbars that the
/// patch touches, and what it does otherwise than a convolution of its own.
struct LayerRound {
  ComputeLayer layer;
  LayerMapping mapping;
  RoundRole role;
};

/// The rounds of an epitome that are computed (StoredLayer::computed), in the plan's order. `layer`
/// is the whole convolution, `mapped` where its epitome lies. A round touches the row blocks and
/// column blocks that its patch has cells in; `rows` and `columns` are those of the fullest.
std::vector<LayerRound> layer_rounds(const ComputeLayer& layer, const LayerMapping& mapped,
                                     const StoredLayer& stored, const hw::HardwareConfig& hardware,
                                     const IndexTables& tables);

/// Data that an epitome layer moves in one inference, beside a convolution's.
struct EpitomeTraffic {
  long rounds = 0;            ///< of one output position
  long computed_rounds = 0;   ///< of one output position; the others are copies
  double refetched_bits = 0;  ///< inputs that a PE row reads again from its line buffer
  double partial_sums = 0;    ///< outputs written that are not complete yet
};
EpitomeTraffic epitome_traffic(const ComputeLayer& layer, const StoredLayer& stored);

}  // namespace gibbon::sim
