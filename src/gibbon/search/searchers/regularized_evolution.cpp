#include "gibbon/search/searchers/regularized_evolution.hpp"

#include <algorithm>

#include "gibbon/search/pareto.hpp"
#include "gibbon/search/searchers/settings.hpp"
#include "gibbon/search/searchers/variation.hpp"

namespace gibbon::search {

RegularizedEvolutionSearcher::RegularizedEvolutionSearcher(const space::SearchSpace& space,
                                                           const space::Objective& objective,
                                                           const SearcherOptions& options)
    : SearcherBase(space, objective, options.seed) {
  SettingsReader settings(name(), options.settings);
  population_ = static_cast<std::size_t>(settings.integer("population", 50, 2, 100000));
  sample_ = static_cast<std::size_t>(settings.integer("sample", 10, 1, 100000));
  settings.refuse_unknown();
}

void RegularizedEvolutionSearcher::propose(const AskContext&, base::Rng& rng,
                                           Proposals& proposals) {
  if (in_first_generation(population_)) return;
  const std::span<const space::Evaluation> living =
      std::span(evaluations()).last(std::min(population_, evaluations().size()));
  const std::vector<std::size_t> order = rank(living, objective());
  const std::vector<double> weights(space().genes().size(), 1.0);
  const auto child = [&] {
    std::size_t best = order.size() - 1;
    for (std::size_t j = 0; j < sample_; ++j) {
      best = std::min<std::size_t>(best, rng.below(order.size()));
    }
    return mutated(space(), living[order[best]].genome, 1, weights, rng);
  };
  proposals.fill(child, kTriesPerChild);
}

}  // namespace gibbon::search
