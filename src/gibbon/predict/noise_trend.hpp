#pragma once

#include <vector>

#include "gibbon/predict/falling_curve.hpp"
#include "gibbon/predict/targets.hpp"
#include "gibbon/space/search_space.hpp"

namespace gibbon::predict {

/// How many bits the converters' rounding takes from a design's values: log2 of the square root of
/// sim::converter_noise, what the loss on crossbars depends on most. 0 where nothing is rounded by
/// converters: no design, or a digital chip.
double converter_bits(const space::SearchSpace& space, const space::Genome& genome);

/// What a design's accuracy target owes to the noise of its converters.
struct NoiseShare {
  double trend = 0;  ///< part of the target
  double reach = 1;  ///< 0 to 1: how far designs of such noise may be from the trend
};

/// The accuracy's target as a falling curve over converter_bits(). Predictors learn what it leaves
/// over. A difference to the one-shot accuracy is what converters do, so that those that do little
/// leave little to learn: the reach is the curve's part of its lowest value. Of the absolute
/// accuracy, and where all designs have the same noise, it is 1. Keeps a reference to the space.
class NoiseTrend {
 public:
  NoiseTrend(const space::SearchSpace& space, AccuracyTarget target)
      : space_(space), target_(target) {}

  /// Fits the curve to the set and takes it off the set's accuracies; the shares of its designs.
  std::vector<NoiseShare> take_off(TrainingSet& set);
  NoiseShare of(const space::Genome& genome) const;

  base::Json to_json() const;
  /// Throws nlohmann's exceptions on another shape, and leaves the trend as it was.
  void restore(const base::Json& json);

 private:
  NoiseShare at(double bits) const;

  const space::SearchSpace& space_;
  AccuracyTarget target_;
  FallingCurve curve_;
};

}  // namespace gibbon::predict
