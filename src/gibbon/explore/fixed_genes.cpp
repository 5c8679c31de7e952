#include "gibbon/explore/fixed_genes.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "gibbon/base/error.hpp"

namespace gibbon::explore {

FixedGenes::FixedGenes(const space::SearchSpace& space, const std::map<std::string, double>& values)
    : space_(space) {
  for (const auto& [name, value] : values) {
    const std::size_t index = space.gene_index(name);
    const std::vector<double>& choices = space.genes()[index].choices;
    const auto found = std::find(choices.begin(), choices.end(), value);
    if (found == choices.end()) {
      throw base::Error(fmt::format("space '{}': gene '{}' is {}, allowed are {}", space.name(),
                                    name, value, fmt::join(choices, ", ")));
    }
    choices_[index] = static_cast<std::uint8_t>(found - choices.begin());
  }
}

space::Genome FixedGenes::in(space::Genome genome) const {
  for (const auto& [gene, choice] : choices_) genome[gene] = choice;
  return space_.canonical(std::move(genome));
}

}  // namespace gibbon::explore
