#include "gibbon/search/searchers/cars.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "gibbon/base/error.hpp"
#include "gibbon/search/pareto.hpp"
#include "gibbon/search/searchers/settings.hpp"
#include "gibbon/search/searchers/variation.hpp"

namespace gibbon::search {

CarsSearcher::CarsSearcher(const space::SearchSpace& space, const space::Objective& objective,
                           const SearcherOptions& options)
    : SearcherBase(space, objective, options.seed) {
  SettingsReader settings(name(), options.settings);
  population_ = static_cast<std::size_t>(settings.integer("population", 100, 2, 100000));
  random_share_ = settings.real("random_share", 0.5, 0, 1);
  crossover_share_ = settings.real("crossover_share", 0.25, 0, 1);
  mutations_ = static_cast<std::size_t>(settings.integer("mutations", 1, 1, 1000));
  settings.refuse_unknown();
  if (random_share_ + crossover_share_ > 1) {
    throw base::Error(
        fmt::format("searcher 'cars': random_share + crossover_share is {}, allowed is at most 1",
                    random_share_ + crossover_share_));
  }
}

void CarsSearcher::propose(const AskContext&, base::Rng& rng, Proposals& proposals) {
  if (in_first_generation(population_)) return;
  std::vector<std::size_t> survivors = rank_protected(evaluations(), objective());
  survivors.resize(std::min(survivors.size(), population_));
  proposals.fill([&] { return make_child(survivors, rng); }, kTriesPerChild);
}

space::Genome CarsSearcher::make_child(const std::vector<std::size_t>& survivors,
                                       base::Rng& rng) const {
  const auto survivor = [&]() -> const space::Genome& {
    return evaluations()[survivors[rng.below(survivors.size())]].genome;
  };
  const double kind = rng.uniform();
  if (kind < random_share_) return space().sample(rng);
  const space::Genome& first = survivor();
  if (kind < random_share_ + crossover_share_) {
    return recombined(space(), first, survivor(), rng);
  }
  const std::vector<double> weights(space().genes().size(), 1.0);
  return mutated(space(), first, mutations_, weights, rng);
}

}  // namespace gibbon::search
