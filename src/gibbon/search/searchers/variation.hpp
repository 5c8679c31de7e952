#pragma once

#include <vector>

#include "gibbon/base/rng.hpp"
#include "gibbon/space/search_space.hpp"

namespace gibbon::search {

/// Indices of the genes that are active in `genome` and have more than one choice.
std::vector<std::size_t> free_genes(const space::SearchSpace& space, const space::Genome& genome);

/// Gives `gene` another choice, each of the others equally likely. Needs two choices or more.
void change_gene(const space::SearchSpace& space, space::Genome& genome, std::size_t gene,
                 base::Rng& rng);

/// Changes `count` distinct free genes (fewer where there are fewer), drawn without replacement in
/// proportion to `weights` (one a gene, > 0 for free genes). Genes that become active by it (blocks
/// of a stage that grew) get random choices, because their canonical 0 stands for nothing. The
/// result is canonical.
space::Genome mutated(const space::SearchSpace& space, const space::Genome& parent,
                      std::size_t count, const std::vector<double>& weights, base::Rng& rng);

/// Gives genes that are active in `child` and in none of `parents` a random choice; canonical.
space::Genome with_fresh_genes(const space::SearchSpace& space, space::Genome child,
                               const std::vector<const space::Genome*>& parents, base::Rng& rng);

/// Uniform crossover: each gene from one of the parents, from the only one in which it is active
/// where it is active in one. Canonical.
space::Genome recombined(const space::SearchSpace& space, const space::Genome& first,
                         const space::Genome& second, base::Rng& rng);

/// A child as NSGA-II makes it: recombined() with probability `crossover`, else the first; then
/// each free gene changed with probability 1 / (number of free genes). Canonical.
space::Genome crossed_and_mutated(const space::SearchSpace& space, const space::Genome& first,
                                  const space::Genome& second, double crossover, base::Rng& rng);

}  // namespace gibbon::search
