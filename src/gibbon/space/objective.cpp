#include "gibbon/space/objective.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "gibbon/base/error.hpp"
#include "gibbon/base/suggest.hpp"

namespace gibbon::space {

namespace {

constexpr double kFullWeight = 1.0;
constexpr double kSideWeight = 0.1;
// The common scale of metrics that span decades; see utility().
constexpr double kLowestLog10 = -4;
constexpr double kDecades = 8;
constexpr double kSmallestPositive = 1e-12;

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

[[noreturn]] void refuse_constraint(std::string_view text, std::string_view problem) {
  throw base::Error(fmt::format(
      "constraint '{}': {}; write it as \"area_mm2 <= 20\" or \"accuracy >= 80\"", text, problem));
}

double bound_from(std::string_view text, std::string_view number) {
  double bound = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), bound);
  if (error != std::errc() || end != number.data() + number.size() || !std::isfinite(bound)) {
    refuse_constraint(text, fmt::format("'{}' is not a number", number));
  }
  return bound;
}

}  // namespace

double Constraint::violation(const Metrics& metrics) const {
  const double value = metrics[metric];
  if (std::isnan(value)) return std::numeric_limits<double>::infinity();
  const double excess = upper ? value - bound : bound - value;
  if (excess <= 0) return 0;
  return bound == 0 ? excess : excess / std::abs(bound);
}

Constraint constraint_from(std::string_view text) {
  const bool upper = text.find("<=") != std::string_view::npos;
  const auto at = text.find(upper ? "<=" : ">=");
  if (at == std::string_view::npos) refuse_constraint(text, "it has no <= or >=");
  Constraint constraint;
  constraint.upper = upper;
  constraint.metric = metric_from(trimmed(text.substr(0, at)));
  constraint.bound = bound_from(text, trimmed(text.substr(at + 2)));
  return constraint;
}

std::string to_text(const Constraint& constraint) {
  return fmt::format("{} {} {}", metric_key(constraint.metric),
                     constraint.upper ? "<=" : ">=", constraint.bound);
}

double utility(Metric metric, double value) {
  if (metric == Metric::kAccuracy) return value / 100;
  if (std::isnan(value)) return value;
  return 1 - (std::log10(std::max(value, kSmallestPositive)) - kLowestLog10) / kDecades;
}

double Objective::violation(const Metrics& values) const {
  double sum = 0;
  for (const Constraint& constraint : constraints) sum += constraint.violation(values);
  return sum;
}

double Objective::hardware_violation(Metrics values) const {
  values[Metric::kAccuracy] = 100.0;
  return violation(values);
}

double Objective::reward(const Metrics& values) const {
  const Metric target = metric_from(name);
  double sum = kFullWeight * utility(target, values[target]);
  for (const Metric metric : metrics) {
    if (metric == target) continue;
    const double weight = metric == Metric::kAccuracy ? kFullWeight : kSideWeight;
    sum += weight * utility(metric, values[metric]);
  }
  return sum;
}

void validate(const Objective& objective) {
  std::vector<std::string> allowed = {"pareto"};
  for (std::size_t i = 0; i < kMetricCount; ++i) {
    allowed.emplace_back(metric_name(static_cast<Metric>(i)));
  }
  if (std::find(allowed.begin(), allowed.end(), objective.name) == allowed.end()) {
    throw base::Error(fmt::format("unknown objective '{}'{} (allowed: {})", objective.name,
                                  base::did_you_mean(objective.name, allowed),
                                  fmt::join(allowed, ", ")));
  }
  if (objective.metrics.empty()) throw base::Error("the objective names no metrics");
  for (std::size_t i = 0; i < objective.metrics.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (objective.metrics[i] != objective.metrics[j]) continue;
      throw base::Error(
          fmt::format("the objective names '{}' twice", metric_name(objective.metrics[i])));
    }
  }
}

}  // namespace gibbon::space
