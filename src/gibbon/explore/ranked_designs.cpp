#include "gibbon/explore/ranked_designs.hpp"

#include <algorithm>
#include <cmath>

#include "gibbon/base/rng.hpp"
#include "gibbon/explore/capacity.hpp"
#include "gibbon/explore/random_design.hpp"

namespace gibbon::explore {

namespace {

constexpr int kDrawn = 1000;

struct Sized {
  space::Genome genome;
  double size = 0;  ///< logarithm of the capacity
};

}  // namespace

std::vector<space::Genome> random_designs(const space::SearchSpace& space, std::uint64_t seed,
                                          int count) {
  base::Rng rng = base::Rng::forked(seed, "ranked designs");
  std::vector<space::Genome> designs;
  while (designs.size() < static_cast<std::size_t>(count)) {
    designs.push_back(random_design(space, rng).genome);
  }
  return designs;
}

std::vector<space::Genome> spread_designs(const space::SearchSpace& space, std::uint64_t seed,
                                          int count) {
  std::vector<Sized> drawn;
  for (space::Genome& genome : random_designs(space, seed, std::max(count, kDrawn))) {
    const double size = std::log(capacity_of(space, genome));
    drawn.push_back({std::move(genome), size});
  }
  const auto [least, most] = std::ranges::minmax(drawn, {}, &Sized::size);
  const double step = count > 1 ? (most.size - least.size) / (count - 1) : 0;
  std::vector<space::Genome> designs;
  for (int n = 0; n < count; ++n) {
    const double wanted = least.size + n * step;
    const auto nearest = std::ranges::min_element(
        drawn, {}, [&](const Sized& one) { return std::abs(one.size - wanted); });
    designs.push_back(std::move(nearest->genome));
    drawn.erase(nearest);
  }
  return designs;
}

}  // namespace gibbon::explore
