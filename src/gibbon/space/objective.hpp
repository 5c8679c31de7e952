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

  /// 0 when met, else how far off, relative to the bound (absolute for a bound of 0); infinite
  /// for NaN.
  double violation(const Metrics& metrics) const;
};
/// Throws base::Error showing the form and the metric names.
Constraint constraint_from(std::string_view text);
std::string to_text(const Constraint& constraint);

/// A metric on a scale where 0..1 spans the range of interest and larger is better: accuracy / 100;
/// others 1 at 1e-4 and 0 at 1e4 of their unit, on a log10 scale (a decade is worth 12.5 points of
/// accuracy). Not clamped; values <= 1e-12 count as 1e-12; NaN stays NaN.
double utility(Metric metric, double value);

/// What the search is after. With one name of accuracy, edp, area, ... the reward is the paper's
/// weighted one, dominated by that target; with "pareto" designs are ranked by non-dominated
/// sorting over `metrics`.
struct Objective {
  std::string name = "pareto";
  std::vector<Metric> metrics = {Metric::kAccuracy, Metric::kEdp, Metric::kArea};
  std::vector<Constraint> constraints;

  bool is_pareto() const { return name == "pareto"; }
  /// Sum of the constraints' violations; 0: feasible.
  double violation(const Metrics& values) const;
  /// The same while the accuracy is not known, which therefore misses nothing: taken as 100 %.
  double hardware_violation(Metrics values) const;
  /// The weighted reward of a single target; larger is better. Weight 1 for the target and for
  /// accuracy, 0.1 for each other of `metrics`, each on the scale of utility(). The paper says only
  /// that its three searches differ in these weights; ours rank each of its three published designs
  /// first under that design's own target. Throws base::Error for "pareto".
  double reward(const Metrics& values) const;
};

/// Throws base::Error for an unknown name, or metrics that are none or named twice.
void validate(const Objective& objective);

}  // namespace gibbon::space
