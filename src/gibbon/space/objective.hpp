#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gibbon/space/evaluation.hpp"

namespace gibbon::space {

/// A hard bound: "area_mm2 <= 20", "accuracy >= 80".
struct Constraint {
  Metric metric = Metric::kArea;
  bool upper = true;  ///< true: value <= bound
  double bound = 0;

  /// 0 when met, else how far off, relative to the bound.
  double violation(const Metrics& metrics) const;
};
/// Throws base::Error showing the form and the metric names.
Constraint constraint_from(std::string_view text);
std::string to_text(const Constraint& constraint);

/// What the search is after. With one name of accuracy, edp, area, ... the reward is the paper's
/// weighted one, dominated by that target; with "pareto" designs are ranked by non-dominated
/// sorting over `metrics`.
struct Objective {
  std::string name = "pareto";
  std::vector<Metric> metrics = {Metric::kAccuracy, Metric::kEdp, Metric::kArea};
  std::vector<Constraint> constraints;

  bool is_pareto() const { return name == "pareto"; }
  /// Sum of the constraints' violations; 0: feasible.
  double violation(const Metrics& metrics) const;
};

}  // namespace gibbon::space
