#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "gibbon/base/json.hpp"
#include "gibbon/space/genome.hpp"

namespace gibbon::space {

/// The figures by which designs are compared. All but accuracy are to be small.
enum class Metric { kAccuracy, kLatency, kEnergy, kEdp, kArea, kPower };
inline constexpr std::size_t kMetricCount = 6;

/// "accuracy", "latency", ...: the name in options; and with the unit, as a column or key:
/// "accuracy_top1", "latency_ms", "energy_mj", "edp_ms_mj", "area_mm2", "power_w".
std::string_view metric_name(Metric metric);
std::string_view metric_key(Metric metric);
/// Takes either form; throws base::Error with the allowed names.
Metric metric_from(std::string_view name);
bool is_maximized(Metric metric);

/// One value a metric: accuracy in percent, the others in the unit of metric_key.
struct Metrics {
  std::array<double, kMetricCount> values{};
  double& operator[](Metric metric) { return values[static_cast<std::size_t>(metric)]; }
  double operator[](Metric metric) const { return values[static_cast<std::size_t>(metric)]; }
  friend bool operator==(const Metrics&, const Metrics&) = default;
};

/// A design that was really simulated.
struct Evaluation {
  Genome genome;
  Metrics metrics;                   ///< accuracy: simulated on crossbars, validation images
  double one_shot_accuracy = 0;      ///< percent; quantised supernet, no crossbar, same images
  std::optional<Metrics> predicted;  ///< what the predictor said before the simulation
  std::string infeasible;            ///< the reason; empty for a feasible design
  int iteration = 0;

  bool feasible() const { return infeasible.empty(); }
};

/// JSON both ways, metrics under metric_key. NaN is written as null and read back as NaN.
/// *_from_json throws base::Error on a missing or mistyped key.
base::Json to_json(const Metrics& metrics);
Metrics metrics_from_json(const base::Json& json);
base::Json to_json(const Evaluation& evaluation);
Evaluation evaluation_from_json(const base::Json& json);

}  // namespace gibbon::space
