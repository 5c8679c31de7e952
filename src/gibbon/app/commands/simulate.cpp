#include <fmt/format.h>

#include <filesystem>

#include "gibbon/app/commands/commands.hpp"
#include "gibbon/app/config/hardware_yaml.hpp"
#include "gibbon/app/config/network_yaml.hpp"
#include "gibbon/app/config/presets.hpp"
#include "gibbon/app/output.hpp"
#include "gibbon/base/error.hpp"
#include "gibbon/data/dataset_registry.hpp"
#include "gibbon/nn/trained_network.hpp"
#include "gibbon/report/reports/csv.hpp"
#include "gibbon/sim/accuracy_simulator.hpp"
#include "gibbon/sim/simulator.hpp"

namespace gibbon::app {

namespace fs = std::filesystem;

namespace {

struct SimulateOptions {
  std::string network;
  std::string hardware = "mnsim-default";
  std::string model = "mnsim2";
  bool csv = false;
  bool accuracy = false;
  std::string dataset = "fashion-mnist";
  std::string directory;
  int images = 1000;
  sim::AdcMode adc_mode = sim::AdcMode::kScale;
  sim::Isa isa = sim::Isa::kAuto;
};

/// What is simulated: a description alone, or a network with its weights.
struct Subject {
  nn::Network network;
  std::optional<nn::TrainedNetwork> trained;
};

Subject load_subject(const std::string& given) {
  const fs::path path = locate(PresetKind::kNetworks, given);
  if (path.extension() != ".gibbon") return {load_network(path), std::nullopt};
  nn::TrainedNetwork trained = nn::load_trained_network(path);
  nn::Network network = trained.network;
  return {std::move(network), std::move(trained)};
}

/// Figures of merit; latency and energy are those of one inference.
struct Totals {
  sim::Cost cost;
  double tops = 0;
  /// Operations per joule. Not throughput over power: MNSIM's power is that of all units at once.
  double tops_per_watt = 0;
  double utilization = 0;  ///< of the cells of all crossbars

