#pragma once

#include <string_view>
#include <vector>

#include "gibbon/sim/circuits/chip_units.hpp"
#include "gibbon/sim/corrections.hpp"
#include "gibbon/sim/epitome/epitome_layer.hpp"
#include "gibbon/sim/mapping/chip_mapping.hpp"
#include "gibbon/sim/mapping/compute_graph.hpp"
#include "gibbon/sim/schedule/layer_timing.hpp"
#include "gibbon/sim/schedule/schedule.hpp"
#include "gibbon/sim/simulator.hpp"
#include "gibbon/sim/simulators/layer_figures.hpp"
#include "gibbon/sim/simulators/layer_parts.hpp"

namespace gibbon::sim {

struct MnsimOptions {
  InputBitRule input_bits = InputBitRule::kExplicit;
  ScheduleMode schedule = ScheduleMode::kPipelined;
  /// MNSIM leaves the adders between bit planes out of the energy of a layer and of the whole
  /// [Q19]; only hardware with pe.groups > 1 has any.
  bool count_adder_energy = false;
  Corrections corrections{};  ///< none: MNSIM
  /// The slices of a weight side by side in packed crossbars (chip_mapping.hpp), also in networks
  /// without epitomes; in those with epitomes they always are.
  bool packed = false;
};

/// What the model works out for one network on one chip, in the order in which it does.
struct MnsimEvaluation {
  ComputeGraph graph;
  ChipMapping mapping;
  ChipUnits units;
  ChipBuffers buffers;
  std::vector<LayerTiming> timings;
  std::vector<std::optional<EpitomeLayer>> epitomes;  ///< by compute layer; empty without any
  Timeline timeline;
  ComponentValues tile_area_um2;

  struct Figures {
    ComponentValues busy_ns;
    ComponentValues area_um2;
    ComponentValues power_w;
    ComponentValues energy_nj;
  };
  std::vector<Figures> figures;  ///< by compute layer
};

/// What the parts of compute layer `index` follow from; refers to the arguments.
LayerView layer_view(const hw::HardwareConfig& hardware, const MnsimOptions& options,
                     const MnsimEvaluation& evaluation, std::size_t index);

/// Runs every step, replacing `evaluation`'s content (its memory is used again). The reason where
/// the network does not fit the chip. With `stored` (map_network) on packed crossbars, whose
/// epitomes run in rounds.
std::optional<base::Infeasible> evaluate_mnsim(const nn::Network& network,
                                               const hw::HardwareConfig& hardware,
                                               const MnsimOptions& options, bool keep_begins,
                                               MnsimEvaluation& evaluation,
                                               std::span<const StoredLayer> stored = {});
/// A finished evaluation for people.
SimulationResult result_of(const nn::Network& network, const hw::HardwareConfig& hardware,
                           const MnsimEvaluation& evaluation);

/// MNSIM 2.0 with its quirks mended.
MnsimOptions corrected_options();
/// MNSIM 2.0's models on packed crossbars, whatever the network.
MnsimOptions packed_options();

/// The latency that MNSIM prints [Q2]: the last finish of the layer whose list of finish times is
/// the largest as lists are compared, so in effect of the layer that starts last. The inference
/// ends at Timeline::latest_finish(), which can be later: an earlier layer may still produce
/// outputs that nobody waits for.
double printed_latency_ns(const ComputeGraph& graph, const Timeline& timeline);

/// The models of MNSIM 2.0 (Zhu et al., GLSVLSI 2020; TCAD 2023): behaviour-level area, power,
/// energy and latency of an analogue or digital PIM, extended by group convolution and symmetric
/// padding (docs/models/). Totals agree with MNSIM's; latency is the true end of the inference.
/// With corrections it is another model: docs/models/corrected.md. A network with epitomes lies on
/// packed crossbars, all its layers; explain()
/// refuses it.
class MnsimSimulator final : public Simulator {
 public:
  /// `name` must outlive the simulator.
  explicit MnsimSimulator(const MnsimOptions& options = {}, std::string_view name = "mnsim2")
      : options_(options), name_(name) {}
  std::string_view name() const override { return name_; }
  const MnsimOptions& options() const { return options_; }
  base::Result<SimulationResult> simulate(const nn::Network& network,
                                          const hw::HardwareConfig& hardware) const override;
  base::Result<Cost> cost(const nn::Network& network,
                          const hw::HardwareConfig& hardware) const override;
  base::Result<Explanation> explain(const nn::Network& network, const hw::HardwareConfig& hardware,
                                    Quantity quantity) const override;

 private:
  MnsimOptions options_;
  std::string_view name_;
};

}  // namespace gibbon::sim
