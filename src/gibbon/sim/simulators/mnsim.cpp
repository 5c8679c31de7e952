#include "gibbon/sim/simulators/mnsim.hpp"

#include <algorithm>
#include <utility>

#include "gibbon/sim/simulators/explain_mnsim.hpp"

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

/// Replaces or completes MNSIM's power and energy of a layer by what really works.
void correct_layer(const LayerView& view, MnsimEvaluation::Figures& figures) {
  if (counted_exactly(view)) {
    figures.power_w = {};
    figures.energy_nj = {};
  }
  const LayerParts parts = corrected_parts(view);
  for (const LayerPart& part : parts.list()) {
    figures.power_w[part.component] += part.power_w();
    figures.energy_nj[part.component] += part.energy_nj();
  }
  if (view.corrections.accumulator && view.layer.kind == ComputeKind::kAdd) {
    add_accumulator_area(accumulator_of(view.layer, view.hardware), figures.area_um2);
  }
}

void figure_layers(const hw::HardwareConfig& hardware, const MnsimOptions& options,
                   MnsimEvaluation& evaluation) {
  const auto& layers = evaluation.graph.layers;
  evaluation.tile_area_um2 = tile_area(evaluation.units, evaluation.buffers);
  evaluation.figures.resize(layers.size());
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const LayerMapping& mapped = evaluation.mapping.layers[i];
    MnsimEvaluation::Figures& figures = evaluation.figures[i];
    figures.busy_ns = evaluation.timings[i].busy(layers[i]);
    figures.area_um2 = scaled(evaluation.tile_area_um2, mapped.tile_count);
    figures.power_w = layer_power(layers[i], mapped, evaluation.units, evaluation.buffers);
    figures.energy_nj = layer_energy(figures.power_w, figures.busy_ns);
    if (!options.count_adder_energy) figures.energy_nj[Component::kAdder] = 0;
    if (any_parts(options.corrections)) {
      correct_layer(layer_view(hardware, options, evaluation, i), figures);
    }
  }
}

/// Cells that hold bits of a weight, of the cells of the crossbars that the layer takes.
double utilization_of(const ComputeLayer& layer, const LayerMapping& mapped,
                      const hw::HardwareConfig& hardware) {
  if (layer.kind == ComputeKind::kPool || layer.kind == ComputeKind::kAdd) return 0;
  const double planes = mapped.weight_planes;
  const double window = static_cast<double>(layer.kernel) * layer.kernel;
  const double weights = window * layer.in_channels / layer.groups * layer.out_channels;
  const double cells = static_cast<double>(mapped.pe_count) * hardware.pe.groups *
                       hardware.crossbar.rows * hardware.crossbar.columns;
  return weights * planes / cells;
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
  const bool weighted = layer.kind == ComputeKind::kConv || layer.kind == ComputeKind::kLinear;
  result.crossbars = weighted ? mapped.pe_count * hardware.pe.groups * hardware.pe.polarity : 0;
  result.utilization = utilization_of(layer, mapped, hardware);
  result.begin_ns = evaluation.timeline.layer_begin[index];
  result.finish_ns = evaluation.timeline.layer_finish[index];
  result.busy_ns = figures.busy_ns;
  result.area_um2 = figures.area_um2;
  result.power_w = figures.power_w;
  result.energy_nj = figures.energy_nj;
  return result;
}

}  // namespace

MnsimOptions corrected_options() {
  MnsimOptions options;
  options.count_adder_energy = true;
  options.corrections = Corrections::all();
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
                                               MnsimEvaluation& evaluation) {
  build_compute_graph(network, options.input_bits, evaluation.graph);
  auto& [graph, mapping, units, buffers, timings, timeline, tile_area, figures] = evaluation;
  if (auto reason = map_network(graph, network, hardware, mapping, options.corrections))
    return reason;
  units = chip_units(hardware, options.corrections);
  auto sized = chip_buffers(hardware, mapping, options.corrections);
  if (!sized) return base::Infeasible{sized.reason()};
  buffers = *sized;
  timings.clear();
  for (std::size_t i = 0; i < graph.layers.size(); ++i) {
    timings.push_back(time_layer(graph.layers[i], mapping.layers[i], units, options.schedule,
                                 options.corrections));
  }
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

base::Result<SimulationResult> MnsimSimulator::simulate(const nn::Network& network,
                                                        const hw::HardwareConfig& hardware) const {
  MnsimEvaluation& evaluation = scratch();
  if (auto reason = evaluate_mnsim(network, hardware, options_, false, evaluation)) return *reason;
  SimulationResult result;
  for (std::size_t i = 0; i < evaluation.graph.layers.size(); ++i) {
    result.layers.push_back(layer_result(network, hardware, evaluation, i));
  }
  result.latency_ns = evaluation.timeline.latest_finish();
  result.operations = 2.0 * static_cast<double>(network.mac_count());
  return result;
}

base::Result<Explanation> MnsimSimulator::explain(const nn::Network& network,
                                                  const hw::HardwareConfig& hardware,
                                                  Quantity quantity) const {
  MnsimEvaluation evaluation;
  if (auto reason = evaluate_mnsim(network, hardware, options_, true, evaluation)) return *reason;
  return explain_mnsim(network, hardware, options_, evaluation, quantity);
}

base::Result<Cost> MnsimSimulator::cost(const nn::Network& network,
                                        const hw::HardwareConfig& hardware) const {
  MnsimEvaluation& evaluation = scratch();
  if (auto reason = evaluate_mnsim(network, hardware, options_, false, evaluation)) return *reason;
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
