#pragma once

#include "gibbon/search/searchers/searcher_base.hpp"

namespace gibbon::search {

/// Uniform draws without repetition: the baseline that every other searcher has to beat. It has no
/// settings and uses no screen.
class RandomSearcher final : public SearcherBase {
 public:
  RandomSearcher(const space::SearchSpace& space, const space::Objective& objective,
                 const SearcherOptions& options);
  std::string_view name() const override { return "random"; }

 private:
  void propose(const AskContext&, base::Rng&, Proposals&) override {}
};

}  // namespace gibbon::search
