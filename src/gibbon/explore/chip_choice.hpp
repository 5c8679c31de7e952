#pragma once

#include <cstddef>
#include <vector>

#include "gibbon/explore/stages.hpp"

/// Which chip a design is built on once its network is chosen. The search tells chips apart by few
/// images and half-trained weights; a bound says how much a chip may cost.
namespace gibbon::explore {

/// Every chip of the space under the genome's network, its own first; where there are more than
/// kMostChips, so many drawn at random, the same at each call.
std::vector<space::Genome> chips_under(const space::SearchSpace& space,
                                       const space::Genome& genome);
inline constexpr std::size_t kMostChips = 4096;

/// The design on the chip whose converters disturb its network least (sim::converter_noise) among
/// those within the target's bounds and genes; of equals the one of lowest EDP. Its accuracy
/// remains what the search saw on the design's own chip.
space::Evaluation on_quietest_chip(const RunContext& context, const FinalTarget& target,
                                   const space::Evaluation& design);

}  // namespace gibbon::explore
