#pragma once

#include "gibbon/search/searchers/searcher_base.hpp"

namespace gibbon::search {

/// CARS (Yang et al., CVPR 2020) as ask and tell. The survivors are the best of all told by
/// rank_protected(), pNSGA-III's union of two sortings; a child is a new random design, a mutation
/// of a survivor, or a crossover of two, survivors being drawn alike. Uses no screen.
/// Settings: "population" (100), "random_share" (0.5) and "crossover_share" (0.25) of the children,
/// the rest mutations, and "mutations" (1), the genes that one changes.
class CarsSearcher final : public SearcherBase {
 public:
  CarsSearcher(const space::SearchSpace& space, const space::Objective& objective,
               const SearcherOptions& options);
  std::string_view name() const override { return "cars"; }

 private:
  void propose(const AskContext& context, base::Rng& rng, Proposals& proposals) override;
  space::Genome make_child(const std::vector<std::size_t>& survivors, base::Rng& rng) const;

  std::size_t population_;
  double random_share_;
  double crossover_share_;
  std::size_t mutations_;
};

}  // namespace gibbon::search
