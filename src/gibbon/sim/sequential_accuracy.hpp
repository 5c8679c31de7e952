#pragma once

#include <cstdint>
#include <limits>

#include "gibbon/sim/accuracy_simulator.hpp"

namespace gibbon::sim {

struct SequentialOptions {
  /// The test stops when the interval is at most this far to either side of its middle, in points.
  double half_width_points = 0.5;
  std::uint64_t seed = 1;                        ///< of the images' order
  int images = std::numeric_limits<int>::max();  ///< population: the set's first so many
};

/// Images on crossbars between two looks.
inline constexpr int kLookImages = 128;
/// Images of the first, random sample, which says how the others are cut into strata.
inline constexpr int kPilotImages = 256;

struct SequentialResult {
  AccuracyResult ideal;   ///< of the whole population
  int images = 0;         ///< that went through the crossbars
  int gained = 0;         ///< of these: right on the crossbars, wrong without them
  int lost = 0;           ///< of these: wrong on the crossbars, right without them
  double difference = 0;  ///< simulated - ideal over the population, estimated; a fraction
  double half_width = 0;  ///< of the 95 % confidence interval around it; a fraction

  int population() const { return ideal.images; }
  /// Nothing is estimated then: the difference is exact and half_width is 0.
  bool all_images() const { return images == population(); }
  double simulated_percent() const { return ideal.top1_percent() + 100 * difference; }
};

/// Estimates what crossbars cost: the difference of accuracy between `simulated` and `ideal` over
/// one set of images. All images go through `ideal`; `simulated` gets no more of them than the
/// interval needs. A pilot of kPilotImages says how the logits of the one follow from those of the
/// other (logit_map.hpp). The remaining images are sorted by the margin with which that lets expect
/// them to be right or wrong and cut into strata; kLookImages at a time are then drawn from these
/// without replacement, by Neyman's allocation (stratified_sample.hpp), until the interval is
/// narrow enough or there are no more images. The pilot is a stratum of its own, of which all is
/// seen. docs/models/accuracy.md has the reasons and how often the interval covers the difference.
/// The result is a function of the logits and the options, whatever the number of threads. Throws
/// base::Error unless half_width_points > 0, and as logits() does.
SequentialResult measure_until(const AccuracySimulator& simulated, const AccuracySimulator& ideal,
                               const data::ImageSet& images, const SequentialOptions& options);

}  // namespace gibbon::sim
