#include "gibbon/sim/simulators/digital_cim.hpp"

#include <utility>

#include "gibbon/sim/digital/roofline.hpp"

namespace gibbon::sim {
namespace {

ComponentValues area_of(const ChipAreas& areas) {
  ComponentValues values;
  values[Component::kCrossbar] = areas.arrays_um2;
  values[Component::kPeBuffer] = areas.buffers_um2;
  values[Component::kSharedMemory] = areas.shared_memory_um2;
  values[Component::kVectorUnit] = areas.vector_um2;
  return values;
}

ComponentValues busy_of(const ByResource& busy) {
  ComponentValues values;
  values[Component::kCrossbar] = busy[Resource::kCompute];
  values[Component::kPeBuffer] = busy[Resource::kPeBuffer];
  values[Component::kArrayWrite] = busy[Resource::kArrayWrite];
  values[Component::kSharedMemory] = busy[Resource::kSharedMemory];
  values[Component::kDram] = busy[Resource::kDram];
  values[Component::kVectorUnit] = busy[Resource::kVector];
  return values;
}

ComponentValues divided(ComponentValues values, double divisor) {
  for (double& value : values.values) value /= divisor;
  return values;
}

/// What the energies of a component follow from, for people.
std::string_view energy_source(Component component) {
  switch (component) {
    case Component::kCrossbar:
      return "multiply-accumulates x cycles of an input x gates";
    case Component::kArrayWrite:
      return "bits written x SRAM write";
    case Component::kPeBuffer:
    case Component::kSharedMemory:
      return "bytes x SRAM access";
    case Component::kDram:
      return "bits x digital_cim.dram.pj_per_bit";
    default:
      return "operations x 16-bit float";
  }
}

class CimExplainer {
 public:
  CimExplainer(const SimulationResult& result, Quantity quantity) : result_(result) {
    explanation_.quantity = quantity;
    for (const LayerResult& layer : result.layers) explanation_.layers.push_back(layer.name);
  }

  Explanation run() {
    switch (explanation_.quantity) {
      case Quantity::kLatency:
        explain_latency();
        explanation_.total = result_.latency_ns;
        break;
      case Quantity::kEnergy:
        explain_parts(&LayerResult::energy_nj);
        explanation_.total = result_.energy_nj();
        break;
      case Quantity::kPower:
        explain_parts(&LayerResult::power_w);
        explanation_.total = result_.power_w();
        break;
      case Quantity::kArea:
        explain_area();
        explanation_.total = result_.area_um2();
        break;
    }
    return std::move(explanation_);
  }

 private:
  static constexpr const char* kChip = "(chip)";

  void add(const std::string& layer, Component component, std::string what, double value,
           std::string_view source) {
    if (value == 0) return;
    explanation_.terms.push_back(
        {layer, component, std::move(what), 1, value, 1, std::string(source), value});
  }

  void explain_latency() {
    for (const LayerResult& layer : result_.layers) {
      double busiest = 0;
      Component component = Component::kCrossbar;
      for (std::size_t i = 0; i < kComponentCount; ++i) {
        if (layer.busy_ns.values[i] <= busiest) continue;
        busiest = layer.busy_ns.values[i];
        component = static_cast<Component>(i);
      }
      add(layer.name, component, "work and filling", layer.finish_ns - layer.begin_ns,
          "the busiest resource, and what loads before it");
    }
  }

  void explain_parts(ComponentValues LayerResult::*part) {
    for (const LayerResult& layer : result_.layers) {
      for (std::size_t i = 0; i < kComponentCount; ++i) {
        const auto component = static_cast<Component>(i);
        add(layer.name, component, "of an inference", (layer.*part).values[i],
            energy_source(component));
      }
    }
  }

  void explain_area() {
    explanation_.layers.emplace_back(kChip);
    for (std::size_t i = 0; i < kComponentCount; ++i) {
      add(kChip, static_cast<Component>(i), "all", result_.shared_area_um2.values[i],
          "digital_cim.technology_nm");
    }
  }

  const SimulationResult& result_;
  Explanation explanation_;
};

}  // namespace

base::Result<SimulationResult> DigitalCimSimulator::simulate(
    const nn::Network& network, const hw::HardwareConfig& hardware) const {
  const auto evaluated = evaluate_digital(network, digital_cim_of(hardware));
  if (!evaluated) return base::Infeasible{evaluated.reason()};
  SimulationResult result;
  result.latency_ns = evaluated->latency_ns();
  result.operations = 2.0 * static_cast<double>(network.mac_count());
  result.shared_area_um2 = area_of(evaluated->areas);
  double begin = 0;
  for (const DigitalStep& step : evaluated->steps) {
    const nn::Layer& source = network.layers()[static_cast<std::size_t>(step.work.network_index)];
    LayerResult& layer = result.layers.emplace_back();
    layer.name = source.name;
    layer.type = std::string(nn::type_name(source.parameters));
    layer.bound_by = std::string(resource_name(step.bound_by()));
    layer.processing_elements = step.pes;
    layer.crossbars = step.pes;
    layer.utilization = step.used_cells;
    layer.begin_ns = begin;
    layer.finish_ns = begin += step.time_ns;
    layer.busy_ns = busy_of(step.busy_ns);
    layer.energy_nj = step.energy_nj;
    // nJ / ns = W
    layer.power_w = divided(step.energy_nj, result.latency_ns);
  }
  return result;
}

base::Result<Cost> DigitalCimSimulator::cost(const nn::Network& network,
                                             const hw::HardwareConfig& hardware) const {
  const auto evaluated = evaluate_digital(network, digital_cim_of(hardware));
  if (!evaluated) return base::Infeasible{evaluated.reason()};
  const double latency = evaluated->latency_ns();
  double energy = 0;
  double power = 0;
  // In the order in which SimulationResult folds its parts, so that both give the same bits.
  for (const DigitalStep& step : evaluated->steps) {
    energy += step.energy_nj.sum();
    power += divided(step.energy_nj, latency).sum();
  }
  return cost_of(latency, energy, area_of(evaluated->areas).sum(), power);
}

base::Result<Explanation> DigitalCimSimulator::explain(const nn::Network& network,
                                                       const hw::HardwareConfig& hardware,
                                                       Quantity quantity) const {
  const auto result = simulate(network, hardware);
  if (!result) return base::Infeasible{result.reason()};
  return CimExplainer(*result, quantity).run();
}

}  // namespace gibbon::sim
