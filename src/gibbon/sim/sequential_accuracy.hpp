#pragma once

#include <cstdint>
#include <limits>

#include "gibbon/sim/accuracy_simulator.hpp"

namespace gibbon::sim {

/// What two classifiers did with the same images, drawn without replacement.
struct PairedCounts {
  int images = 0;
  int gained = 0;  ///< right on the crossbars, wrong without them
  int lost = 0;    ///< wrong on the crossbars, right without them

  double difference() const {
    return images == 0 ? 0.0 : static_cast<double>(gained - lost) / images;
  }
};

/// Bounds of the difference of two accuracies, as fractions.
struct DifferenceInterval {
  double low = -1;
  double high = 1;
  double half_width() const { return (high - low) / 2; }
};

/// The interval of one look at the sequential test: with every look until the stop together it
/// covers the difference over the whole population in 95 % of all orders of the images
/// (docs/models/accuracy.md). `population`: the images that there are; with all of them seen the
/// difference is known. Score interval of Tango (Statistics in Medicine 17, 1998, equations 21 to
/// 25) with the correction for a finite population, on the levels of a fixed-width stopping rule
/// (Frey, The American Statistician 64(3), 2010); where no image was gained (lost) the lower
/// (upper) end is the exact hypergeometric bound. Throws base::Error for counts that no sample of
/// the population can have.
DifferenceInterval difference_interval(const PairedCounts& counts, int population);

struct SequentialOptions {
  /// The test stops when the interval is at most this far to either side of its middle, in points.
  double half_width_points = 0.5;
  std::uint64_t seed = 1;                        ///< of the images' order
  int images = std::numeric_limits<int>::max();  ///< population: the set's first so many
};

/// Images between two looks.
inline constexpr int kLookImages = 128;

struct SequentialResult {
  AccuracyResult simulated;
  AccuracyResult ideal;  ///< the same images
  PairedCounts counts;
  DifferenceInterval interval;  ///< of simulated - ideal over the population
  int population = 0;

  /// Nothing is estimated then: the interval is the difference itself.
  bool all_images() const { return counts.images == population; }
};

/// Runs images through both simulators, kLookImages at a time in an order shuffled with the seed,
/// until the interval is narrow enough or there are no more. A prefix of a random order is a random
/// sample, whatever the order of the set: that is what makes the estimate unbiased in spite of sets
/// that are sorted by class. Throws base::Error unless half_width_points > 0, and as logits() does.
SequentialResult measure_until(const AccuracySimulator& simulated, const AccuracySimulator& ideal,
                               const data::ImageSet& images, const SequentialOptions& options);

/// Whether the test stops at these counts.
bool is_narrow_enough(const PairedCounts& counts, int population, double half_width);

}  // namespace gibbon::sim
