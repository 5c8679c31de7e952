#pragma once

#include <cstdint>
#include <vector>

#include "gibbon/space/search_space.hpp"

namespace gibbon::explore {

/// The first random designs that can be built; the seed decides which.
std::vector<space::Genome> random_designs(const space::SearchSpace& space, std::uint64_t seed,
                                          int count);

/// Designs from the least to the most able to learn: those of 1,000 random ones (of `count`, where
/// that is more) whose capacities (capacity.hpp) come nearest to `count` evenly spaced logarithms,
/// the least and the largest capacity among them. Random designs alone crowd in the middle, where
/// what tells two of them apart is less than what a second training of either would.
std::vector<space::Genome> spread_designs(const space::SearchSpace& space, std::uint64_t seed,
                                          int count);

}  // namespace gibbon::explore
