#include "gibbon/predict/targets.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "gibbon/base/error.hpp"

namespace gibbon::predict {
namespace {

using space::Metric;

/// Below these a value is taken as this, so that a free resource has a logarithm, and what a
/// network loses that knows nothing is not a share of nothing.
constexpr double kLeastValue = 1e-12;
constexpr double kLeastOneShot = 1;  // percent

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

double accuracy_target_of(const space::Evaluation& evaluation, AccuracyTarget form) {
  const double accuracy = evaluation.metrics[Metric::kAccuracy];
  check_finite(accuracy, "accuracy");
  if (form == AccuracyTarget::kAbsolute) return accuracy;
  const double one_shot = evaluation.one_shot_accuracy;
  check_finite(one_shot, "one-shot accuracy");
  const double difference = accuracy - one_shot;
  if (form == AccuracyTarget::kDifference) return difference;
  return std::asinh(100 * difference / std::max(one_shot, kLeastOneShot));
}

}  // namespace

Targets targets_of(const space::Evaluation& evaluation, AccuracyTarget accuracy) {
  Targets targets;
  targets[0] = accuracy_target_of(evaluation, accuracy);
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
    case AccuracyTarget::kAsinhRelative:
      prediction.accuracy_share = 1 + std::sinh(targets[0]) / 100;
      break;
    case AccuracyTarget::kDifference:
      prediction.accuracy_offset = targets[0];
      break;
    case AccuracyTarget::kAbsolute:
      prediction.accuracy_offset = targets[0];
      prediction.accuracy_share = 0;
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
