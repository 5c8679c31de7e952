#include "gibbon/sim/simulator.hpp"

#include <array>

#include "gibbon/base/registry.hpp"
#include "gibbon/sim/simulators/digital_cim.hpp"
#include "gibbon/sim/simulators/mnsim.hpp"

namespace gibbon::sim {

std::span<const SimulatorEntry> simulator_registry() {
  static const std::array<SimulatorEntry, 4> kEntries = {{
      {"mnsim2", "MNSIM 2.0's area, power, energy and latency models, with group convolution",
       []() -> std::unique_ptr<Simulator> { return std::make_unique<MnsimSimulator>(); },
       DeviceModel::kPerPlane},
      {"mnsim2-corrected", "The same with MNSIM's quirks mended: docs/models/corrected.md",
       []() -> std::unique_ptr<Simulator> {
         return std::make_unique<MnsimSimulator>(corrected_options(), "mnsim2-corrected");
       },
       DeviceModel::kPerCell},
      {"mnsim2-packed", "mnsim2 with the slices of a weight side by side: docs/models/epitome.md",
       []() -> std::unique_ptr<Simulator> {
         return std::make_unique<MnsimSimulator>(packed_options(), "mnsim2-packed");
       },
       DeviceModel::kPerPlane},
      {"digital_cim", "Digital SRAM arrays with buffers, shared memory and DRAM; transformers, too",
       []() -> std::unique_ptr<Simulator> { return std::make_unique<DigitalCimSimulator>(); },
       DeviceModel::kPerCell, "digital-cim"},
  }};
  return kEntries;
}

namespace {

const SimulatorEntry& entry_of(std::string_view name) {
  return base::entry_in(simulator_registry(), "simulator", name);
}

}  // namespace

std::unique_ptr<Simulator> make_simulator(std::string_view name) {
  return entry_of(name).make();
}

DeviceModel device_model_of(std::string_view name) {
  return entry_of(name).devices;
}

std::string_view default_hardware_of(std::string_view name) {
  return entry_of(name).hardware;
}

Cost cost_of(double latency_ns, double energy_nj, double area_um2, double power_w) {
  return {latency_ns * 1e-6, energy_nj * 1e-6, area_um2 * 1e-6, power_w};
}

Cost summarize(const SimulationResult& result) {
  return cost_of(result.latency_ns, result.energy_nj(), result.area_um2(), result.power_w());
}

}  // namespace gibbon::sim
