#pragma once

#include "gibbon/space/search_space.hpp"

namespace gibbon::study {

/// The first genome's network on the second one's chip.
inline space::Genome on_chip(const space::SearchSpace& space, space::Genome network,
                             const space::Genome& chip) {
  for (std::size_t gene = 0; gene < network.size(); ++gene) {
    if (space.genes()[gene].part == space::GenePart::kHardware) network[gene] = chip[gene];
  }
  return space.canonical(std::move(network));
}

}  // namespace gibbon::study
