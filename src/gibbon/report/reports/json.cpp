#include "gibbon/report/reports/json.hpp"

namespace gibbon::report {
namespace {

using base::Json;

Json design_json(const RunData& data, const store::FinalRecord& record) {
  Json json = {{"id", record.id}, {"genome", space::to_text(record.genome)}};
  const Json metrics = space::to_json(record.metrics);
  json.update(metrics);
  json["validation_accuracy_top1"] = record.validation_metrics[space::Metric::kAccuracy];
  json["search_accuracy_top1"] = record.search_accuracy;
  json["one_shot_accuracy_top1"] = record.one_shot_accuracy;
  json["quantized_test_accuracy_top1"] = record.quantized_test_accuracy;
  json["test_images"] = record.test_images;
  json["on_front"] = record.on_front;
  Json choices = Json::object();
  for (const auto& [name, value] : choices_of(data.facts, record.genome)) choices[name] = value;
  json["choices"] = std::move(choices);
  return json;
}

}  // namespace

Json summary_json(const RunData& data) {
  Json run = store::to_json(data.facts);
  run.erase("genes");
  Json seconds = Json::object();
  for (const store::StageTiming& timing : data.timings) seconds[timing.stage] = timing.seconds;
  Json designs = Json::array();
  for (const std::size_t i : finals_by_accuracy(data)) {
    designs.push_back(design_json(data, data.finals[i]));
  }
  Json json = {{"run", std::move(run)}};
  json["iterations"] = data.iterations.size();
  json["designs_evaluated"] = data.evaluations.size();
  json["hypervolume"] = data.iterations.empty() ? Json() : Json(data.iterations.back().hypervolume);
  json["stage_seconds"] = std::move(seconds);
  json["designs"] = std::move(designs);
  return json;
}

}  // namespace gibbon::report
