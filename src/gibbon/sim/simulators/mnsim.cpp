#include "gibbon/sim/simulators/mnsim.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "gibbon/base/error.hpp"
#include "gibbon/sim/epitome/stored_network.hpp"
#include "gibbon/sim/simulators/explain_mnsim.hpp"
#include "gibbon/sim/simulators/vector_layer.hpp"

namespace gibbon::sim {
namespace {

ComponentValues scaled(ComponentValues values, double factor) {
  for (double& value : values.values) value *= factor;
  return values;
}

bool any_parts(const Corrections& corrections) {
  return corrections.active_units_only || corrections.accumulator || corrections.link_energy;
}

void add_accumulator_area(const Accumulator& own, ComponentValues& area_um2) {
  area_um2[Component::kAdder] += own.adders * own.adder.area_um2;
  area_um2[Component::kBufferRead] += own.bank.area_um2;
}

void add_parts(const LayerParts& parts, MnsimEvaluation::Figures& figures) {
  for (const LayerPart& part : parts.list()) {
    figures.power_w[part.component] += part.power_w();
    figures.energy_nj[part.component] += part.energy_nj();
  }
}

/// Replaces or completes MNSIM's power and energy of a layer by what really works.
void correct_layer(const LayerView& view, MnsimEvaluation::Figures& figures) {
  if (counted_exactly(view)) {
    figures.power_w = {};
    figures.energy_nj = {};
  }
  add_parts(corrected_parts(view), figures);
  if (view.corrections.accumulator && view.layer.kind == ComputeKind::kAdd) {
    add_accumulator_area(accumulator_of(view.layer, view.hardware), figures.area_um2);
  }
}

/// Time, power and energy of a layer, or of one round of an epitome.
void figure_work(const LayerView& view, const MnsimOptions& options,
                 MnsimEvaluation::Figures& figures) {
  figures.power_w = layer_power(view.layer, view.mapping, view.units, view.buffers);
  figures.energy_nj = layer_energy(figures.power_w, figures.busy_ns);
  if (!options.count_adder_energy) figures.energy_nj[Component::kAdder] = 0;
  if (any_parts(options.corrections)) correct_layer(view, figures);
}

/// Rounds follow each other: their energies add up, their power is the highest. The joint modules
/// that accumulate and the index tables (among the buffers) come on top.
void add_round(const MnsimEvaluation::Figures& round, MnsimEvaluation::Figures& figures) {
  for (std::size_t i = 0; i < kComponentCount; ++i) {
    figures.busy_ns.values[i] += round.busy_ns.values[i];
    figures.energy_nj.values[i] += round.energy_nj.values[i];
    figures.power_w.values[i] = std::max(figures.power_w.values[i], round.power_w.values[i]);
  }
}

void add_epitome_units(const ComputeLayer& layer, const EpitomeLayer& epitome,
                       const ChipUnits& units, MnsimEvaluation::Figures& figures) {
  const double positions = layer.positions();
  const Unit& module = units.joint_module;
  for (std::size_t i = 0; i < epitome.rounds.size(); ++i) {
    const LayerTiming& timing = epitome.timings[i];
    const double modules_w = accumulating_modules(epitome.rounds[i], units) * module.power_w;
    figures.busy_ns[Component::kJointModule] += positions * timing.accumulate_ns;
    figures.energy_nj[Component::kJointModule] += positions * timing.accumulate_ns * modules_w;
    figures.busy_ns[Component::kBufferRead] += positions * timing.index_table_ns;
  }
  const IndexTables& tables = epitome.tables;
  figures.area_um2[Component::kJointModule] += epitome.accumulators * module.area_um2;
  figures.area_um2[Component::kBufferRead] += tables.area_um2();
  figures.power_w[Component::kBufferRead] +=
      tables.ifat.read_power_w + tables.ifrt.read_power_w + tables.ofat.read_power_w;
  figures.energy_nj[Component::kBufferRead] += positions * epitome.lookup_nj;
}

void figure_epitome(const LayerView& view, const MnsimOptions& options, const EpitomeLayer& epitome,
                    MnsimEvaluation::Figures& figures) {
  for (std::size_t i = 0; i < epitome.rounds.size(); ++i) {
    const LayerRound& round = epitome.rounds[i];
    const LayerTiming& timing = epitome.timings[i];
    MnsimEvaluation::Figures own;
    own.busy_ns = timing.busy(round.layer);
    const LayerView part{view.hardware, view.corrections,  round.layer,  view.chip,
                         round.mapping, view.units,        view.buffers, timing,
                         own.busy_ns,   view.tile_area_um2};
    figure_work(part, options, own);
    add_round(own, figures);
  }
  add_epitome_units(view.layer, epitome, view.units, figures);
}

void figure_layers(const hw::HardwareConfig& hardware, const MnsimOptions& options,
                   MnsimEvaluation& evaluation) {
  const auto& layers = evaluation.graph.layers;
  evaluation.tile_area_um2 = tile_area(evaluation.units, evaluation.buffers);
  evaluation.figures.resize(layers.size());
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const LayerMapping& mapped = evaluation.mapping.layers[i];
    MnsimEvaluation::Figures& figures = evaluation.figures[i];
    figures = {};
    figures.area_um2 = scaled(evaluation.tile_area_um2, mapped.tile_count);
    const LayerView view = layer_view(hardware, options, evaluation, i);
    if (!evaluation.epitomes.empty() && evaluation.epitomes[i]) {
      figure_epitome(view, options, *evaluation.epitomes[i], figures);
      continue;
    }
    figures.busy_ns = evaluation.timings[i].busy(layers[i]);
    figure_work(view, options, figures);
    if (layers[i].kind != ComputeKind::kVector) continue;
    add_parts(vector_parts(view), figures);
    figures.area_um2 = vector_area(layers[i], hardware.vector_unit).by_component();
  }
}

/// The rounds of an epitome layer; nothing for any other layer.
base::Result<std::optional<EpitomeLayer>> epitome_of(const hw::HardwareConfig& hardware,
                                                     const MnsimOptions& options,
                                                     std::span<const StoredLayer> stored,
                                                     const MnsimEvaluation& evaluation,
                                                     std::size_t index) {
  const ComputeLayer& layer = evaluation.graph.layers[index];
  const StoredLayer& own = stored[static_cast<std::size_t>(layer.network_index)];
  if (!own.plan) return std::optional<EpitomeLayer>();
  auto epitome = epitome_layer(layer, evaluation.mapping.layers[index], own, hardware,
                               evaluation.units, options.schedule, options.corrections);
  if (!epitome) return base::Infeasible{epitome.reason()};
  return std::optional<EpitomeLayer>(std::move(epitome.value()));
}

std::optional<base::Infeasible> time_layers(const hw::HardwareConfig& hardware,
                                            const MnsimOptions& options,
                                            std::span<const StoredLayer> stored,
                                            MnsimEvaluation& evaluation) {
  const auto& layers = evaluation.graph.layers;
  evaluation.timings.clear();
  evaluation.epitomes.clear();
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (!stored.empty()) {
      auto epitome = epitome_of(hardware, options, stored, evaluation, i);
      if (!epitome) return base::Infeasible{epitome.reason()};
      evaluation.epitomes.push_back(std::move(epitome.value()));
    }
    const bool in_rounds = !stored.empty() && evaluation.epitomes.back();
    evaluation.timings.push_back(in_rounds ? total_timing(*evaluation.epitomes.back())
                                           : time_layer(layers[i], evaluation.mapping.layers[i],
                                                        evaluation.units, options.schedule,
                                                        options.corrections));
  }
  return std::nullopt;
}

