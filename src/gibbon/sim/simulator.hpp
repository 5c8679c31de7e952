#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "gibbon/base/result.hpp"
#include "gibbon/hw/hardware_config.hpp"
#include "gibbon/nn/network.hpp"
#include "gibbon/sim/cost.hpp"
#include "gibbon/sim/explanation.hpp"
#include "gibbon/sim/nonideal/device_model.hpp"
#include "gibbon/sim/simulation_result.hpp"

namespace gibbon::sim {

/// A model of what a network costs on a chip. const and thread-safe; the same input gives the same
/// bits. Infeasible (with the reason) where the network does not fit the chip; base::Error where
/// the network holds something that the model does not know.
class Simulator {
 public:
  virtual ~Simulator() = default;
  virtual std::string_view name() const = 0;
  /// Every part, for people.
  virtual base::Result<SimulationResult> simulate(const nn::Network& network,
                                                  const hw::HardwareConfig& hardware) const = 0;
  /// The headline figures only, for the search: the same totals, fast.
  virtual base::Result<Cost> cost(const nn::Network& network,
                                  const hw::HardwareConfig& hardware) const = 0;
  /// How one figure of simulate() comes about.
  virtual base::Result<Explanation> explain(const nn::Network& network,
                                            const hw::HardwareConfig& hardware,
                                            Quantity quantity) const = 0;
  /// Whether the chip computes what the quantised network does, bit for bit, so that its accuracy
  /// is the network's own; else the crossbar simulation measures it.
  virtual bool is_exact() const { return false; }
};

struct SimulatorEntry {
  std::string_view name;
  std::string_view summary;
  std::unique_ptr<Simulator> (*make)();
  DeviceModel devices;  ///< of the accuracy on real devices that goes with this cost
  std::string_view hardware = "mnsim-default";  ///< shipped hardware that the model fits
};
/// Every cost model, the default first.
std::span<const SimulatorEntry> simulator_registry();
/// All throw base::Error listing the known names.
std::unique_ptr<Simulator> make_simulator(std::string_view name);
DeviceModel device_model_of(std::string_view name);
std::string_view default_hardware_of(std::string_view name);

/// The headline figures in their units, from the simulator's own.
Cost cost_of(double latency_ns, double energy_nj, double area_um2, double power_w);
Cost summarize(const SimulationResult& result);

}  // namespace gibbon::sim
