#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace gibbon::search {

/// One index for each decision.
using Choices = std::vector<std::uint8_t>;

struct ChoiceMinimizerOptions {
  int population = 60;
  int generations = 150;
  std::uint64_t seed = 0;
  std::vector<Choices> start;  ///< members of the first population; the others are random
};

/// A genetic algorithm for one cheap loss over many small decisions (pagmo's sga: tournaments,
/// single-point crossover, uniform mutation, the best of parents and children survive), then a
/// descent, one decision after the other, until no single change is better. Where a
/// searcher (searcher.hpp) proposes few designs and learns from dear evaluations, this looks at
/// tens of thousands. The best choices ever seen; never worse than `start`. Deterministic: the same
/// seed gives the same choices. Throws base::Error for decisions without a choice or with more
/// than 256, a start that does not fit them, fewer than 5 members or 0 generations.
Choices minimize_choices(std::span<const int> counts,
                         const std::function<double(std::span<const std::uint8_t>)>& loss,
                         const ChoiceMinimizerOptions& options);

}  // namespace gibbon::search
