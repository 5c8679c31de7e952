#include "gibbon/search/searchers/variation.hpp"

#include <algorithm>

namespace gibbon::search {

std::vector<std::size_t> free_genes(const space::SearchSpace& space, const space::Genome& genome) {
  std::vector<std::size_t> result;
  for (std::size_t gene = 0; gene < genome.size(); ++gene) {
    if (space.genes()[gene].choices.size() > 1 && space.is_active(genome, gene)) {
      result.push_back(gene);
    }
  }
  return result;
}

void change_gene(const space::SearchSpace& space, space::Genome& genome, std::size_t gene,
                 base::Rng& rng) {
  const std::size_t others = space.genes()[gene].choices.size() - 1;
  const std::size_t draw = rng.below(others);
  genome[gene] = static_cast<std::uint8_t>(draw < genome[gene] ? draw : draw + 1);
}

space::Genome mutated(const space::SearchSpace& space, const space::Genome& parent,
                      std::size_t count, const std::vector<double>& weights, base::Rng& rng) {
  std::vector<std::size_t> candidates = free_genes(space, parent);
  std::vector<double> left;
  for (const std::size_t gene : candidates) left.push_back(weights[gene]);
  space::Genome child = parent;
  for (std::size_t i = 0; i < std::min(count, candidates.size()); ++i) {
    const std::size_t drawn = rng.weighted(left);
    left[drawn] = 0;
    change_gene(space, child, candidates[drawn], rng);
  }
  return with_fresh_genes(space, std::move(child), {&parent}, rng);
}

space::Genome with_fresh_genes(const space::SearchSpace& space, space::Genome child,
                               const std::vector<const space::Genome*>& parents, base::Rng& rng) {
  for (std::size_t gene = 0; gene < child.size(); ++gene) {
    if (!space.is_active(child, gene)) continue;
    const bool inherited =
        std::any_of(parents.begin(), parents.end(),
                    [&](const space::Genome* parent) { return space.is_active(*parent, gene); });
    if (inherited) continue;
    child[gene] = static_cast<std::uint8_t>(rng.below(space.genes()[gene].choices.size()));
  }
  return space.canonical(std::move(child));
}

space::Genome recombined(const space::SearchSpace& space, const space::Genome& first,
                         const space::Genome& second, base::Rng& rng) {
  space::Genome child = first;
  for (std::size_t gene = 0; gene < child.size(); ++gene) {
    const bool in_first = space.is_active(first, gene);
    const bool in_second = space.is_active(second, gene);
    if (in_first && in_second ? rng.uniform() < 0.5 : in_second) child[gene] = second[gene];
  }
  return with_fresh_genes(space, std::move(child), {&first, &second}, rng);
}

space::Genome crossed_and_mutated(const space::SearchSpace& space, const space::Genome& first,
                                  const space::Genome& second, double crossover, base::Rng& rng) {
  space::Genome child = rng.uniform() < crossover ? recombined(space, first, second, rng) : first;
  const space::Genome unmutated = child;
  const std::vector<std::size_t> genes = free_genes(space, child);
  for (const std::size_t gene : genes) {
    if (rng.below(genes.size()) == 0) change_gene(space, child, gene, rng);
  }
  return with_fresh_genes(space, std::move(child), {&unmutated}, rng);
}

}  // namespace gibbon::search
