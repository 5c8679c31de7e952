#pragma once

#include <span>

#include "gibbon/sim/simulator.hpp"
#include "gibbon/space/search_space.hpp"

namespace gibbon::study {

/// What the epitomes of designs save by the cost model alone: each design beside the same one with
/// convolutions in their place. Medians over the designs that have any.
struct EpitomeSavings {
  int designs = 0;  ///< that have an epitome and can be built either way
  double epitomes = 0;
  double area = 1;  ///< with epitomes over without, as the other two
  double latency = 1;
  double edp = 1;
};

/// Genes whose slot is "epitome" are set to the choice 1, the whole weight; a space without such
/// genes has no savings.
EpitomeSavings epitome_savings(const space::SearchSpace& space, const sim::Simulator& simulator,
                               std::span<const space::Genome> genomes);

}  // namespace gibbon::study
