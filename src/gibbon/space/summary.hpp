#pragma once

#include <string>
#include <vector>

#include "gibbon/space/search_space.hpp"

namespace gibbon::space {

/// The genes of one slot with the same choices: a row of the table that shows a space.
struct SlotSummary {
  std::string slot;
  GenePart part = GenePart::kNetwork;
  int genes = 0;
  std::vector<double> choices;
};

/// One row for each pair of slot and choices, in the order of their first gene.
std::vector<SlotSummary> describe(const SearchSpace& space);

}  // namespace gibbon::space
