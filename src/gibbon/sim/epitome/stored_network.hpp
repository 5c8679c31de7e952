#pragma once

#include <span>
#include <vector>

#include "gibbon/hw/hardware_config.hpp"
#include "gibbon/nn/network.hpp"
#include "gibbon/sim/mapping/packed_crossbars.hpp"

/// From networks whose convolutions have epitomes to their storage on packed crossbars, and back.
/// Pure functions.
namespace gibbon::sim {

/// One-bit slices of a weight of `bits` bits: the sign is the choice between two crossbars of a
/// pair; a single crossbar holds it as a bit. Throws base::Error outside 2 to 16.
int weight_slices(int bits, const hw::HardwareConfig& hardware);

bool has_epitomes(const nn::Network& network);

/// How the network's layers are stored, by their epitomes and bits. One entry for each layer.
std::vector<LayerStorage> storage_of(const nn::Network& network,
                                     const hw::HardwareConfig& hardware);

/// The network with the epitomes and bits that `storage` says. Throws base::Error naming the layer
/// where it cannot be an epitome, or where storage is for another number of layers.
nn::Network stored_network(const nn::Network& network, std::span<const LayerStorage> storage,
                           const hw::HardwareConfig& hardware);

}  // namespace gibbon::sim
