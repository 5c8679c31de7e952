#pragma once

#include "gibbon/predict/falling_curve.hpp"
#include "gibbon/predict/noise_index.hpp"
#include "gibbon/predict/targets.hpp"
#include "gibbon/space/search_space.hpp"

namespace gibbon::predict {

/// The accuracy's target as a falling curve over a NoiseIndex: a difference to the one-shot
/// accuracy is what converters do. Predictors learn what it leaves over. Of the absolute accuracy,
/// and with PredictorOptions::noise_trend off, it is the mean. Keeps a reference to the space.
class NoiseTrend {
 public:
  NoiseTrend(const space::SearchSpace& space, const PredictorOptions& options);

  /// Fits index and curve to the set and takes them off the set's accuracies.
  void take_off(TrainingSet& set);
  /// What take_off() takes off a design's accuracy target.
  double of(const space::Genome& genome) const;

  /// Whether it is more than a mean.
  bool reads_noise() const { return reads_noise_; }

  base::Json to_json() const;
  /// Throws nlohmann's exceptions on another shape, and leaves the trend as it was.
  void restore(const base::Json& json);

 private:
  ConverterLoad load(const space::Genome& genome) const;

  const space::SearchSpace& space_;
  AccuracyTarget target_;
  bool reads_noise_;
  NoiseIndex index_;
  FallingCurve curve_;
};

}  // namespace gibbon::predict
