#include "gibbon/study/statistics.hpp"

#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <numeric>
#include <vector>

namespace gibbon::study {

double mean(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double standard_deviation(std::span<const double> values) {
  if (values.size() < 2) return 0;
  const double centre = mean(values);
  double sum = 0;
  for (const double value : values) sum += (value - centre) * (value - centre);
  return std::sqrt(sum / static_cast<double>(values.size() - 1));
}

double mean_abs_difference(std::span<const double> first, std::span<const double> second) {
  double sum = 0;
  for (std::size_t i = 0; i < first.size(); ++i) sum += std::abs(first[i] - second[i]);
  return sum / static_cast<double>(first.size());
}

Interval interval_of(std::span<const double> values) {
  Interval interval{mean(values), 0};
  if (values.size() < 2) return interval;
  const auto count = static_cast<double>(values.size());
  const boost::math::students_t distribution(count - 1);
  interval.half_width =
      boost::math::quantile(distribution, 0.975) * standard_deviation(values) / std::sqrt(count);
  return interval;
}

Interval paired_interval(std::span<const double> first, std::span<const double> second) {
  std::vector<double> differences;
  for (std::size_t i = 0; i < first.size(); ++i) differences.push_back(first[i] - second[i]);
  return interval_of(differences);
}

}  // namespace gibbon::study
