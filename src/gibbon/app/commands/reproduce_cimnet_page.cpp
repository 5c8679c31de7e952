#include "gibbon/app/commands/reproduce_cimnet_page.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

#include "gibbon/app/commands/reproduce_cimnet.hpp"
#include "gibbon/app/output.hpp"

namespace gibbon::app {

namespace {

using study::CimnetArm;

struct ArmKind {
  const char* name;
  const char* chip;
  std::optional<double> paper;  ///< times faster
};

constexpr ArmKind kKinds[] = {{"network", "default", kCimnetNetworkSpeedUp},
                              {"hardware", "on-chip", {}},
                              {"both", "on-chip", kCimnetBothSpeedUp},
                              {"hardware", "all", {}},
                              {"both", "all", kCimnetBothSpeedUp}};

std::optional<double> paper_of(const CimnetArmRow& row) {
  for (const ArmKind& kind : kKinds) {
    if (row.name == kind.name && row.chip == kind.chip) return kind.paper;
  }
  return std::nullopt;
}

double speed_up(const CimnetSpaceResult& result, const CimnetArm& arm) {
  return result.baseline.design.cost.latency_ms / arm.design.cost.latency_ms;
}

/// "network", or "both, all".
std::string title_of(const CimnetArmRow& row) {
  return row.chip == "default" ? row.name : fmt::format("{}, {}", row.name, row.chip);
}

std::optional<double> find(const std::map<space::Genome, double>& accuracies,
                           const CimnetSpaceResult& result, const CimnetArm& arm) {
  const auto found = accuracies.find(study::network_of(*result.space, arm.design.genome));
  if (found == accuracies.end()) return std::nullopt;
  return found->second;
}

std::string percent_text(const std::optional<double>& value) {
  return value ? fmt::format("{:.2f}", *value) : "-";
}
base::Json or_null(const std::optional<double>& value) {
  return value ? base::Json(*value) : base::Json(nullptr);
}

/// The seeds with which an arm that may change the network kept the largest.
std::vector<std::uint64_t> seeds_without_network(const CimnetSpaceResult& result,
                                                 const CimnetArmRow& row) {
  std::vector<std::uint64_t> seeds;
  if (row.name != "network" && row.name != "both") return seeds;
  const space::Genome largest = study::network_of(*result.space, result.baseline.design.genome);
  for (const CimnetArm& arm : row.findings) {
    if (study::network_of(*result.space, arm.design.genome) == largest) seeds.push_back(arm.seed);
  }
  return seeds;
}

/// Points that the shown networks lose at most to the largest one on all test images.
double most_lost_in_test(const CimnetSpaceResult& result) {
  const auto accuracy = [&](const CimnetArm& arm) {
    const auto found = result.test.find(study::network_of(*result.space, arm.design.genome));
    return found == result.test.end() ? std::nullopt : std::optional<double>(found->second);
  };
  const std::optional<double> largest = accuracy(result.baseline);
  double most = 0;
  for (const CimnetArmRow& row : cimnet_rows(result)) {
    const std::optional<double> shown = accuracy(row.median());
    if (largest && shown) most = std::max(most, *largest - *shown);
  }
  return most;
}

/// "vit: times faster than the baseline, medians: network 1.52 (less than CiMNet's 1.7); ...".
std::string speed_ups_text(const CimnetSpaceResult& result) {
  std::vector<std::string> parts;
  for (const CimnetArmRow& row : cimnet_rows(result)) {
    if (!paper_of(row)) continue;
    const double ours = speed_up(result, row.median());
    parts.push_back(fmt::format("{} {:.2f} ({} CiMNet's {})", title_of(row), ours,
                                ours >= *paper_of(row) ? "at least" : "less than", *paper_of(row)));
  }
  return fmt::format("{}: times faster than the baseline, medians: {}.", result.key,
                     fmt::join(parts, "; "));
}

void add_notes(const CimnetSpaceResult& result, std::vector<std::string>& text) {
  text.push_back(speed_ups_text(result));
  if (const double lost = most_lost_in_test(result); lost > result.most_points_lost) {
    text.push_back(fmt::format(
        "{}: on all test images the networks shown lose up to {:.2f} points to the "
        "largest one: the {} points of the bar hold on the images that chose them only.",
        result.key, lost, result.most_points_lost));
  }
  for (const CimnetArmRow& row : cimnet_rows(result)) {
    const std::vector<std::uint64_t> seeds = seeds_without_network(result, row);
    if (seeds.empty()) continue;
    text.push_back(
        fmt::format("{}: {}: no smaller sub-network that was measured is within {} "
                    "points of the largest and faster (seeds {}).",
                    result.key, title_of(row), result.most_points_lost, fmt::join(seeds, ", ")));
  }
}

std::vector<std::string> text_of(const std::vector<CimnetSpaceResult>& results,
                                 const std::string& images) {
  std::vector<std::string> text;
  for (const CimnetSpaceResult& result : results) {
    text.push_back(fmt::format(
        "{}: space {} on {}; one supernet of {} steps, {} seeds of the "
        "search, {:.0f} minutes.",
        result.key, result.space->name(), images, result.steps, result.seeds, result.minutes));
    add_notes(result, text);
  }
  text.push_back(fmt::format(
      "Each arm is the fastest design found whose network loses at most {} points of the largest "
      "one's accuracy, with the supernet's shared weights on the same {} held-out training images, "
      "to which only networks come that pass on {} others, and whose chip has at most the default "
      "chip's area. Latencies are medians and ranges of the seeds; the other figures are the "
      "median design's. Test: all test images, which chose nothing.",
      results.front().most_points_lost, results.front().judging_images,
      results.front().screening_images));
  text.push_back(
      "on-chip: sizes, and the bandwidths of buffers and shared memory. all: also the DRAM's. "
      "Bandwidths have no area in the model. CiMNet's figures are of ViT-B on ImageNet and another "
      "simulator: docs/models/cimnet.md.");
  return text;
}

report::Chart chart_of(const CimnetSpaceResult& result) {
  report::Chart chart{.title = fmt::format("{}: accuracy over latency", result.key),
                      .kind = report::Chart::Kind::kScatter,
                      .x = {"latency, ms", false},
                      .y = {"one-shot accuracy on validation images, %", false},
                      .series = {}};
  for (const CimnetArmRow& row : cimnet_rows(result)) {
    report::Series series{title_of(row), {}};
    for (const CimnetArm& arm : row.findings) {
      series.points.push_back({arm.design.cost.latency_ms, arm.accuracy});
    }
    chart.series.push_back(std::move(series));
  }
  return chart;
}

report::FigureTable arms_table(const std::vector<CimnetSpaceResult>& results) {
  report::FigureTable table{
      "arms",
      "The arms: medians of the seeds",
      {"space", "arm", "chip", "latency_ms", "least_latency_ms", "most_latency_ms", "speed_up",
       "paper_speed_up", "validation_accuracy", "test_accuracy", "fine_tuned_test_accuracy",
       "area_mm2", "energy_mj", "kept_macs", "seeds", "seeds_with_the_largest_network"},
      {}};
  for (const CimnetSpaceResult& result : results) {
    for (const CimnetArmRow& row : cimnet_rows(result)) {
      const CimnetArm& median = row.median();
      const sim::Cost& cost = median.design.cost;
      table.rows.push_back({result.key, row.name, row.chip, cost.latency_ms,
                            row.findings.front().design.cost.latency_ms,
                            row.findings.back().design.cost.latency_ms, speed_up(result, median),
                            or_null(paper_of(row)), median.accuracy,
                            or_null(find(result.test, result, median)),
                            or_null(find(result.fine_tuned, result, median)), cost.area_mm2,
                            cost.energy_mj, median.design.kept_macs, row.findings.size(),
                            seeds_without_network(result, row).size()});
    }
  }
  return table;
}

report::FigureTable designs_table(const std::vector<CimnetSpaceResult>& results) {
  report::FigureTable table{"designs",
                            "The design of each seed",
                            {"space", "arm", "chip", "seed", "latency_ms", "speed_up",
                             "validation_accuracy", "area_mm2", "energy_mj", "kept_macs", "genome"},
                            {}};
  for (const CimnetSpaceResult& result : results) {
    for (const CimnetArm& arm : result.arms) {
      const sim::Cost& cost = arm.design.cost;
      table.rows.push_back({result.key, arm.name, arm.chip, arm.seed, cost.latency_ms,
                            speed_up(result, arm), arm.accuracy, cost.area_mm2, cost.energy_mj,
                            arm.design.kept_macs, space::to_text(arm.design.genome)});
    }
  }
  return table;
}

/// A table a space: spaces have other genes.
report::FigureTable genes_table(const CimnetSpaceResult& result) {
  report::FigureTable table{
      "genes-" + result.key, fmt::format("{}: the median designs", result.key), {"gene"}, {}};
  const std::vector<CimnetArmRow> rows = cimnet_rows(result);
  for (const CimnetArmRow& row : rows) table.columns.push_back(title_of(row));
  for (std::size_t gene = 0; gene < result.space->genes().size(); ++gene) {
    std::vector<base::Json> cells{result.space->genes()[gene].name};
    for (const CimnetArmRow& row : rows) {
      const space::Genome& genome = row.median().design.genome;
      cells.push_back(result.space->is_active(genome, gene)
                          ? base::Json(result.space->value(genome, gene))
                          : base::Json(nullptr));
    }
    table.rows.push_back(std::move(cells));
  }
  return table;
}

}  // namespace

std::vector<CimnetArmRow> cimnet_rows(const CimnetSpaceResult& result) {
  std::vector<CimnetArmRow> rows{{result.baseline.name, result.baseline.chip, {result.baseline}}};
  for (const ArmKind& kind : kKinds) {
    rows.push_back({kind.name, kind.chip, study::findings_of(result.arms, kind.name, kind.chip)});
  }
  return rows;
}

std::string cimnet_text(const CimnetSpaceResult& result) {
  Table latencies{{"arm", "ms", "least", "most", "times faster", "CiMNet's"}, {}};
  Table others{{"arm", "validation %", "test %", "tuned, test %", "mm2", "mJ"}, {}};
  for (const CimnetArmRow& row : cimnet_rows(result)) {
    const CimnetArm& median = row.median();
    const sim::Cost& cost = median.design.cost;
    latencies.rows.push_back({title_of(row), short_number(cost.latency_ms),
                              short_number(row.findings.front().design.cost.latency_ms),
                              short_number(row.findings.back().design.cost.latency_ms),
                              fmt::format("{:.2f}", speed_up(result, median)),
                              paper_of(row) ? fmt::format("{}", *paper_of(row)) : "-"});
    others.rows.push_back({title_of(row), percent_text(median.accuracy),
                           percent_text(find(result.test, result, median)),
                           percent_text(find(result.fine_tuned, result, median)),
                           short_number(cost.area_mm2), short_number(cost.energy_mj)});
  }
  return fmt::format("{}\n\n{}\n{}", result.space->name(), to_text(latencies), to_text(others));
}

report::Figure cimnet_figure(const std::vector<CimnetSpaceResult>& results,
                             const std::string& images) {
  report::Figure figure{"cimnet",
                        "Latency at equal accuracy and area, by sub-network, by chip, and by both",
                        text_of(results, images),
                        {},
                        {arms_table(results), designs_table(results)}};
  for (const CimnetSpaceResult& result : results) {
    figure.charts.push_back(chart_of(result));
    figure.tables.push_back(genes_table(result));
  }
  return figure;
}

}  // namespace gibbon::app
