#include "gibbon/sim/sequential_accuracy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "gibbon/base/error.hpp"
#include "gibbon/base/rng.hpp"

namespace gibbon::sim {

namespace {

/// Normal quantile of a single look and the error that it leaves on one side. Looking often until
/// the interval is narrow costs coverage; the distance to 1.96 and 0.025 gives it back
/// (docs/models/accuracy.md, calibration).
constexpr double kQuantile = 2.0;
constexpr double kTail = 0.02275;
/// Counts are whole numbers: half a one is taken from the distance.
constexpr double kContinuity = 0.5;

constexpr int kBisections = 60;

/// The square of Tango's score for the difference `delta`: how many standard deviations the counts
/// lie from it. `shrink` is the part of the variance that a sample of a finite population keeps.
double squared_score(const PairedCounts& counts, double delta, double shrink) {
  const double n = counts.images;
  const double b = counts.gained;
  const double c = counts.lost;
  const double distance = std::max(std::abs(b - c - n * delta) - kContinuity, 0.0);
  // The rate of lost images that is likeliest for this difference.
  const double linear = -b - c + (2 * n - b + c) * delta;
  const double constant = -c * delta * (1 - delta);
  const double root = std::sqrt(std::max(linear * linear - 8 * n * constant, 0.0));
  const double lost_rate = std::max((root - linear) / (4 * n), 0.0);
  const double variance = n * (2 * lost_rate + delta * (1 - delta)) * shrink;
  if (distance == 0) return 0;
  if (variance <= 0) return std::numeric_limits<double>::infinity();
  return distance * distance / variance;
}

/// The difference furthest from the estimate, towards `end`, whose score is within the quantile.
double score_bound(const PairedCounts& counts, double shrink, double end) {
  double inside = counts.difference();
  double outside = end;
  for (int i = 0; i < kBisections; ++i) {
    const double middle = (inside + outside) / 2;
    const bool within = squared_score(counts, middle, shrink) <= kQuantile * kQuantile;
    (within ? inside : outside) = middle;
  }
  return inside;
}

double log_choose(int n, int k) {
  return std::lgamma(n + 1.0) - std::lgamma(k + 1.0) - std::lgamma(n - k + 1.0);
}

/// P(at most `seen` marked images in a sample | `marked` in the population).
double hypergeometric_cdf(int seen, int sample, int marked, int population) {
  const int first = std::max(0, sample - (population - marked));
  double sum = 0;
  for (int x = first; x <= seen; ++x) {
    sum += std::exp(log_choose(marked, x) + log_choose(population - marked, sample - x) -
                    log_choose(population, sample));
  }
  return sum;
}

/// The largest part of the population that can be marked with `seen` marked images in the sample:
/// Clopper and Pearson's bound for samples without replacement.
double exact_upper_rate(int seen, int sample, int population) {
  int possible = seen;                             // marked images that are not refuted
  int refuted = population - (sample - seen) + 1;  // more than there can be
  while (refuted - possible > 1) {
    const int middle = possible + (refuted - possible) / 2;
    (hypergeometric_cdf(seen, sample, middle, population) > kTail ? possible : refuted) = middle;
  }
  return static_cast<double>(possible) / population;
}

void check_counts(const PairedCounts& counts, int population) {
  const bool possible = counts.gained >= 0 && counts.lost >= 0 &&
                        counts.gained <= counts.images - counts.lost && counts.images <= population;
  if (possible) return;
  throw base::Error(fmt::format("{} gained and {} lost of {} images of {} are not possible",
                                counts.gained, counts.lost, counts.images, population));
}

}  // namespace

DifferenceInterval difference_interval(const PairedCounts& counts, int population) {
  check_counts(counts, population);
  const double difference = counts.difference();
  if (counts.images == population) return {difference, difference};
  if (counts.images == 0) return {};
  const double shrink =
      static_cast<double>(population - counts.images) / std::max(population - 1, 1);
  DifferenceInterval interval{score_bound(counts, shrink, -1), score_bound(counts, shrink, 1)};
  if (counts.gained == 0) {
    interval.low = -exact_upper_rate(counts.lost, counts.images, population);
  }
  if (counts.lost == 0) {
    interval.high = exact_upper_rate(counts.gained, counts.images, population);
  }
  return interval;
}

bool is_narrow_enough(const PairedCounts& counts, int population, double half_width) {
  return difference_interval(counts, population).half_width() <= half_width;
}

SequentialResult measure_until(const AccuracySimulator& simulated, const AccuracySimulator& ideal,
                               const data::ImageSet& images, const SequentialOptions& options) {
  if (!(options.half_width_points > 0)) {
    throw base::Error(
        fmt::format("a confidence interval of +-{} points is not possible, it must "
                    "be positive",
                    options.half_width_points));
  }
  SequentialResult result;
  result.population = std::clamp(options.images, 0, images.count());
  std::vector<int> order(static_cast<std::size_t>(result.population));
  std::iota(order.begin(), order.end(), 0);
  base::Rng::forked(options.seed, "sequential/order").shuffle(order);

  PairedCounts& counts = result.counts;
  while (counts.images < result.population &&
         !is_narrow_enough(counts, result.population, options.half_width_points / 100)) {
    const int count = std::min(kLookImages, result.population - counts.images);
    const data::ImageSet chosen = images.select(std::span(order).subspan(
        static_cast<std::size_t>(counts.images), static_cast<std::size_t>(count)));
    const data::ImageBatch batch = data::make_batch(chosen, 0, count);
    const std::vector<bool> here = right_answers(simulated, batch);
    const std::vector<bool> there = right_answers(ideal, batch);
    for (std::size_t i = 0; i < here.size(); ++i) {
      result.simulated.correct += here[i];
      result.ideal.correct += there[i];
      counts.gained += here[i] && !there[i];
      counts.lost += there[i] && !here[i];
    }
    counts.images += count;
  }
  result.simulated.images = result.ideal.images = counts.images;
  result.interval = difference_interval(counts, result.population);
  return result;
}

}  // namespace gibbon::sim
