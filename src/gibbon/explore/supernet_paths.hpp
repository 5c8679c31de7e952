#pragma once

#include <cstdint>

#include "gibbon/space/search_space.hpp"
#include "gibbon/train/supernet.hpp"

/// Which sub-network of a space each step of a supernet trains.
namespace gibbon::explore {

/// Every other path at an end of the space, the two in turn, and random ones between: the sandwich
/// rule (Yu and Huang, "Universally Slimmable Networks", ICCV 2019), one path a step. Weights that
/// only large designs use are trained as often as the others, so that large designs are not rated
/// too low. The sampler refers to the space.
train::PathSampler sandwich_paths(const space::SearchSpace& space, std::uint64_t seed);

/// Every fourth path the largest, random ones between: what a sandwich spends on the smallest
/// network teaches random ones more (decision 0003). The sampler refers to the space.
train::PathSampler largest_paths(const space::SearchSpace& space, std::uint64_t seed);

}  // namespace gibbon::explore
