#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <utility>

#include "gibbon/app/commands/commands.hpp"
#include "gibbon/app/commands/simulate_accuracy.hpp"
#include "gibbon/app/commands/simulate_compare.hpp"
#include "gibbon/app/commands/simulate_epitome.hpp"
#include "gibbon/app/commands/simulate_explain.hpp"
#include "gibbon/app/config/hardware_yaml.hpp"
#include "gibbon/app/config/network_yaml.hpp"
#include "gibbon/app/config/presets.hpp"
#include "gibbon/app/option_check.hpp"
#include "gibbon/app/output.hpp"
#include "gibbon/base/error.hpp"
#include "gibbon/base/file.hpp"
#include "gibbon/nn/trained_network.hpp"
#include "gibbon/report/reports/csv.hpp"
#include "gibbon/report/reports/roofline.hpp"
#include "gibbon/report/reports/text.hpp"
#include "gibbon/sim/digital/roofline.hpp"
#include "gibbon/sim/simulator.hpp"

namespace gibbon::app {

namespace fs = std::filesystem;

namespace {

struct SimulateOptions {
  std::string network;
  std::string hardware;  ///< empty: what the model fits
  std::string model = "mnsim2";
  bool csv = false;
  bool compare_models = false;
  std::string explain;   ///< what to explain; empty: nothing
  std::string roofline;  ///< file of the plot; empty: none
  std::string epitome;   ///< rule or file; empty: no packed crossbars
  AccuracyArguments accuracy;
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

/// What report::layer_table does not say.
void print_merits(const Totals& totals) {
  const auto line = [](std::string_view name, double value, std::string_view unit) {
    fmt::print("{:<12}  {:>10} {}\n", name, short_number(value), unit);
  };
  fmt::print("\n");
  line("EDP", totals.cost.edp_ms_mj(), "ms mJ");
  line("throughput", totals.tops, "TOPS (one image at a time)");
  line("density", totals.tops_per_mm2(), "TOPS/mm2");
  line("utilization", 100 * totals.utilization, "% of the cells");
}

/// Throws where a result is none: of a network that has nothing to compute, of hardware whose
/// figures are each allowed and too much together.
void require_figures(const SimulateOptions& options, const sim::SimulationResult& result) {
  if (result.layers.empty()) {
    throw base::Error(fmt::format(
        "{} has no layer that {} computes: no conv, linear, pool or add, and nothing like them",
        options.network, options.hardware));
  }
  const sim::Cost cost = sim::summarize(result);
  const std::pair<const char*, double> figures[] = {{"latency", cost.latency_ms},
                                                    {"energy", cost.energy_mj},
                                                    {"EDP", cost.edp_ms_mj()},
                                                    {"area", cost.area_mm2},
                                                    {"power", cost.power_w}};
  for (const auto& [name, figure] : figures) {
    if (std::isfinite(figure)) continue;
    throw base::Error(
        fmt::format("{} on {}: {} is {}; a size, resistance, voltage or frequency of "
                    "the hardware is beyond all measure",
                    options.network, options.hardware, name, figure));
  }
}

sim::SimulationResult simulate_cost(const SimulateOptions& options, std::string_view model,
                                    const nn::Network& network,
                                    const hw::HardwareConfig& hardware) {
  const auto result = sim::make_simulator(model)->simulate(network, hardware);
  if (!result) {
    throw base::Error(
        fmt::format("{} does not fit {}: {}", options.network, options.hardware, result.reason()));
  }
  require_figures(options, *result);
  return *result;
}

int print_comparison(const SimulateOptions& options, const nn::Network& network,
                     const hw::HardwareConfig& hardware, bool json) {
  const std::vector<std::string> models = models_to_compare(options.model);
  const auto run = [&](const std::string& model) {
    return ModelResult{model, simulate_cost(options, model, network, hardware)};
  };
  const ModelComparison comparison = compare_models(run(models.at(0)), run(models.at(1)));
  if (json) {
    print_json(to_json(comparison));
  } else {
    fmt::print("{}", to_text(comparison));
  }
  return kSuccess;
}

int print_explanation(const SimulateOptions& options, const nn::Network& network,
                      const hw::HardwareConfig& hardware, bool json) {
  const ExplainRequest request = parse_explain_request(options.explain);
  const auto simulator = sim::make_simulator(options.model);
  const sim::Explanation explanation = explain(*simulator, network, hardware, request);
  if (json) {
    print_json(sim::to_json(explanation));
  } else {
    fmt::print("{}", to_text(explanation));
  }
  return kSuccess;
}

constexpr std::string_view kDigitalModel = "digital_cim";

void check_accuracy(const SimulateOptions& options) {
  if (!options.accuracy.wanted || options.model != kDigitalModel) return;
  throw base::Error(
      fmt::format("--accuracy: {} computes exactly, its accuracy is the quantised "
                  "network's own",
                  options.model));
}

void check_roofline(const SimulateOptions& options) {
  if (options.roofline.empty()) return;
  if (options.model != kDigitalModel) {
    throw base::Error(
        fmt::format("--roofline: the cost model {} has no memory hierarchy; use "
                    "--model {}",
                    options.model, kDigitalModel));
  }
  const std::string extension = fs::path(options.roofline).extension().string();
  if (extension != ".svg" && extension != ".csv") {
    throw base::Error(fmt::format("--roofline: {} must end in .svg or .csv", options.roofline));
  }
}

void write_roofline(const SimulateOptions& options, const nn::Network& network,
                    const hw::HardwareConfig& hardware) {
  if (options.roofline.empty()) return;
  const auto roofline = sim::make_roofline(network, hardware);
  if (!roofline) throw base::Error(roofline.reason());
  const fs::path path = options.roofline;
  base::write_file_atomically(path, path.extension() == ".svg" ? report::roofline_svg(*roofline)
                                                               : report::roofline_csv(*roofline));
}

int simulate(SimulateOptions options, const GlobalOptions& global) {
  if (options.csv && global.json) throw base::Error("--csv and --json exclude each other");
  if (options.hardware.empty()) options.hardware = sim::default_hardware_of(options.model);
  check_roofline(options);
  check_accuracy(options);
  const Subject subject = load_subject(options.network);
  require_weights(options.accuracy, subject.trained.has_value(), options.network);
  const hw::HardwareConfig hardware =
      load_hardware(locate(PresetKind::kHardware, options.hardware));
  if (options.compare_models) {
    return print_comparison(options, subject.network, hardware, global.json);
  }
  if (!options.explain.empty()) {
    return print_explanation(options, subject.network, hardware, global.json);
  }
  std::optional<EpitomeSimulation> epitomes;
  if (!options.epitome.empty()) {
    epitomes = simulate_epitomes(options.epitome, options.model, subject.network, hardware);
  }
  const sim::SimulationResult result =
      epitomes ? epitomes->result
               : simulate_cost(options, options.model, subject.network, hardware);
  write_roofline(options, subject.network, hardware);
  std::optional<SimulatedAccuracy> accuracy;
  if (options.accuracy.wanted) {
    AccuracyArguments arguments = options.accuracy;
    arguments.devices = sim::device_model_of(options.model);
    accuracy = simulate_accuracy(*subject.trained, hardware, arguments, global);
  }

  const Totals totals = totals_of(result);
  if (options.csv) {
    fmt::print("{}", report::layers_csv(result));
    return kSuccess;
  }
  if (global.json) {
    base::Json json = to_json(result, totals);
    if (accuracy) add_accuracy(*accuracy, json["summary"]);
    if (epitomes) json["packed"] = to_json(*epitomes);
    print_json(json);
    return kSuccess;
  }
  fmt::print("{}", report::layer_table(result));
  print_merits(totals);
  if (accuracy) print_accuracy(*accuracy);
  if (epitomes) fmt::print("{}", to_text(*epitomes));
  return kSuccess;
}

}  // namespace

Action add_simulate_command(CLI::App& command, const GlobalOptions& global) {
  auto options = std::make_shared<SimulateOptions>();
  command
      .add_option("--network", options->network,
                  "Network: FILE.yaml, MODEL.gibbon or a shipped one by name")
      ->required();
  command
      .add_option("--hardware", options->hardware,
                  "Hardware: FILE.yaml, MNSIM's FILE.ini or a shipped one; "
                  "default: what the cost model fits")
      ->check(not_empty());
  command.add_option("--model", options->model, "Cost model; default: mnsim2")->check(not_empty());
  auto* csv =
      command.add_flag("--csv", options->csv, "The layers' parts as comma-separated values");
  auto* compare =
      command.add_flag("--compare-models", options->compare_models, "Two cost models side by side");
  auto* explained = command.add_option("--explain", options->explain,
                                       "Term by term: latency, energy, area or power, or one "
                                       "layer's: energy:LAYER");
  command
      .add_option("--roofline", options->roofline,
                  "Writes the layers against the chip's ceilings: FILE.svg or FILE.csv")
      ->excludes(compare)
      ->excludes(explained);
  csv->excludes(compare)->excludes(explained);
  compare->excludes(explained);
  add_accuracy_options(command, options->accuracy);
  auto* accuracy = command.get_option("--accuracy");
  accuracy->excludes(compare)->excludes(explained)->excludes(csv);
  command
      .add_option("--epitome", options->epitome,
                  "Packed crossbars, epitomes by rule (1024x256) or by layer (FILE.yaml)")
      ->check(not_empty())
      ->excludes(compare)
      ->excludes(explained)
      ->excludes(accuracy);
  return [options, &global] { return simulate(*options, global); };
}

}  // namespace gibbon::app
