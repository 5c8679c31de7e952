#pragma once

#include <map>
#include <string>

#include "gibbon/space/search_space.hpp"

namespace gibbon::explore {

/// Genes whose choice is the user's; the others are free.
class FixedGenes {
 public:
  /// From names and values: {"stages.pool", 2}. Throws base::Error for a gene that `space` does not
  /// have, and for a value that is none of its choices, naming these. `space` must outlive it.
  FixedGenes(const space::SearchSpace& space, const std::map<std::string, double>& values);

  /// The canonical genome with these genes.
  space::Genome in(space::Genome genome) const;
  bool hold_in(const space::Genome& genome) const { return in(genome) == genome; }

 private:
  const space::SearchSpace& space_;
  std::map<std::size_t, std::uint8_t> choices_;
};

}  // namespace gibbon::explore
