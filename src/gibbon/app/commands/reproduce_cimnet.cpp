#include "gibbon/app/commands/reproduce_cimnet.hpp"

#include <fmt/format.h>

#include "gibbon/app/commands/reproduce_study.hpp"
#include "gibbon/app/config/cimnet_space_yaml.hpp"
#include "gibbon/app/config/presets.hpp"
#include "gibbon/app/output.hpp"
#include "gibbon/study/cimnet_modes.hpp"

namespace gibbon::app {

namespace {

using study::CimnetDesign;
using study::CimnetFinding;
using study::LayerGroup;

constexpr const char* kSpace = "cimnet-vit-b";
constexpr const char* kOpenChips[] = {"sizes", "on-chip", "all"};

struct CimnetViTBArguments {
  std::string out = "reproduce";
  int seeds = 5;
  int generations = 60;
};

/// One design whose layers are shown.
struct ShownDesign {
  std::string name;
  CimnetDesign design;
  sim::SimulationResult result;
  std::vector<LayerGroup> groups;
};

class CimnetExperiment {
 public:
  CimnetExperiment(const CimnetViTBArguments& arguments, const GlobalOptions& global)
      : space_(load_cimnet_spec(locate(PresetKind::kSpaces, kSpace))),
        simulator_(sim::make_simulator("digital_cim")) {
    options_.seeds = arguments.seeds;
    options_.generations = arguments.generations;
    options_.threads = global.thread_count();
    baseline_ = study::measure(space_, *simulator_, space_.baseline());
    findings_ = study::run_cimnet_modes(space_, *simulator_, options_);
    show("default chip", baseline_);
    show("sizes, bandwidths on the chip", fastest("hardware", "on-chip", 1));
    show("the same and the DRAM's bandwidth", fastest("hardware", "all", 1));
  }

  void print() const {
    fmt::print("ViT-B/16 at ImageNet shapes on digital_cim; default chip {} ms, {} mm2\n\n",
               short_number(baseline_.cost.latency_ms), short_number(baseline_.cost.area_mm2));
    fmt::print("{}\n", to_text(mode_rows()));
    for (const ShownDesign& shown : shown_) print_groups(shown);
  }

  report::Figure figure() const {
    return {"cimnet-vit-b",
            "ViT-B by sub-network, by chip, and by both",
            text(),
            {latency_chart()},
            {modes_table(), genes_table(), groups_table(), layers_table()}};
  }

 private:
  const CimnetDesign& fastest(std::string_view mode, std::string_view chip, double kept) const {
    return study::fastest_of(findings_, mode, chip, kept).design;
  }

  void show(std::string name, const CimnetDesign& design) {
    const auto decoded = space_.decode(design.genome);
    const auto result = simulator_->simulate(decoded->network, decoded->hardware);
    shown_.push_back({std::move(name), design, *result, study::group_layers(*result)});
  }

  double speed_up(double latency_ms) const { return baseline_.cost.latency_ms / latency_ms; }

  /// "2.31 (2.30-2.33)": median and range over the seeds.
  std::string speed_ups(std::string_view mode, std::string_view chip, double kept) const {
    const auto latencies = study::latencies_of(findings_, mode, chip, kept);
    if (latencies.empty()) return "1";
    return fmt::format("{:.2f} ({:.2f}-{:.2f})", speed_up(latencies[latencies.size() / 2]),
                       speed_up(latencies.back()), speed_up(latencies.front()));
  }

  static const char* mode_at(double kept) { return kept < 1 ? "both" : "hardware"; }

  Table mode_rows() const {
    Table table{{"MACs", "network", "sizes", "on-chip", "all"}, {}};
    for (const double kept : options_.kept_macs) {
      std::vector<std::string> row{fmt::format("{:.0f} %", 100 * kept),
                                   speed_ups("network", "default", kept)};
      for (const char* chip : kOpenChips) row.push_back(speed_ups(mode_at(kept), chip, kept));
      table.rows.push_back(std::move(row));
    }
    return table;
  }

