#pragma once

#include <span>

namespace gibbon::study {

double mean(std::span<const double> values);                ///< of at least one
double standard_deviation(std::span<const double> values);  ///< n - 1 below; 0 for fewer than two
/// Of two of the same size, at least one long.
double mean_abs_difference(std::span<const double> first, std::span<const double> second);

/// Mean of a sample with its two-sided 95 % confidence interval: Student's t, n - 1 degrees. One
/// value has an interval of width 0.
struct Interval {
  double mean = 0;
  double half_width = 0;
  double low() const { return mean - half_width; }
  double high() const { return mean + half_width; }
};
Interval interval_of(std::span<const double> values);

/// Mean and interval of the differences first[i] - second[i], which seed i's draws have in common.
Interval paired_interval(std::span<const double> first, std::span<const double> second);

}  // namespace gibbon::study
