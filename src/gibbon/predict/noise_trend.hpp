#pragma once

#include "gibbon/predict/falling_curve.hpp"
#include "gibbon/predict/targets.hpp"
#include "gibbon/space/search_space.hpp"

namespace gibbon::predict {

/// How many bits the converters' rounding takes from a design's values: log2 of the square root of
/// sim::converter_noise, what the loss on crossbars depends on most. 0 where nothing is rounded by
/// converters: no design, or a digital chip.
double converter_bits(const space::SearchSpace& space, const space::Genome& genome);

/// The accuracy's target as a falling curve over converter_bits(): a difference to the one-shot
/// accuracy is what converters do. Predictors learn what it leaves over. Of the absolute accuracy,
/// and with PredictorOptions::noise_trend off, it is the mean. Keeps a reference to the space.
class NoiseTrend {
 public:
  NoiseTrend(const space::SearchSpace& space, const PredictorOptions& options);

  /// Fits the curve to the set and takes it off the set's accuracies.
  void take_off(TrainingSet& set);
  /// What take_off() takes off a design's accuracy target.
  double of(const space::Genome& genome) const;

  /// Whether it is more than a mean.
  bool reads_noise() const { return reads_noise_; }

  base::Json to_json() const;
  /// Throws nlohmann's exceptions on another shape, and leaves the trend as it was.
  void restore(const base::Json& json);

 private:
  double bits(const space::Genome& genome) const;

  const space::SearchSpace& space_;
  bool reads_noise_;
  FallingCurve curve_;
};

}  // namespace gibbon::predict
