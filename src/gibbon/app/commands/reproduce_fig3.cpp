#include <fmt/format.h>

#include "gibbon/app/commands/reproduce_study.hpp"
#include "gibbon/study/convergence.hpp"

namespace gibbon::app {

namespace {

using study::ConvergenceStep;

constexpr int kDesigns = 1000;
constexpr int kSeeds = 10;

report::Chart slots_chart(const std::vector<ConvergenceStep>& steps) {
  report::Chart chart{.title = "Entropy of the parents by parameter (1: uniform, 0: decided)",
                      .kind = report::Chart::Kind::kLines,
                      .x = {"designs simulated", false},
                      .y = {"normalised entropy", false},
                      .series = {}};
  for (const auto& [slot, first] : steps.front().slots) {
    report::Series series{slot, {}};
    for (const ConvergenceStep& step : steps) {
      series.points.push_back({static_cast<double>(step.designs), step.slots.at(slot)});
    }
    chart.series.push_back(std::move(series));
  }
  return chart;
}

report::Chart size_chart(const std::vector<ConvergenceStep>& steps) {
  report::Series series{"equivalent size", {}};
  for (const ConvergenceStep& step : steps) {
    series.points.push_back({static_cast<double>(step.designs), step.equivalent_log10_size});
  }
  return {"Equivalent size of the space",
          report::Chart::Kind::kLines,
          {"designs simulated", false},
          {"log10 of the number of designs", false},
          {std::move(series)}};
}

report::FigureTable table_of(const char* name, const char* title,
                             const std::vector<ConvergenceStep>& steps,
                             std::map<std::string, double> ConvergenceStep::*entropies) {
  report::FigureTable table{name, title, {"designs", "equivalent_log10_size"}, {}};
  for (const auto& [key, value] : steps.front().*entropies) table.columns.push_back(key);
  for (const ConvergenceStep& step : steps) {
    std::vector<base::Json> row{step.designs, step.equivalent_log10_size};
    for (const auto& [key, value] : step.*entropies) row.emplace_back(value);
    table.rows.push_back(std::move(row));
  }
  return table;
}

}  // namespace

report::Figure reproduce_fig3(const StudyInputs& inputs, const GlobalOptions& global) {
  study::AblationOptions options;
  options.designs = kDesigns;
  options.seeds = kSeeds;
  const auto surrogate = inputs.surrogate(global);
  const auto steps = study::run_convergence(surrogate, study::improved_esapp_settings(), options);
  const double whole = inputs.space->log10_size();
  const double last = steps.back().equivalent_log10_size;
  return {"fig3",
          "How ESAPP's parameters converge",
          {fmt::format("ESAPP on the surrogate, {} designs, mean of {} seeds; settings {}.",
                       kDesigns, kSeeds, study::improved_esapp_settings().dump()),
           fmt::format("The space has 10^{:.1f} designs; what is still open goes from 10^{:.1f} at "
                       "the first ask to 10^{:.1f} at the last, {:.0f} % of the exponent (paper: "
                       "10^90 to about 10^42, 47 %).",
                       whole, steps.front().equivalent_log10_size, last, 100 * last / whole)},
          {slots_chart(steps), size_chart(steps)},
          {table_of("slots", "By parameter", steps, &ConvergenceStep::slots),
           table_of("genes", "By gene", steps, &ConvergenceStep::genes)}};
}

}  // namespace gibbon::app