/// Cells that hold bits of a weight, of the cells of the crossbars that the layer takes.
double utilization_of(const ComputeLayer& layer, const LayerMapping& mapped,
                      const hw::HardwareConfig& hardware) {
  if (!layer.is_weighted()) return 0;
  const double cells = static_cast<double>(mapped.pe_count) * hardware.pe.groups *
                       hardware.crossbar.rows * hardware.crossbar.columns;
  return mapped.used_cells / cells;
}

/// A layer's finish times as MNSIM lists them: one for each output of a linear layer.
std::size_t list_length(const ComputeLayer& layer) {
  return static_cast<std::size_t>(layer.kind == ComputeKind::kLinear ? layer.out_channels
                                                                     : layer.positions());
}

bool list_less(const ComputeGraph& graph, const Timeline& timeline, std::size_t a, std::size_t b) {
  const auto left = timeline.finishes_of(a);
  const auto right = timeline.finishes_of(b);
  const std::size_t left_length = list_length(graph.layers[a]);
  const std::size_t right_length = list_length(graph.layers[b]);
  for (std::size_t i = 0; i < std::min(left_length, right_length); ++i) {
    const double x = left[std::min(i, left.size() - 1)];
    const double y = right[std::min(i, right.size() - 1)];
    if (x != y) return x < y;
  }
  return left_length < right_length;
}