  double tops_per_mm2() const { return tops / cost.area_mm2; }
};

Totals totals_of(const sim::SimulationResult& result) {
  Totals totals;
  totals.cost = sim::summarize(result);
  // operations / (ns x 1e-9) / 1e12
  totals.tops = result.operations / result.latency_ns * 1e-3;
  // operations / (nJ x 1e-9) / 1e12
  totals.tops_per_watt = result.operations / result.energy_nj() * 1e-3;
  double used = 0;
  double crossbars = 0;
  for (const sim::LayerResult& layer : result.layers) {
    used += layer.utilization * layer.crossbars;
    crossbars += layer.crossbars;
  }
  totals.utilization = crossbars > 0 ? used / crossbars : 0;
  return totals;
}

sim::AccuracyResult simulate_accuracy(const nn::TrainedNetwork& trained,
                                      const hw::HardwareConfig& hardware,
                                      const SimulateOptions& options, const GlobalOptions& global) {
  data::LoadOptions load;
  load.threads = global.thread_count();
  const data::Dataset dataset = data::load_dataset(options.dataset, options.directory, load);
  sim::AccuracyOptions accuracy;
  accuracy.mode = options.adc_mode;
  accuracy.threads = global.thread_count();
  accuracy.isa = options.isa;
  accuracy.device_seed = global.seed;
  const auto simulator = sim::make_accuracy_simulator(trained, hardware, accuracy);
  return sim::measure_accuracy(*simulator, dataset.test, options.images);
}

base::Json to_json(const sim::SimulationResult& result, const Totals& totals) {
  base::Json json = sim::to_json(result);
  json["summary"] = {
      {"latency_ms", totals.cost.latency_ms}, {"energy_mj", totals.cost.energy_mj},
      {"edp_ms_mj", totals.cost.edp_ms_mj()}, {"area_mm2", totals.cost.area_mm2},
      {"power_w", totals.cost.power_w},       {"tops", totals.tops},
      {"tops_per_w", totals.tops_per_watt},   {"tops_per_mm2", totals.tops_per_mm2()},
      {"utilization", totals.utilization}};
  return json;
}

void print_layers(const sim::SimulationResult& result) {
  Table table{{"layer", "type", "PEs", "tiles", "used %", "finish us", "energy uJ", "area mm2"},
              {}};
  for (const sim::LayerResult& layer : result.layers) {
    table.rows.push_back(
        {layer.name, layer.type, fmt::format("{}", layer.processing_elements),
         fmt::format("{}", layer.tiles), fmt::format("{:.1f}", 100 * layer.utilization),
         short_number(layer.finish_ns * 1e-3), short_number(layer.energy_nj.sum() * 1e-3),
         short_number(layer.area_um2.sum() * 1e-6)});
  }
  fmt::print("{}", to_text(table));
}

void print_totals(const Totals& totals) {
  const auto line = [](std::string_view name, double value, std::string_view unit) {
    fmt::print("{:<12}  {:>10} {}\n", name, short_number(value), unit);
  };
  fmt::print("\n");
  line("latency", totals.cost.latency_ms, "ms");
  line("energy", totals.cost.energy_mj, "mJ");
  line("EDP", totals.cost.edp_ms_mj(), "ms mJ");
  line("area", totals.cost.area_mm2, "mm2");
  line("power", totals.cost.power_w, "W");
  line("throughput", totals.tops, "TOPS (one image at a time)");
  line("efficiency", totals.tops_per_watt, "TOPS/W");
  line("density", totals.tops_per_mm2(), "TOPS/mm2");
  line("utilization", 100 * totals.utilization, "% of the cells");
}

int simulate(const SimulateOptions& options, const GlobalOptions& global) {
  const Subject subject = load_subject(options.network);
  if (options.accuracy && !subject.trained) {
    throw base::Error(
        fmt::format("--accuracy needs a trained network (MODEL.gibbon), {} has no "
                    "weights",
                    options.network));
  }
  const hw::HardwareConfig hardware =
      load_hardware(locate(PresetKind::kHardware, options.hardware));
  const auto simulator = sim::make_simulator(options.model);
  const auto result = simulator->simulate(subject.network, hardware);
  if (!result) {
    throw base::Error(
        fmt::format("{} does not fit {}: {}", options.network, options.hardware, result.reason()));
  }
  std::optional<sim::AccuracyResult> accuracy;
  if (options.accuracy) accuracy = simulate_accuracy(*subject.trained, hardware, options, global);

  const Totals totals = totals_of(*result);
  if (options.csv) {
    fmt::print("{}", report::layers_csv(*result));
    return kSuccess;
  }
  if (global.json) {
    base::Json json = to_json(*result, totals);
    if (accuracy) {
      json["summary"]["accuracy_top1"] = accuracy->top1_percent();
      json["summary"]["images"] = accuracy->images;
    }
    print_json(json);
    return kSuccess;
  }
  print_layers(*result);
  print_totals(totals);
  if (accuracy) {
    fmt::print("{:<12}  {:>10.2f} % ({} of {} test images)\n", "accuracy", accuracy->top1_percent(),
               accuracy->correct, accuracy->images);
  }
  return kSuccess;
}

void add_accuracy_options(CLI::App& command, SimulateOptions& options) {
  static const std::map<std::string, sim::AdcMode> modes = {{"scale", sim::AdcMode::kScale},
                                                            {"fix", sim::AdcMode::kFix},
                                                            {"ideal", sim::AdcMode::kIdeal}};
  static const std::map<std::string, sim::Isa> isas = {{"auto", sim::Isa::kAuto},
                                                       {"scalar", sim::Isa::kScalar},
                                                       {"avx2", sim::Isa::kAvx2},
                                                       {"avx512vnni", sim::Isa::kAvx512Vnni},
                                                       {"amx", sim::Isa::kAmx}};
  command.add_flag("--accuracy", options.accuracy, "Run test images on the simulated crossbars");
  command.add_option("--dataset", options.dataset, "Data set; default: fashion-mnist");
  command.add_option("--data", options.directory, "Its folder; default: where its package puts it");
  command.add_option("--images", options.images, "Test images; default: 1000")
      ->check(CLI::Range(1, 10000000));
  command.add_option("--adc-mode", options.adc_mode, "ADC range: scale, fix, ideal")
      ->transform(CLI::CheckedTransformer(modes).description(""));
  command.add_option("--isa", options.isa, "Instructions: auto, scalar, avx2, avx512vnni, amx")
      ->transform(CLI::CheckedTransformer(isas).description(""));
}

}  // namespace

Action add_simulate_command(CLI::App& command, const GlobalOptions& global) {
  auto options = std::make_shared<SimulateOptions>();
  command
      .add_option("--network", options->network,
                  "Network: FILE.yaml, MODEL.gibbon or a shipped one by name")
      ->required();
  command.add_option("--hardware", options->hardware,
                     "Hardware: FILE.yaml, MNSIM's FILE.ini or a shipped one; "
                     "default: mnsim-default");
  command.add_option("--model", options->model, "Cost model; default: mnsim2");
  command.add_flag("--csv", options->csv, "The layers' parts as comma-separated values");
  add_accuracy_options(command, *options);
  return [options, &global] { return simulate(*options, global); };
}

}  // namespace gibbon::app
