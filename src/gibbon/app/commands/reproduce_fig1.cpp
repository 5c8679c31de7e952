#include <fmt/format.h>

#include "gibbon/app/commands/reproduce_study.hpp"
#include "gibbon/study/spread.hpp"
#include "gibbon/study/statistics.hpp"

namespace gibbon::app {

namespace {

constexpr int kNetworks = 100;
constexpr int kChips = 100;
constexpr int kDrawnNetworks = 8;
constexpr std::uint64_t kSeed = 1;

struct Gaps {
  std::vector<double> accuracy;
  std::vector<double> energy;
};

Gaps gaps_of(const std::vector<study::Spread>& spreads) {
  Gaps gaps;
  for (const study::Spread& spread : spreads) {
    gaps.accuracy.push_back(spread.accuracy_gap());
    gaps.energy.push_back(spread.energy_gap());
  }
  return gaps;
}

report::Chart chart_of(const study::Crossing& crossing) {
  report::Chart chart{.title = "Networks, each on all chips",
                      .kind = report::Chart::Kind::kScatter,
                      .x = {"energy (mJ)", true},
                      .y = {"accuracy on crossbars (%)", false},
                      .series = {}};
  for (std::size_t network = 0; network < kDrawnNetworks; ++network) {
    report::Series series{fmt::format("network {}", network + 1), {}};
    for (const space::Evaluation& design : crossing.designs[network]) {
      series.points.push_back(
          {design.metrics[space::Metric::kEnergy], design.metrics[space::Metric::kAccuracy]});
    }
    chart.series.push_back(std::move(series));
  }
  return chart;
}

report::FigureTable spreads_table(const char* name, const char* title,
                                  const std::vector<study::Spread>& spreads) {
  report::FigureTable table{name,
                            title,
                            {"number", "lowest_accuracy", "highest_accuracy", "accuracy_gap_points",
                             "lowest_energy_mj", "highest_energy_mj", "energy_gap_percent"},
                            {}};
  for (std::size_t i = 0; i < spreads.size(); ++i) {
    const study::Spread& spread = spreads[i];
    table.rows.push_back({i + 1, spread.lowest_accuracy, spread.highest_accuracy,
                          spread.accuracy_gap(), spread.lowest_energy, spread.highest_energy,
                          spread.energy_gap()});
  }
  return table;
}

}  // namespace

report::Figure reproduce_fig1(const StudyInputs& inputs, const GlobalOptions& global) {
  const auto crossing = study::cross(inputs.surrogate(global), kNetworks, kChips, kSeed);
  const Gaps over_chips = gaps_of(crossing.over_chips);
  const Gaps over_networks = gaps_of(crossing.over_networks);
  report::FigureTable summary{"summary",
                              "Mean gaps beside the paper's",
                              {"fixed", "varied", "accuracy_gap_points", "paper_accuracy",
                               "energy_gap_percent", "paper_energy"},
                              {{"network", "chip", study::mean(over_chips.accuracy), 2.73,
                                study::mean(over_chips.energy), 91.95},
                               {"chip", "network", study::mean(over_networks.accuracy), 3.45,
                                study::mean(over_networks.energy), 28.31}}};
  return {
      "fig1",
      "Networks and chips: what each changes",
      {fmt::format("{} random networks on {} random chips each; accuracy from the surrogate, "
                   "energy from the cost model.",
                   kNetworks, kChips),
       fmt::format("One network over all chips: accuracy differs by {:.2f} points (paper 2.73), "
                   "energy by {:.2f} % (paper 91.95).",
                   study::mean(over_chips.accuracy), study::mean(over_chips.energy)),
       fmt::format("One chip over all networks: accuracy differs by {:.2f} points (paper 3.45), "
                   "energy by {:.2f} % (paper 28.31). Means of highest less lowest; the paper "
                   "shows a handful of designs of each kind and does not name them.",
                   study::mean(over_networks.accuracy), study::mean(over_networks.energy))},
      {chart_of(crossing)},
      {summary, spreads_table("chips", "Each network over all chips", crossing.over_chips),
       spreads_table("networks", "Each chip over all networks", crossing.over_networks)}};
}

}  // namespace gibbon::app