  static void print_groups(const ShownDesign& shown) {
    Table table{{"layers", "number", "ms", "waits for", "of its time"}, {}};
    for (const LayerGroup& group : shown.groups) {
      table.rows.push_back({group.name, fmt::format("{}", group.layers),
                            fmt::format("{:.3f}", group.time_ms), group.bound_by,
                            fmt::format("{:.0f} %", 100 * group.bound_share)});
    }
    fmt::print("{}: {} ms, {} mm2\n\n{}\n", shown.name, short_number(shown.design.cost.latency_ms),
               short_number(shown.design.cost.area_mm2), to_text(table));
  }

  /// The largest share of multiply-accumulates with which a median reaches the paper's speed-up.
  std::string reached(std::string_view mode, std::string_view chip, double wanted) const {
    for (const double kept : options_.kept_macs) {
      const auto latencies =
          study::latencies_of(findings_, kept < 1 ? mode : "hardware", chip, kept);
      if (latencies.empty() || speed_up(latencies[latencies.size() / 2]) < wanted) continue;
      return fmt::format("from {:.0f} % of them on", 100 * kept);
    }
    return "at none of these shares";
  }

  std::vector<std::string> text() const {
    return {
        fmt::format("Times how much faster than the largest network on the default chip; median "
                    "and range of {} searches. MACs: share of the largest network's "
                    "multiply-accumulates that a sub-network keeps at least. It stands for the "
                    "accuracy, which needs ImageNet weights: a proxy, not a measurement. At 100 % "
                    "only the hardware changes.",
                    options_.seeds),
        "network: the default chip. sizes: also number and size of arrays, buffers, shared memory "
        "and vector unit. on-chip: also the bandwidths of buffers and shared memory. all: also the "
        "DRAM's. All within the default chip's area, in which bandwidths cost nothing.",
        fmt::format("CiMNet reports {} times by the network alone and {} by both, at similar "
                    "accuracy. Here the network alone reaches {} {}; both reach {} {} with the "
                    "default DRAM, {} with all open.",
                    kCimnetNetworkSpeedUp, kCimnetBothSpeedUp, kCimnetNetworkSpeedUp,
                    reached("network", "default", kCimnetNetworkSpeedUp), kCimnetBothSpeedUp,
                    reached("both", "on-chip", kCimnetBothSpeedUp),
                    reached("both", "all", kCimnetBothSpeedUp))};
  }

  report::Series series(const std::string& name, std::string_view mode,
                        std::string_view chip) const {
    report::Series series{name, {}};
    for (const double kept : options_.kept_macs) {
      const auto latencies =
          study::latencies_of(findings_, mode == "both" ? mode_at(kept) : mode, chip, kept);
      const double latency =
          latencies.empty() ? baseline_.cost.latency_ms : latencies[latencies.size() / 2];
      series.points.push_back({100 * kept, latency});
    }
    return series;
  }

  report::Chart latency_chart() const {
    report::Chart chart{
        .title = "Latency by the share of multiply-accumulates kept",
        .kind = report::Chart::Kind::kLines,
        .x = {"multiply-accumulates kept at least, % (proxy of the accuracy)", false},
        .y = {"latency, ms", false},
        .series = {series("network", "network", "default")}};
    for (const char* chip : kOpenChips) {
      chart.series.push_back(series(fmt::format("both, {}", chip), "both", chip));
    }
    return chart;
  }

  report::FigureTable modes_table() const {
    report::FigureTable table{"modes",
                              "The fastest design of each search",
                              {"mode", "chip", "min_kept_macs", "seed", "latency_ms", "speed_up",
                               "kept_macs", "area_mm2", "energy_mj"},
                              {}};
    for (const CimnetFinding& finding : findings_) {
      const sim::Cost& cost = finding.design.cost;
      table.rows.push_back({finding.mode, finding.chip, finding.min_kept_macs, finding.seed,
                            cost.latency_ms, speed_up(cost.latency_ms), finding.design.kept_macs,
                            cost.area_mm2, cost.energy_mj});
    }
    return table;
  }

