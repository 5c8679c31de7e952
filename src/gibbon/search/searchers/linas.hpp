#pragma once

#include "gibbon/search/searchers/searcher_base.hpp"

namespace gibbon::search {

/// LINAS (Cummings et al., "A Hardware-Aware Framework for Accelerating Neural Architecture Search
/// Across Modalities", arXiv 2205.10358), with which CiMNet's authors search: after a first random
/// population each round fits cheap predictors to all that was measured (MetricPredictor), runs
/// NSGA-II on the predictions alone, and proposes the best that it met and that were never
/// proposed. Uses no screen: its predictors are its own.
/// Settings: "population" (50), of the random start and of the inner search, "inner_evaluations"
/// (5000 predictions a round; the authors take 5000 to 20000) and "crossover" (0.9).
class LinasSearcher final : public SearcherBase {
 public:
  LinasSearcher(const space::SearchSpace& space, const space::Objective& objective,
                const SearcherOptions& options);
  std::string_view name() const override { return "linas"; }

 private:
  void propose(const AskContext& context, base::Rng& rng, Proposals& proposals) override;

  std::size_t population_;
  std::size_t inner_evaluations_;
  double crossover_;
};

}  // namespace gibbon::search
