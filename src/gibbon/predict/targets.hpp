#pragma once

#include <array>
#include <span>
#include <vector>

#include "gibbon/base/json.hpp"
#include "gibbon/predict/predictor.hpp"

namespace gibbon::predict {

/// The names in predictor files.
NLOHMANN_JSON_SERIALIZE_ENUM(AccuracyTarget, {{AccuracyTarget::kAsinhRelative, "asinh_relative"},
                                              {AccuracyTarget::kDifference, "difference"},
                                              {AccuracyTarget::kAbsolute, "absolute"}})

/// What predictors learn, in this order: accuracy (AccuracyTarget), and natural logarithms
/// of latency, energy, area and power. Power is learned apart since a simulator's power need not be
/// energy / latency; EDP is their product by definition.
inline constexpr std::size_t kTargetCount = 5;
using Targets = std::array<double, kTargetCount>;

/// Targets of a feasible evaluation. Throws base::Error naming a metric that is not finite.
Targets targets_of(const space::Evaluation& evaluation, AccuracyTarget accuracy);

/// Mean and standard deviation of each target; a deviation of 0 counts as 1.
struct Standardisation {
  Targets mean{};
  Targets deviation{1, 1, 1, 1, 1};

  static Standardisation of(std::span<const Targets> targets);
  /// The same where a trend of the accuracy's target, which has its mean, is taken off
  /// (NoiseTrend).
  static Standardisation beside_trend(std::span<const Targets> targets);
  Targets standardised(const Targets& targets) const;
  Targets restored(const Targets& standardised) const;
};

/// One-shot accuracy in percent of a design whose losses are told in percent.
inline constexpr double kPerfect = 100;

/// Targets in their own units (not standardised) as a prediction.
Prediction prediction_of(const Targets& targets, AccuracyTarget accuracy);

/// The feasible evaluations' genomes and targets, in their order. Throws base::Error if empty.
struct TrainingSet {
  std::vector<space::Genome> genomes;
  std::vector<Targets> targets;
};
TrainingSet training_set(std::span<const space::Evaluation> evaluations, AccuracyTarget accuracy);

base::Json to_json(const Standardisation& standardisation);
/// Throws nlohmann's exceptions on another shape.
Standardisation standardisation_from(const base::Json& json);

}  // namespace gibbon::predict
