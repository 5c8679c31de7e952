#include <fmt/format.h>

#include <algorithm>

#include "gibbon/app/commands/reproduce_study.hpp"
#include "gibbon/app/terminal_progress.hpp"
#include "gibbon/study/ablation.hpp"
#include "gibbon/study/statistics.hpp"

namespace gibbon::app {

namespace {

using study::Interval;
using study::MethodResult;

constexpr int kFolds = 5;

/// Interval over the seeds after each ask.
std::vector<Interval> curve_of(const MethodResult& result) {
  std::vector<Interval> curve;
  for (std::size_t ask = 0; ask < result.curves.front().size(); ++ask) {
    std::vector<double> volumes;
    for (const study::Curve& one : result.curves) volumes.push_back(one[ask]);
    curve.push_back(study::interval_of(volumes));
  }
  return curve;
}

report::Chart curves_chart(const std::vector<MethodResult>& results, int per_ask) {
  report::Chart chart{.title = "Hypervolume over designs simulated (dotted: 95 % intervals)",
                      .kind = report::Chart::Kind::kLines,
                      .x = {"designs simulated", false},
                      .y = {"hypervolume", false},
                      .series = {}};
  for (const MethodResult& result : results) {
    report::Series middle{result.method.name, {}};
    report::Series low{result.method.name + " (low)", {}, true};
    report::Series high{result.method.name + " (high)", {}, true};
    double designs = 0;
    for (const Interval& interval : curve_of(result)) {
      designs += per_ask;
      middle.points.push_back({designs, interval.mean});
      low.points.push_back({designs, interval.low()});
      high.points.push_back({designs, interval.high()});
    }
    chart.series.insert(chart.series.end(), {middle, low, high});
  }
  return chart;
}

report::FigureTable summary_table(const std::vector<MethodResult>& results) {
  report::FigureTable table{
      "summary",
      "Hypervolume at the end, best first; differences from esapp over the same seeds",
      {"method", "hypervolume", "half_width_95", "less_esapp", "less_esapp_half_width_95",
       "settings"},
      {}};
  const auto esapp = std::find_if(results.begin(), results.end(), [](const MethodResult& result) {
    return result.method.name == "esapp";
  });
  const std::vector<double> reference = esapp->finals();
  std::vector<const MethodResult*> order;
  for (const MethodResult& result : results) order.push_back(&result);
  std::stable_sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
    return study::mean(a->finals()) > study::mean(b->finals());
  });
  for (const MethodResult* result : order) {
    const std::vector<double> finals = result->finals();
    const Interval interval = study::interval_of(finals);
    const Interval difference = study::paired_interval(finals, reference);
    table.rows.push_back({result->method.name, interval.mean, interval.half_width, difference.mean,
                          difference.half_width, result->chosen.dump()});
  }
  return table;
}

report::FigureTable seeds_table(const std::vector<MethodResult>& results) {
  report::FigureTable table{"seeds", "By seed", {"method", "seed", "hypervolume"}, {}};
  for (const MethodResult& result : results) {
    const std::vector<double> finals = result.finals();
    for (std::size_t i = 0; i < finals.size(); ++i) {
      table.rows.push_back({result.method.name, study::kFirstReportedSeed + i, finals[i]});
    }
  }
  return table;
}

report::FigureTable tuning_table(const std::vector<MethodResult>& results) {
  report::FigureTable table{"tuning",
                            "What was tried: mean hypervolume over the tuning seeds",
                            {"method", "settings", "hypervolume", "chosen"},
                            {}};
  for (const MethodResult& result : results) {
    for (std::size_t i = 0; i < result.method.grid.size(); ++i) {
      table.rows.push_back({result.method.name, result.method.grid[i].dump(), result.grid_scores[i],
                            result.method.grid[i] == result.chosen ? "yes" : "no"});
    }
  }
  return table;
}

}  // namespace

report::Figure reproduce_fig5(const StudyInputs& inputs, const GlobalOptions& global) {
  study::AblationOptions options;
  options.threads = global.thread_count();
  TerminalProgress progress(global.quiet || global.json);
  progress.note("fitting the surrogate");
  const auto error = study::cross_validate(*inputs.space, *inputs.simulator, inputs.table,
                                           {.seed = 1, .threads = options.threads}, kFolds);
  const auto surrogate = inputs.surrogate(global);
  const auto results = study::run_ablation(surrogate, study::ablation_methods(), options, progress);
  const report::FigureTable summary = summary_table(results);
  return {
      "fig5",
      "Searchers at the same number of designs",
      {fmt::format("{} designs a search, {} an ask, {} seeds; accuracy, EDP and area as "
                   "objectives. Each method was tuned over its grid with {} other seeds.",
                   options.designs, options.per_ask, options.seeds, options.tuning_seeds),
       fmt::format("The surrogate is fitted to {} simulated designs. On held-out ones (5 folds) "
                   "its accuracy is off by {:.2f} points in the mean (their standard deviation "
                   "is {:.2f}), Kendall's tau {:.3f}.",
                   error.designs, error.accuracy_mean_abs_error, error.accuracy_deviation,
                   error.accuracy_kendall_tau),
       fmt::format("Best: {}.", summary.rows.front().front().get<std::string>())},
      {curves_chart(results, options.per_ask)},
      {summary, tuning_table(results), seeds_table(results)}};
}

}  // namespace gibbon::app
