#pragma once

#include "gibbon/sim/explanation.hpp"
#include "gibbon/sim/simulators/mnsim.hpp"

namespace gibbon::sim {

/// Takes an evaluation apart, which must have kept its begins. The counts of MNSIM's own power are
/// the power divided by that of one unit.
Explanation explain_mnsim(const nn::Network& network, const hw::HardwareConfig& hardware,
                          const MnsimOptions& options, const MnsimEvaluation& evaluation,
                          Quantity quantity);

}  // namespace gibbon::sim
