#include "gibbon/predict/targets.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "gibbon/base/error.hpp"

namespace gibbon::predict {
namespace {

using space::Metric;

/// Below this a value is taken as this, so that a free resource has a logarithm.
constexpr double kLeastValue = 1e-12;

struct LogTarget {
  Metric metric;
  const char* name;
};
constexpr std::array<LogTarget, kTargetCount - 1> kLogTargets = {{{Metric::kLatency, "latency"},
                                                                  {Metric::kEnergy, "energy"},
                                                                  {Metric::kArea, "area"},
                                                                  {Metric::kPower, "power"}}};

void check_finite(double value, const char* name) {
  if (!std::isfinite(value)) {
    throw base::Error(fmt::format("predictor: an evaluation's {} is {}, not finite", name, value));
  }
}

}  // namespace

Targets targets_of(const space::Evaluation& evaluation, AccuracyTarget accuracy) {
  Targets targets;
  targets[0] = evaluation.metrics[Metric::kAccuracy];
  check_finite(targets[0], "accuracy");
  if (accuracy != AccuracyTarget::kAbsolute) {
    check_finite(evaluation.one_shot_accuracy, "one-shot accuracy");
    targets[0] -= evaluation.one_shot_accuracy;
  }
  if (accuracy == AccuracyTarget::kAsinhDifference) targets[0] = std::asinh(targets[0]);
  for (std::size_t i = 0; i < kLogTargets.size(); ++i) {
    const double value = evaluation.metrics[kLogTargets[i].metric];
    check_finite(value, kLogTargets[i].name);
    targets[i + 1] = std::log(std::max(value, kLeastValue));
  }
  return targets;
}

Standardisation Standardisation::of(std::span<const Targets> targets) {
  Standardisation result;
  const double count = static_cast<double>(targets.size());
  for (std::size_t i = 0; i < kTargetCount; ++i) {
    double sum = 0;
    for (const Targets& one : targets) sum += one[i];
    const double mean = sum / count;
    double squares = 0;
    for (const Targets& one : targets) squares += (one[i] - mean) * (one[i] - mean);
    const double deviation = std::sqrt(squares / count);
    result.mean[i] = mean;
    // A constant's rounding errors are not a spread to be magnified.
    result.deviation[i] = deviation > 1e-9 * std::max(1.0, std::abs(mean)) ? deviation : 1;
  }
  return result;
}

Standardisation Standardisation::beside_trend(std::span<const Targets> targets) {
  Standardisation result = of(targets);
  result.mean[0] = 0;
  return result;
}

Targets Standardisation::standardised(const Targets& targets) const {
  Targets result;
  for (std::size_t i = 0; i < kTargetCount; ++i) result[i] = (targets[i] - mean[i]) / deviation[i];
  return result;
}

Targets Standardisation::restored(const Targets& standardised) const {
  Targets result;
  for (std::size_t i = 0; i < kTargetCount; ++i) {
    result[i] = standardised[i] * deviation[i] + mean[i];
  }
  return result;
}

Prediction prediction_of(const Targets& targets, AccuracyTarget accuracy) {
  Prediction prediction;
  switch (accuracy) {
    case AccuracyTarget::kAsinhDifference:
      prediction.accuracy_difference = std::sinh(targets[0]);
      break;
    case AccuracyTarget::kDifference:
      prediction.accuracy_difference = targets[0];
      break;
    case AccuracyTarget::kAbsolute:
      prediction.accuracy_absolute = targets[0];
      break;
  }
  space::Metrics& hardware = prediction.hardware;
  for (std::size_t i = 0; i < kLogTargets.size(); ++i) {
    hardware[kLogTargets[i].metric] = std::exp(targets[i + 1]);
  }
  hardware[Metric::kEdp] = hardware[Metric::kLatency] * hardware[Metric::kEnergy];
  return prediction;
}

TrainingSet training_set(std::span<const space::Evaluation> evaluations, AccuracyTarget accuracy) {
  TrainingSet set;
  for (const space::Evaluation& evaluation : evaluations) {
    if (!evaluation.feasible()) continue;
    set.genomes.push_back(evaluation.genome);
    set.targets.push_back(targets_of(evaluation, accuracy));
  }
  if (set.genomes.empty()) {
    throw base::Error("predictor: there is no feasible evaluation to learn from");
  }
  return set;
}

base::Json to_json(const Standardisation& standardisation) {
  return {{"mean", standardisation.mean}, {"deviation", standardisation.deviation}};
}

Standardisation standardisation_from(const base::Json& json) {
  return {.mean = json.at("mean").get<Targets>(), .deviation = json.at("deviation").get<Targets>()};
}

}  // namespace gibbon::predict
