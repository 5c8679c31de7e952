#include "gibbon/explore/run_context.hpp"

#include "gibbon/search/pareto.hpp"

namespace gibbon::explore {

namespace {

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

}  // namespace

const FrontFigures& front_figures(RunContext& context) {
  if (context.figures.evaluations != context.evaluations.size()) {
    context.figures = {context.evaluations.size(), best_values(context),
                       search::hypervolume(context.evaluations, context.objective)};
  }
  return context.figures;
}

void report_progress(RunContext& context, std::string_view stage, std::int64_t done,
                     std::int64_t total) {
  base::ProgressUpdate update;
  update.stage = stage;
  update.done = done;
  update.total = total;
  const FrontFigures& figures = front_figures(context);
  for (const auto& [metric, value] : figures.best) {
    update.best[std::string(metric_key(metric))] = value;
  }
  update.hypervolume = figures.hypervolume;
  update.seconds_left = context.clock.seconds_left();
  context.progress.update(update);
}

}  // namespace gibbon::explore
