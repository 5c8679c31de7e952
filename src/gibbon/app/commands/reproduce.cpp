#include <fmt/format.h>

#include <array>

#include "gibbon/app/commands/commands.hpp"
#include "gibbon/app/commands/reproduce_cimnet.hpp"
#include "gibbon/app/commands/reproduce_epim.hpp"
#include "gibbon/app/commands/reproduce_joint.hpp"
#include "gibbon/app/commands/reproduce_study.hpp"
#include "gibbon/app/commands/reproduce_table2.hpp"
#include "gibbon/app/commands/reproduce_training.hpp"
#include "gibbon/app/config/network_yaml.hpp"
#include "gibbon/app/config/presets.hpp"
#include "gibbon/app/output.hpp"
#include "gibbon/sim/mapping/packed_crossbars.hpp"

namespace gibbon::app {

namespace {

constexpr int kFloatBits = 32;

/// EPIM's own figures (Wang et al., DAC 2024); docs/models/epitome.md says how sure each is.
struct PaperFigures {
  std::optional<long> crossbars;
  std::optional<double> utilization;
  std::optional<double> compression;
};

struct Variant {
  const char* network;  ///< a shipped one
  bool epitome;
  int bits;
  PaperFigures paper;
};

constexpr const char* kRule = "1024x256";

constexpr std::array<Variant, 12> kVariants{{
    {"resnet50-imagenet", false, kFloatBits, {13120, 0.949, 1.0}},
    {"resnet50-imagenet", true, kFloatBits, {5696, {}, 2.30}},
    {"resnet50-imagenet", true, 9, {1424, {}, 9.21}},
    {"resnet50-imagenet", true, 7, {}},
    {"resnet50-imagenet", true, 5, {}},
    {"resnet50-imagenet", true, 3, {}},
    {"resnet101-imagenet", false, kFloatBits, {22912, 0.947, 1.0}},
    {"resnet101-imagenet", true, kFloatBits, {}},
    {"resnet101-imagenet", true, 9, {}},
    {"resnet101-imagenet", true, 7, {}},
    {"resnet101-imagenet", true, 5, {}},
    {"resnet101-imagenet", true, 3, {}},
}};

struct Row {
  Variant variant;
  long crossbars = 0;
  double utilization = 0;
  double compression = 0;  ///< of the network's convolutions in 32 slices
};

sim::NetworkCrossbars count(const nn::Network& network, bool epitome, int bits) {
  const int slices =
      bits == kFloatBits ? sim::kFloatWeightSlices : sim::quantized_weight_slices(bits);
  const auto rule = epitome ? std::optional(nn::parse_epitome_rule(kRule)) : std::nullopt;
  return sim::count_packed_crossbars(network, sim::uniform_storage(network, slices, rule));
}

std::vector<Row> crossbar_rows() {
  std::vector<Row> rows;
  for (const Variant& variant : kVariants) {
    const nn::Network network = load_network(locate(PresetKind::kNetworks, variant.network));
    const sim::NetworkCrossbars baseline = count(network, false, kFloatBits);
    const sim::NetworkCrossbars counted = count(network, variant.epitome, variant.bits);
    rows.push_back(
        {variant, counted.crossbars(), counted.utilization(),
         static_cast<double>(baseline.crossbars()) / static_cast<double>(counted.crossbars())});
  }
  return rows;
}

std::string variant_name(const Variant& variant) {
  return fmt::format("{}, {} bit", variant.epitome ? kRule : "conv", variant.bits);
}

template <typename T>
std::string or_dash(const std::optional<T>& value, const char* format, double factor = 1) {
  return value ? fmt::format(fmt::runtime(format), static_cast<double>(*value) * factor) : "-";
}

void print_crossbars(const std::vector<Row>& rows) {
  Table table{{"network", "weights", "crossbars", "paper", "used %", "paper", "factor", "paper"},
              {}};
  for (const Row& row : rows) {
    const std::string_view network = row.variant.network;
    const PaperFigures& paper = row.variant.paper;
    table.rows.push_back(
        {std::string(network.substr(0, network.find('-'))), variant_name(row.variant),
         fmt::format("{}", row.crossbars), or_dash(paper.crossbars, "{:.0f}"),
         fmt::format("{:.2f}", 100 * row.utilization), or_dash(paper.utilization, "{:.1f}", 100),
         fmt::format("{:.2f}", row.compression), or_dash(paper.compression, "{:.2f}")});
  }
  fmt::print(
      "EPIM: crossbars of 256x256 one-bit cells, slices packed along the columns\n\n{}\n"
      "conv    convolutions as they are; {}: those larger than an epitome of that\n"
      "        many rows and columns become one\n"
      "used %  cells that hold a bit of a weight\n"
      "factor  crossbars of the 32-bit convolutions over this row's\n"
      "paper   Wang et al., DAC 2024; \"-\" where its figure is not known to us;\n"
      "        docs/models/epitome.md says how sure each is\n",
      to_text(table), kRule);
}

template <typename T>
base::Json or_null(const std::optional<T>& value) {
  return value ? base::Json(*value) : base::Json(nullptr);
}

base::Json to_json(const std::vector<Row>& rows) {
  base::Json list = base::Json::array();
  for (const Row& row : rows) {
    const PaperFigures& paper = row.variant.paper;
    list.push_back({{"network", row.variant.network},
                    {"epitome", row.variant.epitome ? base::Json(kRule) : base::Json(nullptr)},
                    {"weight_bits", row.variant.bits},
                    {"crossbars", row.crossbars},
                    {"utilization", row.utilization},
                    {"compression", row.compression},
                    {"paper",
                     {{"crossbars", or_null(paper.crossbars)},
                      {"utilization", or_null(paper.utilization)},
                      {"compression", or_null(paper.compression)}}}});
  }
  return list;
}

int reproduce_crossbars(const std::string& folder, const GlobalOptions& global) {
  const std::vector<Row> rows = crossbar_rows();
  const std::vector<EpitomeDesignRow> designs = epitome_designs(global.seed.value_or(0));
  if (!folder.empty()) write_designs(designs, folder);
  if (global.json) {
    print_json({{"crossbars", to_json(rows)}, {"designs", to_json(designs)}});
  } else {
    print_crossbars(rows);
    fmt::print("\n{}", to_text(designs));
  }
  return kSuccess;
}

}  // namespace

Action add_reproduce_command(CLI::App& command, const GlobalOptions& global) {
  command.require_subcommand(1);
  auto chosen = std::make_shared<Action>();
  auto folder = std::make_shared<std::string>();
  CLI::App* crossbars =
      command
          .add_subcommand("epim-crossbars", "EPIM's numbers of crossbars and its layer-wise design")
          ->fallthrough();
  crossbars->add_option("--out", *folder,
                        "Folder for the designs, files for `simulate --epitome`; default: none");
  crossbars->callback([chosen, folder, &global] {
    *chosen = [folder, &global] { return reproduce_crossbars(*folder, global); };
  });
  const auto forward = [&](const char* name, const char* summary) {
    CLI::App* forwarded = command.add_subcommand(name, summary);
    forwarded->callback(
        [chosen, action = add_forwarded_command(*forwarded, global)] { *chosen = action; });
  };
  forward("epim", kEpimSummary);
  forward("cimnet", kCimnetSummary);
  forward("ranking", kRankingSummary);
  add_study_commands(command, global, chosen);
  add_table2_command(command, global, chosen);
  add_cimnet_command(command, global, chosen);
  add_joint_command(command, global, chosen);
  return [chosen] { return (*chosen)(); };
}

}  // namespace gibbon::app
