#include "gibbon/report/reports/html.hpp"

#include "gibbon/report/assets/assets.hpp"
#include "gibbon/report/page.hpp"

namespace gibbon::report {
namespace {

using base::Json;

Json candidates_json(const RunData& data) {
  const space::Objective objective = objective_of(data.facts);
  const std::vector<bool> front = front_flags(data);
  Json genome = Json::array();
  Json iteration = Json::array();
  Json one_shot = Json::array();
  Json infeasible = Json::array();
  Json meets = Json::array();
  Json on_front = Json::array();
  Json metrics = Json::object();
  Json predicted = Json::object();
  for (std::size_t i = 0; i < data.evaluations.size(); ++i) {
    const space::Evaluation& evaluation = data.evaluations[i];
    genome.push_back(space::to_text(evaluation.genome));
    iteration.push_back(evaluation.iteration);
    one_shot.push_back(evaluation.one_shot_accuracy);
    infeasible.push_back(evaluation.infeasible);
    meets.push_back(evaluation.feasible() && objective.violation(evaluation.metrics) == 0 ? 1 : 0);
    on_front.push_back(front[i] ? 1 : 0);
    for (std::size_t m = 0; m < space::kMetricCount; ++m) {
      const std::string key(space::metric_key(static_cast<space::Metric>(m)));
      metrics[key].push_back(evaluation.metrics.values[m]);
      predicted[key].push_back(evaluation.predicted ? Json(evaluation.predicted->values[m])
                                                    : Json());
    }
  }
  return {{"genome", std::move(genome)},     {"iteration", std::move(iteration)},
          {"one_shot", std::move(one_shot)}, {"infeasible", std::move(infeasible)},
          {"meets", std::move(meets)},       {"on_front", std::move(on_front)},
          {"metrics", std::move(metrics)},   {"predicted", std::move(predicted)}};
}

}  // namespace

Json html_data(const RunData& data) {
  Json iterations = Json::array();
  for (const store::IterationRecord& record : data.iterations) {
    iterations.push_back(store::to_json(record));
  }
  Json finals = Json::array();
  for (const std::size_t i : finals_by_accuracy(data)) {
    finals.push_back(store::to_json(data.finals[i]));
  }
  Json timings = Json::array();
  for (const store::StageTiming& timing : data.timings) {
    timings.push_back({{"stage", timing.stage}, {"seconds", timing.seconds}});
  }
  Json components = Json::array();
  for (std::size_t i = 0; i < sim::kComponentCount; ++i) {
    components.push_back(sim::component_name(static_cast<sim::Component>(i)));
  }
  return {{"facts", store::to_json(data.facts)}, {"components", std::move(components)},
          {"candidates", candidates_json(data)}, {"iterations", std::move(iterations)},
          {"finals", std::move(finals)},         {"timings", std::move(timings)}};
}

std::string html_report(const RunData& data) {
  return make_page({"Gibbon run", assets::kReport, assets::kReportScript}, html_data(data));
}

}  // namespace gibbon::report
