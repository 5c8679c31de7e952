#include "gibbon/app/commands/reproduce_epim.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "gibbon/app/config/epitome_yaml.hpp"
#include "gibbon/app/config/hardware_yaml.hpp"
#include "gibbon/app/config/network_yaml.hpp"
#include "gibbon/app/config/presets.hpp"
#include "gibbon/app/output.hpp"
#include "gibbon/base/error.hpp"
#include "gibbon/base/file.hpp"
#include "gibbon/study/epitome_search.hpp"

namespace gibbon::app {

namespace {

constexpr const char* kUniformRule = "1024x256";
constexpr const char* kUniform = "uniform";
constexpr long kEpimCrossbars = 428;  // 13120 / 30.65
constexpr double kKeptWeights = 0.9;
constexpr long kBaselineCrossbars = 13120;
constexpr double kNoiseTolerance = 1e-9;

/// One comparison: every design at the same widths of weights and the same budget.
class Comparison {
 public:
  Comparison(std::string name, const nn::Network& network, const hw::HardwareConfig& hardware,
             std::vector<int> widths)
      : name_(std::move(name)),
        network_(network),
        hardware_(hardware),
        options_(sim::packed_model("mnsim2")),
        costs_(network, hardware, options_, choices(), std::move(widths)) {}

  std::vector<EpitomeDesignRow> run(std::optional<long> budget, std::uint64_t seed) {
    study::EpitomeDesign uniform = study::uniform_design(costs_, 1);
    const long crossbars = budget.value_or(costs_.totals(uniform).crossbars);
    study::assign_widths(costs_, crossbars, uniform);
    study::EpitomeDesign wrapped = wrapped_of(uniform);
    study::assign_widths(costs_, crossbars, wrapped);
    add("convolutions", study::uniform_design(costs_, 0));
    add(kUniform, uniform);
    add("wrapped", wrapped);
    std::vector<study::EpitomeDesign> known = {uniform, wrapped};
    for (const space::Metric metric :
         {space::Metric::kLatency, space::Metric::kEnergy, space::Metric::kEdp}) {
      study::EpitomeSearchOptions search;
      search.objective = metric;
      search.max_crossbars = crossbars;
      search.min_stored_weights = static_cast<long>(
          kKeptWeights * static_cast<double>(costs_.totals(uniform).stored_weights));
      search.max_noise = study::relative_noise(costs_, uniform) + kNoiseTolerance;
      search.seed = seed;
      const auto found = study::search_epitomes(costs_, search, known);
      add(fmt::format("for {}", space::metric_name(metric)), found.design);
      known.push_back(found.design);
    }
    return std::move(rows_);
  }

 private:
  static sim::EpitomeChoices choices() {
    sim::EpitomeChoices choices;
    choices.max_wrap = 8;
    choices.rules = {nn::parse_epitome_rule(kUniformRule)};
    return choices;
  }

  /// The same shapes with wrapped outputs where there is such a choice.
  study::EpitomeDesign wrapped_of(study::EpitomeDesign design) const {
    for (std::size_t i = 0; i < design.size(); ++i) {
      const auto& shapes = costs_.layers()[i].shapes;
      const auto next = static_cast<std::size_t>(design[i].shape) + 1;
      if (design[i].shape != 1 || next >= shapes.size()) continue;
      if (shapes[next].outputs == nn::OutputBlocks::kWrapped) ++design[i].shape;
    }
    return design;
  }

  void add(const std::string& design, const study::EpitomeDesign& choices) {
    const auto storage = costs_.storage(choices);
    const auto result =
        sim::simulate_stored(network_, hardware_, options_, sim::stored_layers(network_, storage));
    if (!result) throw base::Error(fmt::format("{}: {}", design, result.reason()));
    const sim::NetworkCrossbars counted = sim::count_packed_crossbars(network_, storage);
    rows_.push_back(
        {name_, design, counted.crossbars(), counted.stored_weights(),
         static_cast<double>(kBaselineCrossbars) / static_cast<double>(counted.crossbars()),
         sim::summarize(*result), layers_of(choices, storage),
         to_yaml(storage, network_, hardware_)});
  }

  std::vector<EpitomeLayerRow> layers_of(const study::EpitomeDesign& design,
                                         const std::vector<sim::LayerStorage>& storage) const {
    std::vector<EpitomeLayerRow> rows;
    for (std::size_t i = 0; i < design.size(); ++i) {
      const auto index = static_cast<std::size_t>(costs_.layers()[i].network_index);
      const sim::LayerStorage& stored = storage[index];
      rows.push_back({network_.layers()[index].name, stored.epitome,
                      stored.outputs == nn::OutputBlocks::kWrapped,
                      costs_.widths()[design[i].width]});
    }
    return rows;
  }

