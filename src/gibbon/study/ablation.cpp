#include "gibbon/study/ablation.hpp"

#include <algorithm>
#include <mutex>

#include "gibbon/base/parallel.hpp"
#include "gibbon/search/pareto.hpp"
#include "gibbon/search/searcher.hpp"
#include "gibbon/study/statistics.hpp"

namespace gibbon::study {

namespace {

using base::Json;
using space::Evaluation;
using space::Genome;
using space::Metric;

constexpr std::uint64_t kFirstTuningSeed = 1001;

/// Every combination of the values of two settings, over settings that all points share.
std::vector<Json> grid_of(const char* first, const std::vector<Json>& first_values,
                          const char* second, const std::vector<Json>& second_values,
                          const Json& shared = Json::object()) {
  std::vector<Json> grid;
  for (const Json& a : first_values) {
    for (const Json& b : second_values) {
      Json point = shared;
      point[first] = a;
      point[second] = b;
      grid.push_back(point);
    }
  }
  return grid;
}

/// What a run's predictor would say: the measured one-shot accuracy and a predicted difference.
search::Screen ridge_screen(const Surrogate& surrogate, const std::vector<Evaluation>& told) {
  std::vector<Evaluation> feasible;
  std::copy_if(told.begin(), told.end(), std::back_inserter(feasible),
               [](const Evaluation& evaluation) { return evaluation.feasible(); });
  if (feasible.empty()) return {};
  const std::shared_ptr<predict::Predictor> ridge =
      predict::make_predictor("ridge", surrogate.space(), {});
  ridge->fit(feasible);
  return [&surrogate, ridge](std::span<const Genome> genomes) {
    const auto predictions = ridge->predict(genomes);
    const auto evaluations = surrogate.without_crossbars(genomes);
    std::vector<std::optional<space::Metrics>> screened;
    for (std::size_t i = 0; i < genomes.size(); ++i) {
      if (!evaluations[i].feasible()) {
        screened.emplace_back();
        continue;
      }
      space::Metrics metrics = evaluations[i].metrics;
      metrics[Metric::kAccuracy] = predictions[i].accuracy(evaluations[i].one_shot_accuracy);
      screened.emplace_back(metrics);
    }
    return screened;
  };
}

/// One search to be made, and where its curve goes.
struct Task {
  std::size_t method;
  Json settings;
  std::uint64_t seed;
};

std::vector<Curve> run_tasks(const Surrogate& surrogate, std::span<const Method> methods,
                             const std::vector<Task>& tasks, const AblationOptions& options,
                             const char* stage, base::Progress& progress) {
  std::vector<Curve> curves(tasks.size());
  base::ProgressUpdate update;
  update.stage = stage;
  update.total = static_cast<std::int64_t>(tasks.size());
  std::mutex mutex;
  base::parallel_for(tasks.size(), options.threads, [&](std::size_t i) {
    const Task& task = tasks[i];
    curves[i] = search_curve(surrogate, methods[task.method], task.settings, task.seed, options);
    const std::lock_guard lock(mutex);
    ++update.done;
    progress.update(update);
  });
  return curves;
}

/// Fills in the scores of each grid and what was chosen of it.
void tune(const Surrogate& surrogate, std::span<const Method> methods,
          const AblationOptions& options, base::Progress& progress,
          std::vector<MethodResult>& results) {
  std::vector<Task> tasks;
  for (std::size_t method = 0; method < methods.size(); ++method) {
    for (const Json& point : methods[method].grid) {
      for (int i = 0; i < options.tuning_seeds; ++i) {
        tasks.push_back({method, point, kFirstTuningSeed + static_cast<std::uint64_t>(i)});
      }
    }
  }
  const auto curves = run_tasks(surrogate, methods, tasks, options, "tuning", progress);
  std::size_t task = 0;
  for (MethodResult& result : results) {
    for (std::size_t point = 0; point < result.method.grid.size(); ++point) {
      std::vector<double> finals;
      for (int i = 0; i < options.tuning_seeds; ++i) finals.push_back(curves[task++].back());
      result.grid_scores.push_back(mean(finals));
    }
    const auto best = std::max_element(result.grid_scores.begin(), result.grid_scores.end());
    result.chosen =
        result.method
            .grid[static_cast<std::size_t>(std::distance(result.grid_scores.begin(), best))];
  }
}

}  // namespace

std::vector<double> MethodResult::finals() const {
  std::vector<double> finals;
  for (const Curve& curve : curves) finals.push_back(curve.back());
  return finals;
}

Json improved_esapp_settings() {
  return {{"crossover", 0.9},
          {"top_share", 1.0},
          {"top_count", 50},
          {"tournament", 2},
          {"mutations", 2}};
}

std::vector<Method> ablation_methods() {
  const auto published = grid_of("mutations", {1, 2, 4}, "top_share", {0.05, 0.1, 0.2, 0.5},
                                 {{"crossover", 0.0}, {"screen_children", false}});
  const auto ours =
      grid_of("mutations", {1, 2, 4}, "top_count", {12, 25, 50, 100}, improved_esapp_settings());
  const Json none = Json::object();
  return {
      {"esapp, as published", "esapp", published},
      {"esapp, as published, no priority", "esapp-no-priority", published},
      {"esapp", "esapp", ours},
      {"esapp, no priority", "esapp-no-priority", ours},
      {"cars", "cars", grid_of("population", {12, 25, 50, 100}, "mutations", {1, 2, 3})},
      {"nsga2", "nsga2", grid_of("population", {12, 25, 50, 100}, "crossover", {0.3, 0.6, 0.9})},
      {"regularized-evolution", "regularized-evolution",
       grid_of("population", {12, 25, 50, 100}, "sample", {3, 5, 10})},
      {"random", "random", {none}},
      {"esapp + predictor", "esapp", ours, true},
      {"esapp, no priority + predictor", "esapp-no-priority", ours, true},
  };
}

Curve search_curve(const Surrogate& surrogate, const Method& method, const Json& settings,
                   std::uint64_t seed, const AblationOptions& options) {
  const auto searcher = search::make_searcher(method.searcher, surrogate.space(), options.objective,
                                              {seed, settings});
  std::vector<Evaluation> told;
  Curve curve;
  while (static_cast<int>(told.size()) < options.designs) {
    search::AskContext context;
    context.count = std::min(options.per_ask, options.designs - static_cast<int>(told.size()));
    if (method.screened) context.screen = ridge_screen(surrogate, told);
    const auto fresh = surrogate.evaluate(searcher->ask(context));
    if (fresh.empty()) break;
    searcher->tell(fresh);
    told.insert(told.end(), fresh.begin(), fresh.end());
    curve.push_back(search::hypervolume(told, options.objective));
  }
  return curve;
}

std::vector<MethodResult> run_ablation(const Surrogate& surrogate, std::span<const Method> methods,
                                       const AblationOptions& options, base::Progress& progress) {
  std::vector<MethodResult> results;
  for (const Method& method : methods) results.push_back({method, {}, {}, {}});
  tune(surrogate, methods, options, progress, results);

  std::vector<Task> tasks;
  for (std::size_t method = 0; method < methods.size(); ++method) {
    for (int i = 0; i < options.seeds; ++i) {
      tasks.push_back(
          {method, results[method].chosen, kFirstReportedSeed + static_cast<std::uint64_t>(i)});
    }
  }
  const auto curves = run_tasks(surrogate, methods, tasks, options, "comparison", progress);
  for (std::size_t task = 0; task < tasks.size(); ++task) {
    results[tasks[task].method].curves.push_back(curves[task]);
  }
  return results;
}

}  // namespace gibbon::study
