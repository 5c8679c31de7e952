#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "gibbon/base/json.hpp"
#include "gibbon/sim/simulation_result.hpp"

namespace gibbon::sim {

/// The figures that can be explained.
enum class Quantity { kLatency, kEnergy, kArea, kPower };
inline constexpr std::array<Quantity, 4> kQuantities = {Quantity::kLatency, Quantity::kEnergy,
                                                        Quantity::kArea, Quantity::kPower};
std::string_view quantity_name(Quantity quantity);  ///< "latency", ...
std::string_view quantity_unit(Quantity quantity);  ///< of Term::value: ns, nJ, um2, W

/// count x unit_value (x time_ns for an energy).
struct Term {
  std::string layer;
  Component component = Component::kCrossbar;
  std::string what;  ///< which units, or which of a latency's steps
  double count = 0;
  double unit_value = 0;  ///< W for an energy or a power, um2 for an area, ns for a latency
  double time_ns = 0;     ///< that the units work; of an energy only
  std::string source;     ///< of unit_value: a key of the hardware, a table, an equation
  double value = 0;
};

/// A figure as a sum. The terms follow the layers; those that are 0 are left out. A latency's are
/// the steps of the chain of output positions that ends last: each waits for the one before, so
/// that layers beside the chain have none.
struct Explanation {
  Quantity quantity = Quantity::kLatency;
  std::vector<std::string> layers;  ///< all of the model's, with terms or without
  std::vector<Term> terms;
  double total = 0;  ///< the simulation's own figure, which the terms add up to
};

base::Json to_json(const Explanation& explanation);

}  // namespace gibbon::sim
