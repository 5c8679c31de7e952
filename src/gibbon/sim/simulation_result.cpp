#include "gibbon/sim/simulation_result.hpp"

#include <numeric>

namespace gibbon::sim {
namespace {

constexpr std::array<std::string_view, kComponentCount> kComponentNames = {"crossbar",
                                                                           "adc",
                                                                           "dac",
                                                                           "adder",
                                                                           "shift_register",
                                                                           "input_register",
                                                                           "output_register",
                                                                           "demux",
                                                                           "mux",
                                                                           "joint_module",
                                                                           "buffer_read",
                                                                           "buffer_write",
                                                                           "pooling",
                                                                           "intra_tile",
                                                                           "inter_tile",
                                                                           "array_write",
                                                                           "pe_buffer",
                                                                           "shared_memory",
                                                                           "dram",
                                                                           "vector_unit"};

base::Json to_json(const ComponentValues& values) {
  base::Json json = base::Json::object();
  for (std::size_t i = 0; i < kComponentCount; ++i)
    json[std::string(kComponentNames[i])] = values.values[i];
  json["total"] = values.sum();
  return json;
}

template <typename Part>
double fold(const std::vector<LayerResult>& layers, Part part) {
  double total = 0;
  for (const LayerResult& layer : layers) total += (layer.*part).sum();
  return total;
}

base::Json layer_to_json(const LayerResult& layer) {
  base::Json json;
  json["name"] = layer.name;
  json["type"] = layer.type;
  if (!layer.bound_by.empty()) json["bound_by"] = layer.bound_by;
  json["processing_elements"] = layer.processing_elements;
  json["tiles"] = layer.tiles;
  json["crossbars"] = layer.crossbars;
  json["utilization"] = layer.utilization;
  json["begin_ns"] = layer.begin_ns;
  json["finish_ns"] = layer.finish_ns;
  json["busy_ns"] = to_json(layer.busy_ns);
  json["area_um2"] = to_json(layer.area_um2);
  json["power_w"] = to_json(layer.power_w);
  json["energy_nj"] = to_json(layer.energy_nj);
  return json;
}

}  // namespace

std::string_view component_name(Component component) {
  return kComponentNames[static_cast<std::size_t>(component)];
}

double ComponentValues::sum() const {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

double SimulationResult::area_um2() const {
  return shared_area_um2.sum() + fold(layers, &LayerResult::area_um2);
}
double SimulationResult::power_w() const {
  return fold(layers, &LayerResult::power_w);
}
double SimulationResult::energy_nj() const {
  return fold(layers, &LayerResult::energy_nj);
}

base::Json to_json(const SimulationResult& result) {
  base::Json json;
  json["latency_ns"] = result.latency_ns;
  json["area_um2"] = result.area_um2();
  json["power_w"] = result.power_w();
  json["energy_nj"] = result.energy_nj();
  json["operations"] = result.operations;
  if (result.shared_area_um2.sum() > 0) json["shared_area_um2"] = to_json(result.shared_area_um2);
  json["layers"] = base::Json::array();
  for (const LayerResult& layer : result.layers) json["layers"].push_back(layer_to_json(layer));
  return json;
}

}  // namespace gibbon::sim
