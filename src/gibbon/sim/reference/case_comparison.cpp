#include "gibbon/sim/reference/case_comparison.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace gibbon::sim {

using base::Json;

namespace {

constexpr double kWrong = 1e300;  ///< larger than any error that passes; finite, for JSON

}  // namespace

void CaseComparison::at(std::string part, std::string place) {
  part_ = std::move(part);
  place_ = std::move(place);
}

void CaseComparison::check(std::string_view key, double ours, const Json& expected) {
  const double reference = expected.get<double>();
  double error = std::abs(ours - reference);
  if (reference != 0) error /= std::abs(reference);
  note(key, std::isfinite(error) ? error : kWrong);
}

void CaseComparison::check_equal(std::string_view key, const Json& ours, const Json& expected) {
  note(key, ours == expected ? 0 : kWrong);
}

void CaseComparison::note(std::string_view key, double error) {
  double& worst = report_.error_by_quantity[fmt::format("{}.{}", part_, key)];
  worst = std::max(worst, error);
  if (error < report_.worst_relative_error || (error == 0 && !report_.worst_quantity.empty())) {
    return;
  }
  report_.worst_relative_error = error;
  report_.worst_quantity = place_.empty() ? fmt::format("{}.{}", part_, key)
                                          : fmt::format("{}.{}.{}", part_, place_, key);
}

std::string layer_place(std::size_t index) {
  return fmt::format("layer {}", index);
}

}  // namespace gibbon::sim
