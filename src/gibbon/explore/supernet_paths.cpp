#include "gibbon/explore/supernet_paths.hpp"

#include <algorithm>
#include <optional>

#include "gibbon/base/rng.hpp"
#include "gibbon/explore/random_design.hpp"

namespace gibbon::explore {

namespace {

/// Every gene at its least value: with the largest network the other end of the space.
std::optional<nn::Network> smallest_network(const space::SearchSpace& space) {
  space::Genome genome;
  for (const space::Gene& gene : space.genes()) {
    const auto least = std::min_element(gene.choices.begin(), gene.choices.end());
    genome.push_back(static_cast<std::uint8_t>(least - gene.choices.begin()));
  }
  const auto design = space.decode(genome);
  if (!design) return std::nullopt;
  return design->network;
}

nn::Network random_path(const space::SearchSpace& space, std::uint64_t seed, std::uint64_t step) {
  base::Rng rng = base::Rng::forked(seed, "supernet path", step);
  return random_design(space, rng).design.network;
}

}  // namespace

train::PathSampler sandwich_paths(const space::SearchSpace& space, std::uint64_t seed) {
  const nn::Network largest = space.largest_network();
  const nn::Network smallest = smallest_network(space).value_or(largest);
  return [&space, seed, largest, smallest](std::uint64_t step) {
    if (step % 4 == 0) return largest;
    if (step % 4 == 2) return smallest;
    return random_path(space, seed, step);
  };
}

train::PathSampler largest_paths(const space::SearchSpace& space, std::uint64_t seed) {
  return [&space, seed, largest = space.largest_network()](std::uint64_t step) {
    return step % 4 == 0 ? largest : random_path(space, seed, step);
  };
}

}  // namespace gibbon::explore
