#include "gibbon/sim/simulators/mnsim.hpp"

#include <algorithm>
#include <utility>

namespace gibbon::sim {
namespace {

ComponentValues scaled(ComponentValues values, double factor) {
  for (double& value : values.values) value *= factor;
  return values;
}

void figure_layers(const MnsimOptions& options, MnsimEvaluation& evaluation) {
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
  }
}

/// Cells that hold a weight bit, of the cells of the crossbars that the layer takes.
double utilization_of(const ComputeLayer& layer, const LayerMapping& mapped,
                      const hw::HardwareConfig& hardware) {
  if (layer.kind == ComputeKind::kPool || layer.kind == ComputeKind::kAdd) return 0;
  const double planes = hardware.pe.polarity == 2 ? layer.weight_bits - 1 : layer.weight_bits;
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

std::optional<base::Infeasible> evaluate_mnsim(const nn::Network& network,
                                               const hw::HardwareConfig& hardware,
                                               const MnsimOptions& options, bool keep_begins,
                                               MnsimEvaluation& evaluation) {
  build_compute_graph(network, options.input_bits, evaluation.graph);
  auto& [graph, mapping, units, buffers, timings, timeline, tile_area, figures] = evaluation;
  if (auto reason = map_network(graph, network, hardware, mapping)) return reason;
  units = chip_units(hardware);
  auto sized = chip_buffers(hardware, mapping);
  if (!sized) return base::Infeasible{sized.reason()};
  buffers = *sized;
  timings.clear();
  for (std::size_t i = 0; i < graph.layers.size(); ++i) {
    timings.push_back(time_layer(graph.layers[i], mapping.layers[i], units, options.schedule));
  }
  run_schedule(graph, timings, options.schedule, keep_begins, timeline);
  figure_layers(options, evaluation);
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
