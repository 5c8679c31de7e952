#include "gibbon/search/searcher.hpp"

#include "gibbon/base/registry.hpp"
#include "gibbon/search/searchers/cars.hpp"
#include "gibbon/search/searchers/esapp.hpp"
#include "gibbon/search/searchers/linas.hpp"
#include "gibbon/search/searchers/nsga2.hpp"
#include "gibbon/search/searchers/random.hpp"
#include "gibbon/search/searchers/regularized_evolution.hpp"

namespace gibbon::search {

namespace {

template <typename T>
std::unique_ptr<Searcher> make(const space::SearchSpace& space, const space::Objective& objective,
                               const SearcherOptions& options) {
  return std::make_unique<T>(space, objective, options);
}

constexpr SearcherEntry kRegistry[] = {
    {"esapp", "evolution whose mutations follow each gene's entropy (Gibbon, DATE 2022)",
     &make<EsappSearcher>},
    {"esapp-no-priority", "esapp in which every gene is as likely to be mutated: its ablation",
     &make<EsappNoPrioritySearcher>},
    {"cars", "two sortings that spare large networks, half random children (CVPR 2020)",
     &make<CarsSearcher>},
    {"linas", "rounds of NSGA-II on predictors fitted to all that was measured (2022)",
     &make<LinasSearcher>},
    {"nsga2", "non-dominated sorting genetic algorithm II (Deb et al., 2002)",
     &make<Nsga2Searcher>},
    {"regularized-evolution", "evolution in which the oldest die (Real et al., AAAI 2019)",
     &make<RegularizedEvolutionSearcher>},
    {"random", "uniform draws without repetition, the baseline", &make<RandomSearcher>},
};

}  // namespace

std::span<const SearcherEntry> searcher_registry() {
  return kRegistry;
}

std::unique_ptr<Searcher> make_searcher(std::string_view name, const space::SearchSpace& space,
                                        const space::Objective& objective,
                                        const SearcherOptions& options) {
  return base::entry_in(kRegistry, "searcher", name).make(space, objective, options);
}

}  // namespace gibbon::search
