#pragma once

#include <span>
#include <vector>

#include "gibbon/nn/network.hpp"
#include "gibbon/sim/epitome/layer_rounds.hpp"
#include "gibbon/sim/mapping/packed_crossbars.hpp"

namespace gibbon::sim {

/// What the cost model needs of one epitome layer.
struct EpitomeLayer {
  IndexTables tables;
  double lookup_nj = 0;     ///< of one output position, all tables
  double accumulators = 0;  ///< joint modules that add rounds: one for each ADC of the layer's PEs
  std::vector<LayerRound> rounds;
  std::vector<LayerTiming> timings;  ///< of each round
};

/// Throws nothing; infeasible where a table has no memory.
base::Result<EpitomeLayer> epitome_layer(const ComputeLayer& layer, const LayerMapping& mapped,
                                         const StoredLayer& stored,
                                         const hw::HardwareConfig& hardware, const ChipUnits& units,
                                         ScheduleMode mode, const Corrections& corrections);

/// The rounds one after the other.
LayerTiming total_timing(const EpitomeLayer& epitome);

/// Modules that add a round's outputs to the partial sums, all of the PEs that it touches: an ADC's
/// columns share one, as in MNSIM's tiles.
double accumulating_modules(const LayerRound& round, const ChipUnits& units);

/// How each layer of a network is stored, with its plan. Throws base::Error naming the layer: an
/// epitome where there is no ungrouped convolution, a shape without a plan, or storage for another
/// number of layers.
std::vector<StoredLayer> stored_layers(const nn::Network& network,
                                       std::span<const LayerStorage> storage);

}  // namespace gibbon::sim