/// How the network's layers lie in packed crossbars; nothing where they do not.
std::vector<StoredLayer> stored_of(const nn::Network& network, const hw::HardwareConfig& hardware,
                                   const MnsimOptions& options) {
  if (!options.packed && !has_epitomes(network)) return {};
  return stored_layers(network, storage_of(network, hardware));
}

MnsimEvaluation& scratch() {
  thread_local MnsimEvaluation evaluation;
  return evaluation;
}

LayerResult layer_result(const nn::Network& network, const hw::HardwareConfig& hardware,
                         const MnsimEvaluation& evaluation, std::size_t index) {
  const ComputeLayer& layer = evaluation.graph.layers[index];
  const LayerMapping& mapped = evaluation.mapping.layers[index];
  const auto& figures = evaluation.figures[index];
  const nn::Layer& source = network.layers()[static_cast<std::size_t>(layer.network_index)];
  LayerResult result;
  result.name = source.name;
  result.type = std::string(nn::type_name(source.parameters));
  result.processing_elements = mapped.pe_count;
  result.tiles = mapped.tile_count;
  result.crossbars =
      layer.is_weighted() ? mapped.pe_count * hardware.pe.groups * hardware.pe.polarity : 0;
  result.utilization = utilization_of(layer, mapped, hardware);
  result.begin_ns = evaluation.timeline.layer_begin[index];
  result.finish_ns = evaluation.timeline.layer_finish[index];
  result.busy_ns = figures.busy_ns;
  result.area_um2 = figures.area_um2;
  result.power_w = figures.power_w;
  result.energy_nj = figures.energy_nj;
  return result;
}

void require_crossbars(const hw::HardwareConfig& hardware) {
  if (hardware.has_crossbars) return;
  throw base::Error(
      fmt::format("hardware '{}' has a section digital_cim alone, which only the cost model "
                  "digital_cim reads; the shipped hardware mnsim-default has crossbars",
                  hardware.name));
}

}  // namespace

MnsimOptions corrected_options() {
  MnsimOptions options;
  options.count_adder_energy = true;
  options.corrections = Corrections::all();
  return options;
}

MnsimOptions packed_options() {
  MnsimOptions options;
  options.packed = true;
  return options;
}

LayerView layer_view(const hw::HardwareConfig& hardware, const MnsimOptions& options,
                     const MnsimEvaluation& evaluation, std::size_t index) {
  return {hardware,
          options.corrections,
          evaluation.graph.layers[index],
          evaluation.mapping,
          evaluation.mapping.layers[index],
          evaluation.units,
          evaluation.buffers,
          evaluation.timings[index],
          evaluation.figures[index].busy_ns,
          evaluation.tile_area_um2};
}

