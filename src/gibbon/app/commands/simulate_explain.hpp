#pragma once

#include <string>

#include "gibbon/hw/hardware_config.hpp"
#include "gibbon/nn/network.hpp"
#include "gibbon/sim/simulator.hpp"

/// `gibbon simulate --explain`: how one figure comes about, term by term.
namespace gibbon::app {

/// "energy" or "energy:conv1", as given after --explain.
struct ExplainRequest {
  sim::Quantity quantity = sim::Quantity::kLatency;
  std::string layer;  ///< empty: all of them
};

/// Throws base::Error listing the quantities where `given` names none.
ExplainRequest parse_explain_request(const std::string& given);

/// The explanation, of one layer only where one is asked for: the total is then the layer's own.
/// Throws base::Error listing the layers where it names none, and where the network does not fit.
sim::Explanation explain(const sim::Simulator& simulator, const nn::Network& network,
                         const hw::HardwareConfig& hardware, const ExplainRequest& request);

/// Lines of at most 80 columns. Values have so many digits that what is printed adds up.
std::string to_text(const sim::Explanation& explanation);

}  // namespace gibbon::app
