#include "gibbon/store/simulation_json.hpp"

#include <fmt/format.h>

#include <limits>

#include "gibbon/base/error.hpp"

namespace gibbon::store {
namespace {

using base::Json;

double number(const Json& value) {
  return value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
}

Json parts_to_json(const sim::ComponentValues& values) {
  Json json = Json::object();
  for (std::size_t i = 0; i < sim::kComponentCount; ++i) {
    if (values.values[i] == 0) continue;
    json[std::string(sim::component_name(static_cast<sim::Component>(i)))] = values.values[i];
  }
  return json;
}

std::size_t component_from(const std::string& name) {
  for (std::size_t i = 0; i < sim::kComponentCount; ++i) {
    if (name == sim::component_name(static_cast<sim::Component>(i))) return i;
  }
  throw base::Error(fmt::format("simulation cannot be read: unknown component \"{}\"", name));
}

sim::ComponentValues parts_from_json(const Json& json) {
  sim::ComponentValues values;
  for (const auto& [name, value] : json.items()) {
    values.values[component_from(name)] = number(value);
  }
  return values;
}

}  // namespace

Json simulation_to_json(const sim::SimulationResult& result) {
  Json layers = Json::array();
  for (const sim::LayerResult& layer : result.layers) {
    layers.push_back({{"name", layer.name},
                      {"type", layer.type},
                      {"bound_by", layer.bound_by},
                      {"processing_elements", layer.processing_elements},
                      {"tiles", layer.tiles},
                      {"crossbars", layer.crossbars},
                      {"utilization", layer.utilization},
                      {"begin_ns", layer.begin_ns},
                      {"finish_ns", layer.finish_ns},
                      {"busy_ns", parts_to_json(layer.busy_ns)},
                      {"area_um2", parts_to_json(layer.area_um2)},
                      {"power_w", parts_to_json(layer.power_w)},
                      {"energy_nj", parts_to_json(layer.energy_nj)}});
  }
  return {{"latency_ns", result.latency_ns},
          {"shared_area_um2", parts_to_json(result.shared_area_um2)},
          {"operations", result.operations},
          {"layers", std::move(layers)}};
}

sim::SimulationResult simulation_from_json(const Json& json) {
  sim::SimulationResult result;
  result.latency_ns = number(json.at("latency_ns"));
  result.operations = number(json.at("operations"));
  result.shared_area_um2 = parts_from_json(json.value("shared_area_um2", Json::object()));
  for (const Json& item : json.at("layers")) {
    sim::LayerResult layer;
    layer.name = item.at("name").get<std::string>();
    layer.type = item.at("type").get<std::string>();
    layer.bound_by = item.value("bound_by", std::string());  // absent in older runs
    layer.processing_elements = item.at("processing_elements").get<int>();
    layer.tiles = item.at("tiles").get<int>();
    layer.crossbars = item.at("crossbars").get<int>();
    layer.utilization = number(item.at("utilization"));
    layer.begin_ns = number(item.at("begin_ns"));
    layer.finish_ns = number(item.at("finish_ns"));
    layer.busy_ns = parts_from_json(item.at("busy_ns"));
    layer.area_um2 = parts_from_json(item.at("area_um2"));
    layer.power_w = parts_from_json(item.at("power_w"));
    layer.energy_nj = parts_from_json(item.at("energy_nj"));
    result.layers.push_back(std::move(layer));
  }
  return result;
}

}  // namespace gibbon::store
