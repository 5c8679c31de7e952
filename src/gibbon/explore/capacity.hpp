#pragma once

#include "gibbon/nn/network.hpp"
#include "gibbon/space/search_space.hpp"

namespace gibbon::explore {

/// How much a network can learn, known before any training: its bit operations,
/// multiply-accumulates of one inference, each times the bits of its weight and of its input
/// (Baskin et al., UNIQ, ACM TOCS 2021). One-shot accuracies and short trainings
/// under-rate designs of large capacity, which gain most from a long training (decision 0008).
double capacity(const nn::Network& network);
/// Of a genome's network; 0 where it cannot be built.
double capacity_of(const space::SearchSpace& space, const space::Genome& genome);

}  // namespace gibbon::explore
