#include "gibbon/space/summary.hpp"

#include <algorithm>

namespace gibbon::space {

std::vector<SlotSummary> describe(const SearchSpace& space) {
  std::vector<SlotSummary> rows;
  for (const Gene& gene : space.genes()) {
    const auto same = [&](const SlotSummary& row) {
      return row.slot == gene.slot && row.part == gene.part && row.choices == gene.choices;
    };
    auto row = std::find_if(rows.begin(), rows.end(), same);
    if (row == rows.end()) row = rows.insert(row, {gene.slot, gene.part, 0, gene.choices});
    ++row->genes;
  }
  return rows;
}

}  // namespace gibbon::space
