#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "gibbon/app/commands/reproduce_study.hpp"
#include "gibbon/study/predictor_study.hpp"
#include "gibbon/study/statistics.hpp"

namespace gibbon::app {

namespace {

using study::PredictorResult;
using study::PredictorScore;

std::vector<double> over_seeds(const PredictorResult& result, double PredictorScore::*figure) {
  std::vector<double> values;
  for (const PredictorScore& score : result.scores) values.push_back(score.*figure);
  return values;
}

double mean_of(const PredictorResult& result, double PredictorScore::*figure) {
  return study::mean(over_seeds(result, figure));
}

report::FigureTable summary_table(const std::vector<PredictorResult>& results) {
  report::FigureTable table{
      "summary",
      "Means over the seeds",
      {"form", "kendall_tau", "kendall_tau_deviation", "accuracy_error_percent",
       "accuracy_error_points", "latency_error_percent", "fit_seconds", "predict_1000_ms"},
      {}};
  for (const PredictorResult& result : results) {
    table.rows.push_back(
        {result.form.name, mean_of(result, &PredictorScore::kendall_tau),
         study::standard_deviation(over_seeds(result, &PredictorScore::kendall_tau)),
         100 * mean_of(result, &PredictorScore::accuracy_relative_error),
         mean_of(result, &PredictorScore::accuracy_error_points),
         100 * mean_of(result, &PredictorScore::latency_relative_error),
         mean_of(result, &PredictorScore::fit_seconds),
         mean_of(result, &PredictorScore::predict_milliseconds)});
  }
  return table;
}

report::FigureTable seeds_table(const std::vector<PredictorResult>& results) {
  report::FigureTable table{"seeds",
                            "By seed",
                            {"form", "seed", "kendall_tau", "accuracy_error_percent",
                             "accuracy_error_points", "latency_error_percent"},
                            {}};
  for (const PredictorResult& result : results) {
    for (std::size_t i = 0; i < result.scores.size(); ++i) {
      const PredictorScore& score = result.scores[i];
      table.rows.push_back({result.form.name, i + 1, score.kendall_tau,
                            100 * score.accuracy_relative_error, score.accuracy_error_points,
                            100 * score.latency_relative_error});
    }
  }
  return table;
}

report::Chart tau_chart(const std::vector<PredictorResult>& results) {
  report::Chart chart{.title = "Kendall's tau by seed",
                      .kind = report::Chart::Kind::kLines,
                      .x = {"seed", false},
                      .y = {"Kendall's tau of the accuracy", false},
                      .series = {}};
  for (const PredictorResult& result : results) {
    report::Series series{result.form.name, {}};
    for (std::size_t i = 0; i < result.scores.size(); ++i) {
      series.points.push_back({static_cast<double>(i + 1), result.scores[i].kendall_tau});
    }
    chart.series.push_back(std::move(series));
  }
  return chart;
}

/// Microseconds of a design in the cost model, decoding included.
double cost_microseconds(const StudyInputs& inputs) {
  constexpr std::size_t kTimed = 300;
  const auto start = std::chrono::steady_clock::now();
  const std::size_t count = std::min(kTimed, inputs.table.size());
  for (std::size_t i = 0; i < count; ++i) {
    study::hardware_of(*inputs.space, *inputs.simulator, inputs.table[i].genome);
  }
  const std::chrono::duration<double, std::micro> spent = std::chrono::steady_clock::now() - start;
  return spent.count() / static_cast<double>(count);
}

}  // namespace

report::Figure reproduce_fig4(const StudyInputs& inputs, const GlobalOptions& global) {
  study::PredictorStudyOptions options;
  options.threads = global.thread_count();
  const auto results = study::run_predictor_study(*inputs.space, inputs.table, options);
  const auto tau = [&](std::size_t form) {
    return study::interval_of(over_seeds(results[form], &PredictorScore::kendall_tau));
  };
  const PredictorResult& difference = results[0];
  return {
      "fig4",
      "The predictor: time and quality",
      {fmt::format("{} training designs of the table's {}, tested on all others; {} seeds, the "
                   "same designs for every form.",
                   options.training_designs, inputs.table.size(), options.seeds),
       fmt::format("Kendall's tau of the accuracy: {:.3f} +- {:.3f} predicting the difference, "
                   "{:.3f} +- {:.3f} predicting the accuracy directly (95 % intervals); the "
                   "one-shot accuracy alone has {:.3f}.",
                   tau(0).mean, tau(0).half_width, tau(1).mean, tau(1).half_width,
                   study::one_shot_tau(inputs.table)),
       fmt::format(
           "Mean error of the accuracy: {:.2f} % of it, {:.2f} points (paper: 1.2 % of it).",
           100 * mean_of(difference, &PredictorScore::accuracy_relative_error),
           mean_of(difference, &PredictorScore::accuracy_error_points)),
       fmt::format("Error of the latency: none, as a search asks the cost model, {:.0f} us a "
                   "design (paper: predicted, 2.6 %; predicted by this network {:.2f} %).",
                   cost_microseconds(inputs),
                   100 * mean_of(difference, &PredictorScore::latency_relative_error)),
       fmt::format("1,000 designs are predicted in {:.1f} ms on {} threads (paper: 7.59 s a "
                   "design, 549 s in its simulator).",
                   mean_of(difference, &PredictorScore::predict_milliseconds), options.threads)},
      {tau_chart(results)},
      {summary_table(results), seeds_table(results)}};
}

}  // namespace gibbon::app
