#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "gibbon/nn/epitome.hpp"
#include "gibbon/nn/network.hpp"

/// Crossbars of a network as EPIM counts them (Wang et al., DAC 2024): the bit slices of a weight
/// stand side by side along the columns, packed without gaps, and the kernel's rows of an input
/// channel stay in one crossbar. A count of cells alone: chips, PEs and signs are those of
/// chip_mapping.hpp, which cuts bits into planes of their own. Equations, sources, and how sure
/// they are: docs/models/epitome.md. Value types and pure functions.
namespace gibbon::sim {

struct CrossbarSize {
  int rows = 256;
  int columns = 256;

  long cells() const { return static_cast<long>(rows) * columns; }
};

/// One-bit slices of a weight of `bits` bits, sign included: bits - 1, since the sign is the choice
/// between two crossbars of a pair, which counts as one. Throws base::Error outside 2 to 16.
int quantized_weight_slices(int bits);
/// One-bit slices of a single-precision weight.
inline constexpr int kFloatWeightSlices = 32;

/// How a layer's weights are stored.
struct LayerStorage {
  std::optional<nn::EpitomeShape> epitome;  ///< nothing: as the convolution or matrix that it is
  int slices = kFloatWeightSlices;
  nn::OutputBlocks outputs = nn::OutputBlocks::kSpread;  ///< of an epitome's plan

  friend bool operator==(const LayerStorage&, const LayerStorage&) = default;
};

struct LayerCrossbars {
  int layer = 0;  ///< index in the network
  std::string name;
  long stored_weights = 0;
  long crossbars = 0;
  long used_cells = 0;
};

struct NetworkCrossbars {
  CrossbarSize size;
  std::vector<LayerCrossbars> layers;  ///< of convolutions and linear layers, in order

  long crossbars() const;
  long stored_weights() const;
  /// Used cells over all cells of all crossbars.
  double utilization() const;
};

/// Crossbars of a weight matrix of `channels` groups of `window` rows each:
///     ceil(channels / floor(rows / window)) x ceil(columns x slices / crossbar columns).
/// Throws base::Error where one group has more rows than a crossbar, or a number is not positive.
long packed_crossbars(long channels, long window, long columns, int slices,
                      const CrossbarSize& size);

/// Counts a network whose layers are stored as `storage` says: one entry for each layer of the
/// network, of which those without weights are ignored. Throws base::Error naming the layer: an
/// epitome where there is no convolution, grouped convolutions, a kernel larger than a crossbar.
NetworkCrossbars count_packed_crossbars(const nn::Network& network,
                                        std::span<const LayerStorage> storage,
                                        const CrossbarSize& size = {});

/// Every layer with weights of `slices`; with a rule, every convolution that is larger than its
/// epitome becomes one (nn::epitome_by_rule). One entry for each layer of the network.
std::vector<LayerStorage> uniform_storage(const nn::Network& network, int slices,
                                          const std::optional<nn::EpitomeRule>& rule = {});

}  // namespace gibbon::sim
