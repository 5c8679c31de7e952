#include "gibbon/explore/run_context.hpp"

#include "gibbon/search/pareto.hpp"

namespace gibbon::explore {

std::map<space::Metric, double> best_values(const RunContext& context) {
  std::map<space::Metric, double> best;
  for (const std::size_t index : search::pareto_front(context.evaluations, context.objective)) {
    const space::Metrics& metrics = context.evaluations[index].metrics;
    for (const space::Metric metric : context.objective.metrics) {
      const auto [entry, is_new] = best.emplace(metric, metrics[metric]);
      const bool better =
          is_maximized(metric) ? metrics[metric] > entry->second : metrics[metric] < entry->second;
      if (!is_new && better) entry->second = metrics[metric];
    }
  }
  return best;
}

void report_progress(RunContext& context, std::string_view stage, std::int64_t done,
                     std::int64_t total) {
  base::ProgressUpdate update;
  update.stage = stage;
  update.done = done;
  update.total = total;
  for (const auto& [metric, value] : best_values(context)) {
    update.best[std::string(metric_key(metric))] = value;
  }
  update.hypervolume = search::hypervolume(context.evaluations, context.objective);
  update.seconds_left = context.clock.seconds_left();
  context.progress.update(update);
}

}  // namespace gibbon::explore
