#pragma once

#include "gibbon/search/searchers/searcher_base.hpp"

namespace gibbon::search {

/// Regularized (aging) evolution (Real, Aggarwal, Huang, Le, AAAI 2019): of the most recently told
/// `population`, `sample` are drawn, the best by rank() has one gene mutated; the oldest die
/// whatever their quality. Uses no screen. Settings: "population" (50), "sample" (10).
class RegularizedEvolutionSearcher final : public SearcherBase {
 public:
  RegularizedEvolutionSearcher(const space::SearchSpace& space, const space::Objective& objective,
                               const SearcherOptions& options);
  std::string_view name() const override { return "regularized-evolution"; }

 private:
  void propose(const AskContext& context, base::Rng& rng, Proposals& proposals) override;

  std::size_t population_;
  std::size_t sample_;
};

}  // namespace gibbon::search
