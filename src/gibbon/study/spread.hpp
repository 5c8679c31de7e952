#pragma once

#include <vector>

#include "gibbon/study/surrogate.hpp"

namespace gibbon::study {

/// Accuracy and energy over a group of designs that share their network or their chip.
struct Spread {
  double lowest_accuracy = 0;
  double highest_accuracy = 0;
  double lowest_energy = 0;  ///< mJ
  double highest_energy = 0;
  /// Percentage points, and percent of the highest energy: the Gibbon paper's two gaps.
  double accuracy_gap() const { return highest_accuracy - lowest_accuracy; }
  double energy_gap() const { return 100 * (1 - lowest_energy / highest_energy); }
};

/// Every network (its quantisation included) on every chip. [network][chip]
struct Crossing {
  std::vector<std::vector<space::Evaluation>> designs;
  std::vector<Spread> over_chips;     ///< by network
  std::vector<Spread> over_networks;  ///< by chip
};

/// `networks` random networks, each on the same `chips` random chips. A chip on which one of the
/// networks cannot be built is drawn anew.
Crossing cross(const Surrogate& surrogate, int networks, int chips, std::uint64_t seed);

}  // namespace gibbon::study
