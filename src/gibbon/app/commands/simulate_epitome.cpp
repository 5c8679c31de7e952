#include "gibbon/app/commands/simulate_epitome.hpp"

#include <fmt/format.h>

#include "gibbon/app/config/epitome_yaml.hpp"
#include "gibbon/app/output.hpp"
#include "gibbon/base/error.hpp"

namespace gibbon::app {

namespace {

std::vector<EpitomeRow> rows_of(const nn::Network& network, const hw::HardwareConfig& hardware,
                                const sim::MnsimOptions& options,
                                const std::vector<sim::StoredLayer>& stored) {
  sim::ComputeGraph graph;
  sim::build_compute_graph(network, options.input_bits, graph);
  std::vector<EpitomeRow> rows;
  for (const sim::ComputeLayer& layer : graph.layers) {
    const auto index = static_cast<std::size_t>(layer.network_index);
    const auto& plan = stored[index].plan;
    if (!plan) continue;
    const auto tables = sim::index_tables(stored[index], hardware.chip);
    const auto traffic = sim::epitome_traffic(layer, stored[index]);
    rows.push_back({network.layers()[index].name, plan->epitome(), stored[index].reuses, traffic,
                    tables->ifat_bits + tables->ifrt_bits + tables->ofat_bits});
  }
  return rows;
}

std::string shape_text(const nn::EpitomeShape& shape) {
  return fmt::format("{}x{}", shape.rows(), shape.out_channels);
}

}  // namespace

EpitomeSimulation simulate_epitomes(const std::string& rule_or_file, const std::string& model,
                                    const nn::Network& network,
                                    const hw::HardwareConfig& hardware) {
  const sim::MnsimOptions options = sim::packed_model(model);
  const std::vector<sim::LayerStorage> storage = load_storage(rule_or_file, network, hardware);
  const std::vector<sim::StoredLayer> stored = sim::stored_layers(network, storage);
  const auto result = sim::simulate_stored(network, hardware, options, stored);
  if (!result) throw base::Error("with epitomes: " + result.reason());
  const sim::CrossbarSize size{hardware.crossbar.rows, hardware.crossbar.columns};
  return {*result, sim::count_packed_crossbars(network, storage, size),
          rows_of(network, hardware, options, stored)};
}

std::string to_text(const EpitomeSimulation& simulation) {
  Table table{{"epitome", "stored", "rounds", "computed", "fetched", "partial", "tables"}, {}};
  for (const EpitomeRow& row : simulation.epitomes) {
    table.rows.push_back({row.layer, shape_text(row.shape), fmt::format("{}", row.traffic.rounds),
                          fmt::format("{}", row.traffic.computed_rounds),
                          short_number(row.traffic.refetched_bits / 1e3),
                          short_number(row.traffic.partial_sums / 1e3),
                          fmt::format("{}", row.table_bits)});
  }
  return fmt::format(
      "\n{}\n{} packed crossbars, {:.2f} % of their cells used\n"
      "rounds, computed  of one output position; the others are copies\n"
      "fetched, partial  kilobits of inputs fetched again and thousands of partial sums\n"
      "                  written in one inference; docs/models/epitome.md\n"
      "tables            bits of the three index tables\n",
      to_text(table), simulation.crossbars.crossbars(), 100 * simulation.crossbars.utilization());
}

base::Json to_json(const EpitomeSimulation& simulation) {
  base::Json list = base::Json::array();
  for (const EpitomeRow& row : simulation.epitomes) {
    list.push_back({{"layer", row.layer},
                    {"rows", row.shape.rows()},
                    {"columns", row.shape.out_channels},
                    {"wrapped", row.wrapped},
                    {"rounds", row.traffic.rounds},
                    {"computed_rounds", row.traffic.computed_rounds},
                    {"refetched_bits", row.traffic.refetched_bits},
                    {"partial_sums", row.traffic.partial_sums},
                    {"index_table_bits", row.table_bits}});
  }
  return {{"crossbars", simulation.crossbars.crossbars()},
          {"utilization", simulation.crossbars.utilization()},
          {"epitomes", list}};
}

}  // namespace gibbon::app
