#pragma once

#include <string>
#include <vector>

#include "gibbon/hw/hardware_config.hpp"
#include "gibbon/nn/network.hpp"
#include "gibbon/sim/epitome/storage_costs.hpp"

namespace gibbon::app {

/// One epitome of a network on a chip: its rounds and what it moves beside a convolution.
struct EpitomeRow {
  std::string layer;
  nn::EpitomeShape shape;
  bool wrapped = false;
  sim::EpitomeTraffic traffic;
  long table_bits = 0;  ///< of the three index tables
};

struct EpitomeSimulation {
  sim::SimulationResult result;
  sim::NetworkCrossbars crossbars;  ///< pairs count as one
  std::vector<EpitomeRow> epitomes;
};

/// `--epitome RULE|FILE.yaml` (load_storage). Throws base::Error where the design does not fit.
EpitomeSimulation simulate_epitomes(const std::string& rule_or_file, const std::string& model,
                                    const nn::Network& network, const hw::HardwareConfig& hardware);

/// What the layers' table does not say: crossbars, and a line for each epitome.
std::string to_text(const EpitomeSimulation& simulation);
base::Json to_json(const EpitomeSimulation& simulation);

}  // namespace gibbon::app
