#include "gibbon/study/table2.hpp"

#include <tuple>

namespace gibbon::study {

namespace {

Table2Match held_against(const DesignFigures& row, const DesignFigures& design) {
  return {row, design, design.accuracy >= row.accuracy, design.edp <= row.edp,
          design.area <= row.area};
}

bool is_better_match(const Table2Match& a, const Table2Match& b) {
  return std::tuple(a.better(), a.ours.accuracy) > std::tuple(b.better(), b.ours.accuracy);
}

}  // namespace

const std::vector<DesignFigures>& table2_rows() {
  static const std::vector<DesignFigures> rows{{"NACIM", 73.9, 1.55, 17.17},
                                               {"CARS, accuracy", 88.0, 11.03, 227.73},
                                               {"Gibbon, EDP", 84.6, 0.24, 167.16},
                                               {"Gibbon, area", 76.4, 1.00, 6.84},
                                               {"Gibbon, accuracy", 88.3, 14.33, 186.32}};
  return rows;
}

std::vector<Table2Match> match_table2(const std::vector<DesignFigures>& designs) {
  std::vector<Table2Match> matches;
  if (designs.empty()) return matches;
  for (const DesignFigures& row : table2_rows()) {
    Table2Match best = held_against(row, designs.front());
    for (const DesignFigures& design : designs) {
      const Table2Match match = held_against(row, design);
      if (is_better_match(match, best)) best = match;
    }
    matches.push_back(best);
  }
  return matches;
}

}  // namespace gibbon::study
