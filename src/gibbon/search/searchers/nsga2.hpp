#pragma once

#include "gibbon/search/searchers/searcher_base.hpp"

namespace gibbon::search {

/// NSGA-II (Deb, Pratap, Agarwal, Meyarivan, IEEE TEC 2002) as ask and tell: the population is the
/// best of all told by rank(); binary tournaments, uniform crossover, and each free gene mutated
/// with probability 1 / (number of free genes). Uses no screen.
/// Settings: "population" (50), "crossover" (probability of a crossover, 0.9).
class Nsga2Searcher final : public SearcherBase {
 public:
  Nsga2Searcher(const space::SearchSpace& space, const space::Objective& objective,
                const SearcherOptions& options);
  std::string_view name() const override { return "nsga2"; }

 private:
  void propose(const AskContext& context, base::Rng& rng, Proposals& proposals) override;
  space::Genome make_child(const space::Genome& first, const space::Genome& second,
                           base::Rng& rng) const;

  std::size_t population_;
  double crossover_;
};

}  // namespace gibbon::search
