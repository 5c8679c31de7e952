#include "gibbon/report/reports/csv.hpp"

#include <fmt/format.h>

#include <cmath>
#include <initializer_list>

namespace gibbon::report {
namespace {

using space::Metric;

std::string number(double value) {
  return std::isnan(value) ? std::string() : fmt::format("{}", value);
}

void add_line(std::string& out, const std::vector<std::string>& fields) {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) out += ',';
    out += csv_field(fields[i]);
  }
  out += '\n';
}

void add_metric_names(std::vector<std::string>& fields, std::string_view prefix) {
  for (std::size_t i = 0; i < space::kMetricCount; ++i) {
    fields.push_back(fmt::format("{}{}", prefix, space::metric_key(static_cast<Metric>(i))));
  }
}

void add_metrics(std::vector<std::string>& fields, const space::Metrics& metrics) {
  for (const double value : metrics.values) fields.push_back(number(value));
}

std::string flag(bool value) {
  return value ? "1" : "0";
}

}  // namespace

std::string csv_field(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string quoted = "\"";
  for (const char letter : text) {
    if (letter == '"') quoted += '"';
    quoted += letter;
  }
  return quoted + '"';
}

std::string candidates_csv(const RunData& data) {
  std::vector<std::string> names = {"id", "iteration", "genome"};
  add_metric_names(names, "");
  names.emplace_back("one_shot_accuracy_top1");
  add_metric_names(names, "predicted_");
  names.insert(names.end(), {"feasible", "on_front", "infeasible_reason"});
  std::string out;
  add_line(out, names);

  const std::vector<bool> front = front_flags(data);
  for (std::size_t i = 0; i < data.evaluations.size(); ++i) {
    const space::Evaluation& evaluation = data.evaluations[i];
    std::vector<std::string> fields = {std::to_string(i), std::to_string(evaluation.iteration),
                                       space::to_text(evaluation.genome)};
    add_metrics(fields, evaluation.metrics);
    fields.push_back(number(evaluation.one_shot_accuracy));
    if (evaluation.predicted) {
      add_metrics(fields, *evaluation.predicted);
    } else {
      fields.resize(fields.size() + space::kMetricCount);
    }
    fields.insert(fields.end(),
                  {flag(evaluation.feasible()), flag(front[i]), evaluation.infeasible});
    add_line(out, fields);
  }
  return out;
}

std::string pareto_csv(const RunData& data) {
  std::vector<std::string> names = {"id", "genome"};
  add_metric_names(names, "");
  names.insert(names.end(),
               {"validation_accuracy_top1", "search_accuracy_top1", "one_shot_accuracy_top1",
                "quantized_test_accuracy_top1", "test_images", "on_front"});
  std::string out;
  add_line(out, names);
  for (const std::size_t i : finals_by_accuracy(data)) {
    const store::FinalRecord& record = data.finals[i];
    std::vector<std::string> fields = {record.id, space::to_text(record.genome)};
    add_metrics(fields, record.metrics);
    fields.insert(fields.end(), {number(record.validation_metrics[Metric::kAccuracy]),
                                 number(record.search_accuracy), number(record.one_shot_accuracy),
                                 number(record.quantized_test_accuracy),
                                 std::to_string(record.test_images), flag(record.on_front)});
    add_line(out, fields);
  }
  return out;
}

std::string layers_csv(const sim::SimulationResult& result) {
  std::string out;
  add_line(out,
           {"layer", "type", "tiles", "processing_elements", "crossbars", "utilization", "begin_ns",
            "finish_ns", "component", "area_um2", "power_w", "energy_nj", "busy_ns"});
  for (const sim::LayerResult& layer : result.layers) {
    for (std::size_t i = 0; i < sim::kComponentCount; ++i) {
      const auto component = static_cast<sim::Component>(i);
      add_line(out, {layer.name, layer.type, std::to_string(layer.tiles),
                     std::to_string(layer.processing_elements), std::to_string(layer.crossbars),
                     number(layer.utilization), number(layer.begin_ns), number(layer.finish_ns),
                     std::string(sim::component_name(component)), number(layer.area_um2[component]),
                     number(layer.power_w[component]), number(layer.energy_nj[component]),
                     number(layer.busy_ns[component])});
    }
  }
  for (std::size_t i = 0; i < sim::kComponentCount; ++i) {
    const auto component = static_cast<sim::Component>(i);
    const double area = result.shared_area_um2[component];
    if (area == 0) continue;
    add_line(out, {"", "chip", "", "", "", "", "", "", std::string(sim::component_name(component)),
                   number(area), "", "", ""});
  }
  return out;
}

}  // namespace gibbon::report
