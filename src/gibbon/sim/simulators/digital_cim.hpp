#pragma once

#include "gibbon/sim/digital/digital_evaluation.hpp"
#include "gibbon/sim/simulator.hpp"

namespace gibbon::sim {

/// A digital compute-in-memory accelerator with its memory hierarchy, for convolutional networks
/// and transformers (docs/models/digital_cim.md). Reads HardwareConfig::digital_cim alone and
/// throws base::Error where that is missing. Power is an inference's energy over its latency.
class DigitalCimSimulator final : public Simulator {
 public:
  std::string_view name() const override { return "digital_cim"; }
  base::Result<SimulationResult> simulate(const nn::Network& network,
                                          const hw::HardwareConfig& hardware) const override;
  base::Result<Cost> cost(const nn::Network& network,
                          const hw::HardwareConfig& hardware) const override;
  base::Result<Explanation> explain(const nn::Network& network, const hw::HardwareConfig& hardware,
                                    Quantity quantity) const override;
  bool is_exact() const override { return true; }
};

}  // namespace gibbon::sim
