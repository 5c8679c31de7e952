#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "gibbon/hw/hardware_config.hpp"
#include "gibbon/nn/network.hpp"
#include "gibbon/sim/mapping/packed_crossbars.hpp"

namespace gibbon::app {

/// How the layers of a network are stored, as `--epitome` says: a rule ("1024x256", for every
/// ungrouped convolution that is larger), or a FILE.yaml:
///     layers:
///       conv1: {shape: 512x128, wrap: true, bits: 5}
/// with the epitome's rows and columns (as a rule's; none: it stays as it is), whether its output
/// channels are wrapped (default: no) and the bits of its weights (default: the network's). Layers
/// that are not named stay as they are. Throws base::Error for an unknown layer, one that cannot be
/// an epitome of that shape, and everything that YamlValue refuses.
std::vector<sim::LayerStorage> load_storage(const std::string& rule_or_file,
                                            const nn::Network& network,
                                            const hw::HardwareConfig& hardware);

/// The same file for a storage, to be read again.
std::string to_yaml(const std::vector<sim::LayerStorage>& storage, const nn::Network& network,
                    const hw::HardwareConfig& hardware);

}  // namespace gibbon::app
