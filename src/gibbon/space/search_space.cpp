#include "gibbon/space/search_space.hpp"

#include <fmt/format.h>

#include <cmath>
#include <optional>

#include "gibbon/base/error.hpp"
#include "gibbon/base/suggest.hpp"

namespace gibbon::space {

namespace {

double log10_choices(const std::vector<Gene>& genes, std::optional<GenePart> part) {
  double sum = 0;
  for (const Gene& gene : genes) {
    if (!part || gene.part == *part) sum += std::log10(static_cast<double>(gene.choices.size()));
  }
  return sum;
}

}  // namespace

std::string_view part_name(GenePart part) {
  switch (part) {
    case GenePart::kNetwork:
      return "network";
    case GenePart::kQuantization:
      return "quantization";
    case GenePart::kHardware:
      return "hardware";
  }
  return "";
}

Genome SearchSpace::sample(base::Rng& rng) const {
  Genome genome;
  genome.reserve(genes().size());
  for (const Gene& gene : genes()) {
    genome.push_back(static_cast<std::uint8_t>(rng.below(gene.choices.size())));
  }
  return canonical(std::move(genome));
}

Genome SearchSpace::canonical(Genome genome) const {
  for (std::size_t gene = 0; gene < genome.size(); ++gene) {
    if (!is_active(genome, gene)) genome[gene] = 0;
  }
  return genome;
}

double SearchSpace::log10_size() const {
  return log10_choices(genes(), std::nullopt);
}

double SearchSpace::log10_size(GenePart part) const {
  return log10_choices(genes(), part);
}

std::size_t SearchSpace::gene_index(std::string_view name) const {
  std::vector<std::string> names;
  for (std::size_t gene = 0; gene < genes().size(); ++gene) {
    if (genes()[gene].name == name) return gene;
    names.push_back(genes()[gene].name);
  }
  throw base::Error(fmt::format("space '{}' has no gene '{}'{}", this->name(), name,
                                base::did_you_mean(name, names)));
}

void SearchSpace::check(const Genome& genome) const {
  if (genome.size() != genes().size()) {
    throw base::Error(fmt::format("a genome of space '{}' has {} genes, this one has {}", name(),
                                  genes().size(), genome.size()));
  }
  for (std::size_t gene = 0; gene < genome.size(); ++gene) {
    const std::size_t count = genes()[gene].choices.size();
    if (genome[gene] >= count) {
      throw base::Error(fmt::format("gene '{}' has choice {}, allowed are 0 to {}",
                                    genes()[gene].name, genome[gene], count - 1));
    }
  }
}

}  // namespace gibbon::space