  std::string name_;
  const nn::Network& network_;
  const hw::HardwareConfig& hardware_;
  sim::MnsimOptions options_;
  sim::StorageCosts costs_;
  std::vector<EpitomeDesignRow> rows_;
};

const EpitomeDesignRow& uniform_of(const std::vector<EpitomeDesignRow>& rows,
                                   const EpitomeDesignRow& row) {
  for (const EpitomeDesignRow& each : rows) {
    if (each.comparison == row.comparison && each.design == kUniform) return each;
  }
  throw base::Error("no uniform design to compare with");
}

/// How many times better than the uniform design.
sim::Cost gain_of(const std::vector<EpitomeDesignRow>& rows, const EpitomeDesignRow& row) {
  sim::Cost gain;
  const sim::Cost& uniform = uniform_of(rows, row).cost;
  gain.latency_ms = uniform.latency_ms / row.cost.latency_ms;
  gain.energy_mj = uniform.energy_mj / row.cost.energy_mj;
  return gain;
}

std::string table_of(const std::vector<EpitomeDesignRow>& rows) {
  Table table{{"design", "crossbars", "factor", "weights", "ms", "mJ", "latency", "energy", "EDP"},
              {}};
  for (const EpitomeDesignRow& row : rows) {
    const sim::Cost gain = gain_of(rows, row);
    table.rows.push_back(
        {row.design, fmt::format("{}", row.crossbars), fmt::format("{:.2f}", row.compression),
         fmt::format("{:.2f}M", static_cast<double>(row.stored_weights) / 1e6),
         short_number(row.cost.latency_ms), short_number(row.cost.energy_mj),
         fmt::format("{:.2f}", gain.latency_ms), fmt::format("{:.2f}", gain.energy_mj),
         fmt::format("{:.2f}", gain.edp_ms_mj())});
  }
  return to_text(table);
}

base::Json to_json(const std::vector<EpitomeLayerRow>& layers) {
  base::Json list = base::Json::array();
  for (const EpitomeLayerRow& layer : layers) {
    base::Json shape;
    if (layer.epitome) {
      shape = fmt::format("{}x{}", layer.epitome->rows(), layer.epitome->out_channels);
    }
    list.push_back({{"layer", layer.layer},
                    {"epitome", shape},
                    {"wrapped", layer.wrapped},
                    {"weight_bits", layer.bits}});
  }
  return list;
}

}  // namespace

std::vector<EpitomeDesignRow> epitome_designs(std::uint64_t seed) {
  const nn::Network network = load_network(locate(PresetKind::kNetworks, "resnet50-imagenet"));
  const hw::HardwareConfig hardware = load_hardware(locate(PresetKind::kHardware, "mnsim-default"));
  std::vector<EpitomeDesignRow> rows =
      Comparison("9 bit", network, hardware, {9}).run(std::nullopt, seed);
  const auto mixed = Comparison("3/5 bit", network, hardware, {3, 5}).run(kEpimCrossbars, seed);
  rows.insert(rows.end(), mixed.begin(), mixed.end());
  return rows;
}

void write_designs(const std::vector<EpitomeDesignRow>& rows, const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  for (const EpitomeDesignRow& row : rows) {
    std::string name = fmt::format("{} {}.yaml", row.comparison, row.design);
    std::replace_if(
        name.begin(), name.end(), [](char c) { return c == ' ' || c == '/'; }, '-');
    base::write_file_atomically(folder / name, row.storage_yaml);
  }
}

std::string to_text(const std::vector<EpitomeDesignRow>& rows) {
  std::string text = "ResNet-50 on the chip mnsim-default with packed crossbars\n";
  std::size_t first = 0;
  while (first < rows.size()) {
    std::size_t end = first;
    while (end < rows.size() && rows[end].comparison == rows[first].comparison) ++end;
    text += fmt::format("\n{} weights\n\n{}", rows[first].comparison,
                        table_of({rows.begin() + static_cast<std::ptrdiff_t>(first),
                                  rows.begin() + static_cast<std::ptrdiff_t>(end)}));
    first = end;
  }
  return text + fmt::format(
                    "\nuniform  {} for every convolution that is larger; wrapped: its output\n"
                    "         channels repeat and are computed once\n"
                    "for ...  one shape a layer, searched for that within the uniform design's\n"
                    "         crossbars (3/5 bit: within {}, EPIM's 30.65 times fewer), nine\n"
                    "         tenths of its weights and no more noise of rounding\n"
                    "factor   {} crossbars of the 32-bit convolutions over this row's\n"
                    "latency, energy, EDP  the uniform design's over this row's\n",
                    kUniformRule, kEpimCrossbars, kBaselineCrossbars);
}

base::Json to_json(const std::vector<EpitomeDesignRow>& rows) {
  base::Json list = base::Json::array();
  for (const EpitomeDesignRow& row : rows) {
    const sim::Cost gain = gain_of(rows, row);
    list.push_back(
        {{"comparison", row.comparison},
         {"design", row.design},
         {"crossbars", row.crossbars},
         {"stored_weights", row.stored_weights},
         {"compression", row.compression},
         {"latency_ms", row.cost.latency_ms},
         {"energy_mj", row.cost.energy_mj},
         {"edp_ms_mj", row.cost.edp_ms_mj()},
         {"better_than_uniform",
          {{"latency", gain.latency_ms}, {"energy", gain.energy_mj}, {"edp", gain.edp_ms_mj()}}},
         {"layers", to_json(row.layers)}});
  }
  return list;
}

}  // namespace gibbon::app
