#include "gibbon/sim/stratified_sample.hpp"

#include <cmath>
#include <limits>
#include <numeric>

namespace gibbon::sim {

namespace {

double expected_gain(const Stratum& stratum, double deviation, int seen) {
  if (seen >= stratum.images) return 0;
  if (seen == 0) return std::numeric_limits<double>::infinity();
  const double n = seen;
  return stratum.images * deviation / std::sqrt(n * (n + 1));
}

}  // namespace

double smoothed_deviation(const Stratum& stratum, double prior) {
  const double share = (stratum.right + prior) / (stratum.seen + 2 * prior);
  return std::sqrt(share * (1 - share));
}

ShareEstimate estimate_share(std::span<const Stratum> strata) {
  double population = 0;
  for (const Stratum& stratum : strata) population += stratum.images;
  ShareEstimate estimate;
  double variance = 0;
  for (const Stratum& stratum : strata) {
    if (stratum.images == 0) continue;
    const double weight = stratum.images / population;
    const double deviation = weight * smoothed_deviation(stratum, kErrorPrior);
    const double unseen = 1 - static_cast<double>(stratum.seen) / stratum.images;
    estimate.share += weight * stratum.right / stratum.seen;
    variance += unseen * deviation * deviation / stratum.seen;
  }
  estimate.deviation = std::sqrt(variance);
  return estimate;
}

std::vector<int> allocate_images(std::span<const Stratum> strata, int count) {
  std::vector<int> taken(strata.size(), 0);
  std::vector<double> gains;
  std::vector<double> deviations;
  for (const Stratum& stratum : strata) {
    deviations.push_back(smoothed_deviation(stratum, kAllocationPrior));
    gains.push_back(expected_gain(stratum, deviations.back(), stratum.seen));
  }
  for (int i = 0; i < count; ++i) {
    std::size_t best = 0;
    for (std::size_t h = 1; h < gains.size(); ++h) {
      if (gains[h] > gains[best]) best = h;
    }
    if (gains.empty() || gains[best] <= 0) break;
    ++taken[best];
    gains[best] = expected_gain(strata[best], deviations[best], strata[best].seen + taken[best]);
  }
  return taken;
}

std::vector<std::size_t> cut_strata(std::span<const double> deviations, int strata) {
  const double total = std::accumulate(deviations.begin(), deviations.end(), 0.0);
  std::vector<std::size_t> ends;
  double sum = 0;
  for (std::size_t i = 0; i + 1 < deviations.size(); ++i) {
    sum += deviations[i];
    if (sum >= total * static_cast<double>(ends.size() + 1) / strata) ends.push_back(i + 1);
  }
  if (!deviations.empty()) ends.push_back(deviations.size());
  return ends;
}

}  // namespace gibbon::sim
