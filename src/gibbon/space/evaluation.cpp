#include "gibbon/space/evaluation.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <limits>
#include <vector>

#include "gibbon/base/error.hpp"
#include "gibbon/base/suggest.hpp"

namespace gibbon::space {

namespace {

struct MetricNames {
  std::string_view name;
  std::string_view key;
};

constexpr std::array<MetricNames, kMetricCount> kNames = {{{"accuracy", "accuracy_top1"},
                                                           {"latency", "latency_ms"},
                                                           {"energy", "energy_mj"},
                                                           {"edp", "edp_ms_mj"},
                                                           {"area", "area_mm2"},
                                                           {"power", "power_w"}}};

constexpr const MetricNames& names_of(Metric metric) {
  return kNames[static_cast<std::size_t>(metric)];
}

}  // namespace

std::string_view metric_name(Metric metric) {
  return names_of(metric).name;
}

std::string_view metric_key(Metric metric) {
  return names_of(metric).key;
}

Metric metric_from(std::string_view name) {
  std::vector<std::string> known;
  for (std::size_t i = 0; i < kMetricCount; ++i) {
    if (name == kNames[i].name || name == kNames[i].key) return static_cast<Metric>(i);
    known.emplace_back(kNames[i].name);
  }
  throw base::Error(fmt::format("unknown metric '{}'{} (allowed: {})", name,
                                base::did_you_mean(name, known), fmt::join(known, ", ")));
}

bool is_maximized(Metric metric) {
  return metric == Metric::kAccuracy;
}

base::Json to_json(const Metrics& metrics) {
  base::Json json = base::Json::object();
  for (std::size_t i = 0; i < kMetricCount; ++i)
    json[std::string(kNames[i].key)] = metrics.values[i];
  return json;
}

Metrics metrics_from_json(const base::Json& json) {
  Metrics metrics;
  for (std::size_t i = 0; i < kMetricCount; ++i) {
    const base::Json& value = json.at(std::string(kNames[i].key));
    // JSON has no number for NaN: it is written as null.
    metrics.values[i] =
        value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
  }
  return metrics;
}

base::Json to_json(const Evaluation& evaluation) {
  base::Json json;
  json["genome"] = to_text(evaluation.genome);
  json["metrics"] = to_json(evaluation.metrics);
  json["one_shot_accuracy"] = evaluation.one_shot_accuracy;
  if (evaluation.predicted) json["predicted"] = to_json(*evaluation.predicted);
  if (!evaluation.feasible()) json["infeasible"] = evaluation.infeasible;
  json["iteration"] = evaluation.iteration;
  return json;
}

Evaluation evaluation_from_json(const base::Json& json) {
  try {
    Evaluation evaluation;
    evaluation.genome = genome_from_text(json.at("genome").get<std::string>());
    evaluation.metrics = metrics_from_json(json.at("metrics"));
    const base::Json& one_shot = json.at("one_shot_accuracy");
    evaluation.one_shot_accuracy =
        one_shot.is_null() ? std::numeric_limits<double>::quiet_NaN() : one_shot.get<double>();
    if (json.contains("predicted")) evaluation.predicted = metrics_from_json(json["predicted"]);
    evaluation.infeasible = json.value("infeasible", "");
    evaluation.iteration = json.at("iteration").get<int>();
    return evaluation;
  } catch (const base::Json::exception& problem) {
    throw base::Error(fmt::format("an evaluation cannot be read: {}", problem.what()));
  }
}

}  // namespace gibbon::space