  /// The numbers of the chips and networks, of the fastest seed each.
  report::FigureTable genes_table() const {
    report::FigureTable table{"genes", "The fastest designs", {"gene", "default"}, {}};
    std::vector<const space::Genome*> genomes = {&baseline_.genome};
    const auto add = [&](const char* mode, const char* chip, double kept) {
      table.columns.push_back(fmt::format("{}, {}, {:.0f} %", mode, chip, 100 * kept));
      genomes.push_back(&fastest(mode, chip, kept).genome);
    };
    for (const double kept : options_.kept_macs) {
      if (kept < 1) add("network", "default", kept);
      for (const char* chip : kOpenChips) add(mode_at(kept), chip, kept);
    }
    for (std::size_t gene = 0; gene < space_.genes().size(); ++gene) {
      std::vector<base::Json> row{space_.genes()[gene].name};
      for (const space::Genome* genome : genomes) {
        row.push_back(space_.is_active(*genome, gene) ? base::Json(space_.value(*genome, gene))
                                                      : base::Json(nullptr));
      }
      table.rows.push_back(std::move(row));
    }
    return table;
  }

  report::FigureTable groups_table() const {
    report::FigureTable table{
        "groups",
        "Layers that do the same, of the largest network",
        {"chip", "layers", "number", "latency_ms", "waits_for", "of_its_time"},
        {}};
    for (const ShownDesign& shown : shown_) {
      for (const LayerGroup& group : shown.groups) {
        table.rows.push_back({shown.name, group.name, group.layers, group.time_ms, group.bound_by,
                              group.bound_share});
      }
    }
    return table;
  }

  report::FigureTable layers_table() const {
    report::FigureTable table{"layers",
                              "Every layer of the largest network",
                              {"chip", "layer", "latency_ms", "waits_for"},
                              {}};
    constexpr double kNsPerMs = 1e6;
    for (const ShownDesign& shown : shown_) {
      for (const sim::LayerResult& layer : shown.result.layers) {
        table.rows.push_back({shown.name, layer.name, (layer.finish_ns - layer.begin_ns) / kNsPerMs,
                              layer.bound_by});
      }
    }
    return table;
  }

  space::CimnetSpace space_;
  std::unique_ptr<sim::Simulator> simulator_;
  study::CimnetStudyOptions options_;
  CimnetDesign baseline_;
  std::vector<CimnetFinding> findings_;
  std::vector<ShownDesign> shown_;
};

int reproduce_cimnet(const CimnetViTBArguments& arguments, const GlobalOptions& global) {
  const CimnetExperiment experiment(arguments, global);
  if (!global.json && !global.quiet) experiment.print();
  return finish_study(experiment.figure(), arguments.out, global);
}

}  // namespace

void add_cimnet_command(CLI::App& reproduce, const GlobalOptions& global,
                        const std::shared_ptr<Action>& chosen) {
  auto arguments = std::make_shared<CimnetViTBArguments>();
  CLI::App* command =
      reproduce
          .add_subcommand("cimnet-vit-b", "CiMNet: ViT-B's latency by network, by chip, by both")
          ->fallthrough();
  command->add_option("--seeds", arguments->seeds, "Searches of each kind; 5")
      ->check(CLI::Range(1, 1000));
  command
      ->add_option("--generations", arguments->generations, "Of each search, 60 designs each; 60")
      ->check(CLI::Range(1, 100000));
  command->add_option("--out", arguments->out, "Folder for the files; reproduce");
  command->callback([arguments, chosen, &global] {
    *chosen = [arguments, &global] { return reproduce_cimnet(*arguments, global); };
  });
}

}  // namespace gibbon::app
