#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "gibbon/base/result.hpp"
#include "gibbon/sim/epitome/epitome_layer.hpp"
#include "gibbon/sim/simulators/mnsim.hpp"

/// What a network costs on packed crossbars, its convolutions stored as epitomes or as they are:
/// by the models of simulator_registry(), one design at a time, or many from a table of costs per
/// layer and choice. docs/models/epitome.md has the equations.
namespace gibbon::sim {

/// The settings of a cost model of simulator_registry(). Throws base::Error for an unknown name.
MnsimOptions packed_model(std::string_view name);

/// One design, exactly. Infeasible where it does not fit the chip.
base::Result<SimulationResult> simulate_stored(const nn::Network& network,
                                               const hw::HardwareConfig& hardware,
                                               const MnsimOptions& options,
                                               std::span<const StoredLayer> stored);

/// The shapes that a convolution may be stored in.
struct EpitomeChoices {
  int halvings = 3;             ///< of input and output channels each: 1, 1/2, ... 1 / 2^halvings
  double max_compression = 16;  ///< weight elements per epitome element
  int max_wrap = 4;             ///< output channels that may be copies of one
  std::vector<nn::EpitomeRule> rules;  ///< besides, the shapes of these
};

/// The choices of one convolution: first as it is, then the rules' shapes, then the halvings', each
/// with spread outputs and, where it has fewer output channels, with wrapped ones. Input channels
/// are whole crossbars where they need more than one. No choice twice; slices are 1.
std::vector<LayerStorage> storage_choices(const nn::Conv& conv, int crossbar_rows,
                                          const EpitomeChoices& choices);

/// Latency, energy and crossbars of every way to store a network's layers, from a table.
/// What a layer costs depends on the others through the buffers, sized for the neediest layer, and
/// through the distances on the chip. The table takes both from designs in which all layers make
/// the same choice, so that totals() are estimates; simulate_stored() is exact. const use is safe
/// from any thread.
class StorageCosts {
 public:
  struct Layer {
    int network_index = 0;
    std::vector<LayerStorage> shapes;  ///< slices are those of no width in particular
    int rule_shapes = 0;               ///< rules that have one; they stand behind the convolution
  };
  /// One design: for each of layers() a shape, and a width.
  struct Choice {
    std::uint8_t shape = 0;
    std::uint8_t width = 0;
  };
  struct Entry {
    std::array<double, kPositionClasses> position_ns{};
    double energy_nj = 0;
    long crossbars = 0;
    long stored_weights = 0;
  };
  struct Totals {
    double latency_ns = 0;
    double energy_nj = 0;
    long crossbars = 0;
    long stored_weights = 0;
  };

  /// `widths`: the bits that weights may have, sign included, 32 standing for single precision.
  /// Throws base::Error where a design does not fit the chip, saying which and why.
  StorageCosts(const nn::Network& network, const hw::HardwareConfig& hardware,
               const MnsimOptions& options, const EpitomeChoices& choices, std::vector<int> widths);

  const std::vector<Layer>& layers() const { return layers_; }
  const std::vector<int>& widths() const { return widths_; }
  const Entry& entry(std::size_t layer, Choice choice) const;
  Totals totals(std::span<const Choice> design) const;
  /// For simulate_stored() and count_packed_crossbars(): one entry for each layer of the network.
  std::vector<LayerStorage> storage(std::span<const Choice> design) const;

 private:
  void fill_entries(std::size_t shape, std::size_t width, const MnsimEvaluation& evaluation);
  std::size_t entry_index(std::size_t layer, Choice choice) const;

  std::size_t network_layers_ = 0;
  std::vector<int> widths_;
  CrossbarSize size_;
  ScheduleMode schedule_;
  ComputeGraph graph_;
  std::vector<Layer> layers_;
  std::vector<std::size_t> first_entry_;  ///< of a layer
  std::vector<int> variable_;             ///< by compute layer: index in layers_, or -1
  std::vector<Entry> entries_;
  std::vector<LayerTiming> fixed_timings_;  ///< by compute layer; of pools and adds
  double fixed_energy_nj_ = 0;
};

/// Slices of weights of `bits` bits, 32 standing for single precision.
int slices_of_width(int bits);

}  // namespace gibbon::sim
