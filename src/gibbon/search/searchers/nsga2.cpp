#include "gibbon/search/searchers/nsga2.hpp"

#include <algorithm>

#include "gibbon/search/pareto.hpp"
#include "gibbon/search/searchers/settings.hpp"
#include "gibbon/search/searchers/variation.hpp"

namespace gibbon::search {

Nsga2Searcher::Nsga2Searcher(const space::SearchSpace& space, const space::Objective& objective,
                             const SearcherOptions& options)
    : SearcherBase(space, objective, options.seed) {
  SettingsReader settings(name(), options.settings);
  population_ = static_cast<std::size_t>(settings.integer("population", 50, 2, 100000));
  crossover_ = settings.real("crossover", 0.9, 0, 1);
  settings.refuse_unknown();
}

void Nsga2Searcher::propose(const AskContext&, base::Rng& rng, Proposals& proposals) {
  if (in_first_generation(population_)) return;
  std::vector<std::size_t> order = rank(evaluations(), objective());
  order.resize(std::min(order.size(), population_));
  // rank() orders by front and crowding, so the earlier of two wins the tournament.
  const auto winner = [&]() -> const space::Genome& {
    const std::size_t place = std::min(rng.below(order.size()), rng.below(order.size()));
    return evaluations()[order[place]].genome;
  };
  const auto child = [&] {
    const space::Genome& first = winner();
    const space::Genome& second = winner();
    return make_child(first, second, rng);
  };
  proposals.fill(child, kTriesPerChild);
}

space::Genome Nsga2Searcher::make_child(const space::Genome& first, const space::Genome& second,
                                        base::Rng& rng) const {
  return crossed_and_mutated(space(), first, second, crossover_, rng);
}

}  // namespace gibbon::search