std::optional<base::Infeasible> evaluate_mnsim(const nn::Network& network,
                                               const hw::HardwareConfig& hardware,
                                               const MnsimOptions& options, bool keep_begins,
                                               MnsimEvaluation& evaluation,
                                               std::span<const StoredLayer> stored) {
  require_crossbars(hardware);
  build_compute_graph(network, options.input_bits, evaluation.graph);
  auto& [graph, mapping, units, buffers, timings, epitomes, timeline, tile_area, figures] =
      evaluation;
  if (auto reason = map_network(graph, network, hardware, mapping, options.corrections, stored)) {
    return reason;
  }
  units = chip_units(hardware, options.corrections);
  auto sized = chip_buffers(hardware, mapping, options.corrections);
  if (!sized) return base::Infeasible{sized.reason()};
  buffers = *sized;
  if (auto reason = time_layers(hardware, options, stored, evaluation)) return reason;
  run_schedule(graph, timings, options.schedule, keep_begins, timeline);
  figure_layers(hardware, options, evaluation);
  return std::nullopt;
}

double printed_latency_ns(const ComputeGraph& graph, const Timeline& timeline) {
  std::size_t largest = 0;
  for (std::size_t i = 1; i < graph.layers.size(); ++i) {
    if (list_less(graph, timeline, largest, i)) largest = i;
  }
  return timeline.layer_finish[largest];
}

SimulationResult result_of(const nn::Network& network, const hw::HardwareConfig& hardware,
                           const MnsimEvaluation& evaluation) {
  SimulationResult result;
  for (std::size_t i = 0; i < evaluation.graph.layers.size(); ++i) {
    result.layers.push_back(layer_result(network, hardware, evaluation, i));
  }
  result.latency_ns = evaluation.timeline.latest_finish();
  result.operations = 2.0 * static_cast<double>(network.mac_count());
  return result;
}

base::Result<SimulationResult> MnsimSimulator::simulate(const nn::Network& network,
                                                        const hw::HardwareConfig& hardware) const {
  MnsimEvaluation& evaluation = scratch();
  const std::vector<StoredLayer> stored = stored_of(network, hardware, options_);
  if (auto reason = evaluate_mnsim(network, hardware, options_, false, evaluation, stored)) {
    return *reason;
  }
  return result_of(network, hardware, evaluation);
}

base::Result<Explanation> MnsimSimulator::explain(const nn::Network& network,
                                                  const hw::HardwareConfig& hardware,
                                                  Quantity quantity) const {
  if (has_epitomes(network)) {
    throw base::Error(fmt::format("{}: the rounds of epitomes are not explained", name_));
  }
  MnsimEvaluation evaluation;
  const std::vector<StoredLayer> stored = stored_of(network, hardware, options_);
  if (auto reason = evaluate_mnsim(network, hardware, options_, true, evaluation, stored)) {
    return *reason;
  }
  return explain_mnsim(network, hardware, options_, evaluation, quantity);
}

base::Result<Cost> MnsimSimulator::cost(const nn::Network& network,
                                        const hw::HardwareConfig& hardware) const {
  MnsimEvaluation& evaluation = scratch();
  const std::vector<StoredLayer> stored = stored_of(network, hardware, options_);
  if (auto reason = evaluate_mnsim(network, hardware, options_, false, evaluation, stored)) {
    return *reason;
  }
  double area = 0;
  double power = 0;
  double energy = 0;
  // In the order in which SimulationResult folds its parts, so that both give the same bits.
  for (const auto& figures : evaluation.figures) {
    area += figures.area_um2.sum();
    power += figures.power_w.sum();
    energy += figures.energy_nj.sum();
  }
  return cost_of(evaluation.timeline.latest_finish(), energy, area, power);
}

}  // namespace gibbon::sim
