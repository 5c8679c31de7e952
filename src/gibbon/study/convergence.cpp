#include "gibbon/study/convergence.hpp"

#include <algorithm>
#include <cmath>

#include "gibbon/search/searcher.hpp"

namespace gibbon::study {

namespace {

/// Adds `weight` of a search's present statistics to the step.
void add_statistics(const base::Json& statistics, const space::SearchSpace& space, double weight,
                    ConvergenceStep& step) {
  std::map<std::string, int> slot_genes;
  for (const space::Gene& gene : space.genes()) {
    if (gene.choices.size() > 1) ++slot_genes[gene.slot];
  }
  for (const space::Gene& gene : space.genes()) {
    if (gene.choices.size() < 2) continue;
    const double full = std::log2(static_cast<double>(gene.choices.size()));
    const double share = statistics.at("entropy." + gene.name).get<double>() / full;
    step.genes[gene.name] += weight * share;
    step.slots[gene.slot] += weight * share / slot_genes[gene.slot];
  }
  step.equivalent_log10_size += weight * statistics.at("equivalent_log10_size").get<double>();
}

}  // namespace

std::vector<ConvergenceStep> run_convergence(const Surrogate& surrogate, const base::Json& settings,
                                             const AblationOptions& options) {
  std::vector<ConvergenceStep> steps;
  for (int seed = 1; seed <= options.seeds; ++seed) {
    const auto searcher = search::make_searcher("esapp", surrogate.space(), options.objective,
                                                {static_cast<std::uint64_t>(seed), settings});
    std::size_t number = 0;
    for (int told = 0; told < options.designs; told += options.per_ask) {
      const int count = std::min(options.per_ask, options.designs - told);
      const auto genomes = searcher->ask({count, {}});
      const base::Json statistics = searcher->statistics();
      // The first ask knows no designs and is random.
      if (!statistics.empty()) {
        if (number == steps.size()) steps.push_back({told, {}, {}, 0});
        add_statistics(statistics, surrogate.space(), 1.0 / options.seeds, steps[number++]);
      }
      searcher->tell(surrogate.evaluate(genomes));
    }
  }
  return steps;
}

}  // namespace gibbon::study
