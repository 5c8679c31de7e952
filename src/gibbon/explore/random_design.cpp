#include "gibbon/explore/random_design.hpp"

#include <fmt/format.h>

#include <utility>

#include "gibbon/base/error.hpp"

namespace gibbon::explore {

RandomDesign random_design(const space::SearchSpace& space, base::Rng& rng) {
  constexpr int kAttempts = 1000;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    space::Genome genome = space.sample(rng);
    if (const auto design = space.decode(genome)) return {std::move(genome), *design};
  }
  throw base::Error(fmt::format("space '{}': {} random designs, none of which can be built",
                                space.name(), kAttempts));
}

}  // namespace gibbon::explore
