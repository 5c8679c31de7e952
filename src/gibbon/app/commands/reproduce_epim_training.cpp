#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <optional>

#include "gibbon/app/commands/reproduce_study.hpp"
#include "gibbon/app/commands/reproduce_training.hpp"
#include "gibbon/app/commands/result_folder.hpp"
#include "gibbon/app/config/epitome_yaml.hpp"
#include "gibbon/app/config/hardware_yaml.hpp"
#include "gibbon/app/config/presets.hpp"
#include "gibbon/app/output.hpp"
#include "gibbon/app/terminal_progress.hpp"
#include "gibbon/base/error.hpp"
#include "gibbon/base/file.hpp"
#include "gibbon/base/joint_progress.hpp"
#include "gibbon/base/side_by_side.hpp"
#include "gibbon/data/dataset_registry.hpp"
#include "gibbon/nn/residual_network.hpp"
#include "gibbon/sim/epitome/stored_network.hpp"
#include "gibbon/study/epim_rows.hpp"
#include "gibbon/train/trainer.hpp"

namespace gibbon::app {

namespace {

namespace fs = std::filesystem;

constexpr double kQuickShare = 1.0 / 6;  // of the epochs
constexpr double kOverlapWeight = 0.75;  // EPIM's is not known; above 0.5, as its w1 > w2
constexpr int kEpimBatch = 128;

struct EpimArguments {
  std::string dataset = "cifar10";
  std::string data;
  std::string out = "reproduce";
  std::string rule = "512x128";
  int width = 32;
  bool quick = false;
};

/// What decides the rows' results: rows of other settings are not mixed.
base::Json settings_of(const EpimArguments& arguments, const GlobalOptions& global) {
  base::Json rows = base::Json::array();
  for (const study::EpimRow& row : study::epim_rows()) {
    rows.push_back({row.name, row.start, row.epochs, row.learning_rate});
  }
  return {{"dataset", arguments.dataset},    {"width", arguments.width},
          {"rule", arguments.rule},          {"quick", arguments.quick},
          {"seed", global.seed.value_or(1)}, {"rows", std::move(rows)}};
}

/// A finished row is NAME.json, with its network in NAME.gibbon and its storage in NAME.yaml.
class EpimFolder {
 public:
  EpimFolder(fs::path folder, const base::Json& settings) : folder_(std::move(folder), settings) {}

  std::optional<base::Json> find(const std::string& row) const { return folder_.find(row); }
  nn::TrainedNetwork network(const std::string& row) const {
    return nn::load_trained_network(folder_.file(row + ".gibbon"));
  }
  void save(const std::string& row, const base::Json& result, const nn::TrainedNetwork& trained,
            const std::string& storage) const {
    nn::save(trained, folder_.file(row + ".gibbon"));
    base::write_file_atomically(folder_.file(row + ".yaml"), storage);
    folder_.save(row, result);
  }

 private:
  ResultFolder folder_;
};

std::string weights_text(const study::EpimRow& row) {
  if (row.is_mixed()) return "3 and 5 bit";
  return fmt::format("{} bit{}", row.widths.front(), row.is_float() ? " (float)" : "");
}

/// The parts of the quantisation of epitomes; "-" where there is none.
std::string quantization_text(const study::EpimRow& row) {
  if (row.is_float() || row.design == study::EpimDesign::kConvolutions) return "-";
  std::string text = row.per_crossbar ? "scale a crossbar" : "scale a layer";
  if (row.overlap_weighted) text += ", overlap";
  if (row.clips) text += ", clipped";
  return text;
}

double epochs_of(const study::EpimRow& row, const EpimArguments& arguments) {
  return row.epochs * (arguments.quick ? kQuickShare : 1.0);
}

train::FinalTrainOptions options_of(const study::EpimRow& row, const EpimArguments& arguments,
                                    const hw::HardwareConfig& hardware, std::uint64_t seed) {
  train::FinalTrainOptions options;
  options.epochs = epochs_of(row, arguments);
  options.quantization_aware = !row.is_float();
  options.base.seed = seed;
  options.base.batch_size = kEpimBatch;
  options.base.learning_rate = row.learning_rate;
  options.base.augmentation.crop_padding = arguments.quick ? 0 : 2;
  options.base.augmentation.flip = data::Mirroring::kRandom;
  train::EpitomeScales& scales = options.base.epitome_scales;
  scales.per_crossbar = row.per_crossbar;
  scales.crossbar_rows = hardware.crossbar.rows;
  scales.crossbar_columns = hardware.crossbar.columns;
  if (row.overlap_weighted) scales.overlap_weight = kOverlapWeight;
  scales.clips = row.clips;
  return options;
}

class EpimRun {
 public:
  EpimRun(const EpimArguments& arguments, const GlobalOptions& global)
      : arguments_(arguments),
        global_(global),
        dataset_(data::load_dataset(arguments.dataset, arguments.data)),
        designs_(setting()),
        folder_(fs::path(arguments.out) / "epim", settings_of(arguments, global)) {}

  /// Trains the rows that are missing; nothing once a stop was asked for.
  std::optional<std::vector<base::Json>> run() {
    TerminalProgress progress(global_.quiet || global_.json);
    train_missing_rows(progress);
    if (progress.stop_requested()) return std::nullopt;
    std::vector<base::Json> results;
    for (const study::EpimRow& row : rows_) results.push_back(folder_.find(row.name).value());
    return results;
  }

 private:
  study::EpimSetting setting() const {
    nn::ResidualNetwork residual;
    residual.name = fmt::format("resnet18-w{}", arguments_.width);
    residual.width = arguments_.width;
    const data::ImageSet& images = dataset_.train;
    residual.input = {images.channels, images.height, images.width};
    residual.num_classes = dataset_.num_classes();
    study::EpimSetting setting{nn::make_residual_network(residual),
                               load_hardware(locate(PresetKind::kHardware, "mnsim-default"))};
    setting.rule = arguments_.rule;
    setting.seed = global_.seed.value_or(1);
    return setting;
  }

  /// Side by side: most rows need another one's weights alone, and a training on one thread wastes
  /// less than one on two.
  void train_missing_rows(base::Progress& progress) {
    std::vector<double> epochs;
    for (const study::EpimRow& row : rows_) {
      epochs.push_back(folder_.find(row.name) ? 0 : epochs_of(row, arguments_));
    }
    base::JointProgress joint(progress, "epochs", epochs);
    std::vector<base::Task> tasks;
    for (const study::EpimRow& row : rows_) {
      base::Progress& part = joint.part(tasks.size());
      base::Task task{[this, &row, &part](int threads) { train_row(row, threads, part); }};
      const auto start = std::find_if(rows_.begin(), rows_.end(),
                                      [&](const auto& other) { return other.name == row.start; });
      if (start != rows_.end()) task.after = std::distance(rows_.begin(), start);
      tasks.push_back(std::move(task));
    }
    base::run_side_by_side(tasks, global_.thread_count());
  }

  /// Nothing if the folder holds the row, or once a stop was asked for.
  void train_row(const study::EpimRow& row, int threads, base::Progress& progress) const {
    if (folder_.find(row.name) || progress.stop_requested()) return;
    progress.note("row " + row.name);
    std::optional<nn::TrainedNetwork> start;
    if (!row.start.empty()) start = folder_.network(row.start);
    const auto storage = designs_.storage(row, start ? &*start : nullptr);
    const nn::Network network = designs_.network(row, storage);
    const auto began = std::chrono::steady_clock::now();
    auto options =
        options_of(row, arguments_, designs_.setting().hardware, designs_.setting().seed);
    options.base.threads = threads;
    const auto trained = train::train_network(network, dataset_.train, start, options, progress);
    if (progress.stop_requested()) return;
    const double accuracy = row.is_float()
                                ? train::float_accuracy(trained, dataset_.test, threads)
                                : train::quantized_accuracy(trained, dataset_.test, threads);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - began;
    base::Json result = result_of(row, designs_.cost(storage));
    result["accuracy"] = accuracy;
    result["epochs"] = options.epochs;
    result["core_minutes"] = threads * seconds.count() / 60;
    folder_.save(row.name, result, trained, storage_yaml(network));
    progress.note(
        fmt::format("{}: {:.2f} %, {:.1f} minutes", row.name, accuracy, seconds.count() / 60));
  }

  std::string storage_yaml(const nn::Network& network) const {
    const hw::HardwareConfig& hardware = designs_.setting().hardware;
    return to_yaml(sim::storage_of(network, hardware), network, hardware);
  }

  static base::Json result_of(const study::EpimRow& row, const study::EpimCost& cost) {
    return {{"row", row.name},
            {"weights", weights_text(row)},
            {"quantization", quantization_text(row)},
            {"crossbars", cost.crossbars},
            {"factor", cost.factor},
            {"latency_ms", cost.cost.latency_ms},
            {"energy_mj", cost.cost.energy_mj},
            {"edp_ms_mj", cost.cost.edp_ms_mj()}};
  }

  const EpimArguments& arguments_;
  const GlobalOptions& global_;
  std::vector<study::EpimRow> rows_ = study::epim_rows();
  data::Dataset dataset_;
  study::EpimDesigns designs_;
  EpimFolder folder_;
};

/// "points_lost" to the most accurate row of convolutions.
void add_points_lost(std::vector<base::Json>& results) {
  const std::vector<study::EpimRow> rows = study::epim_rows();
  double best = 0;
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (rows.at(i).design != study::EpimDesign::kConvolutions) continue;
    best = std::max(best, results[i].at("accuracy").get<double>());
  }
  for (base::Json& result : results) {
    result["points_lost"] = best - result.at("accuracy").get<double>();
  }
}

report::FigureTable table_of(const std::vector<base::Json>& results) {
  report::FigureTable table{
      "rows",
      "Rows; core_minutes: time of the training and its test, times its threads",
      {"row", "weights", "quantization", "accuracy", "points_lost", "crossbars", "factor",
       "latency_ms", "energy_mj", "edp_ms_mj", "epochs", "core_minutes"},
      {}};
  for (const base::Json& result : results) {
    std::vector<base::Json>& cells = table.rows.emplace_back();
    for (const std::string& column : table.columns) cells.push_back(result.at(column));
  }
  return table;
}

const char* title_of(study::EpimDesign design) {
  switch (design) {
    case study::EpimDesign::kConvolutions:
      return "convolutions";
    case study::EpimDesign::kUniform:
      return "uniform epitome";
    case study::EpimDesign::kSearched:
      return "searched for EDP";
    case study::EpimDesign::kMixed:
      return "searched for EDP, 3 and 5 bits";
  }
  return "";
}

/// A series a design, in the rows' order.
report::Chart chart_of(const std::vector<base::Json>& results) {
  report::Chart chart{.title = "Accuracy over crossbars",
                      .kind = report::Chart::Kind::kScatter,
                      .x = {"times fewer crossbars", true},
                      .y = {"accuracy on test images (%)", false},
                      .series = {}};
  const std::vector<study::EpimRow> rows = study::epim_rows();
  for (std::size_t i = 0; i < results.size(); ++i) {
    const char* title = title_of(rows.at(i).design);
    if (chart.series.empty() || chart.series.back().name != title) {
      chart.series.push_back({title, {}});
    }
    chart.series.back().points.push_back(
        {results[i].at("factor").get<double>(), results[i].at("accuracy").get<double>()});
  }
  return chart;
}

report::Figure figure_of(const std::vector<base::Json>& results, const EpimArguments& arguments) {
  double minutes = 0;
  for (const base::Json& result : results) minutes += result.at("core_minutes").get<double>();
  return {"epim",
          "EPIM's accuracy table on a network of ResNet-18's shape",
          {fmt::format(
               "ResNet-18's shape with {} channels in the first stage, on {}{}; {:.0f} "
               "core minutes of training. Accuracies are of all test images, quantised, without "
               "crossbars; weights of 3 and 5 bit stay within 30.65 times fewer crossbars "
               "than the 32-bit convolutions take.",
               arguments.width, arguments.dataset, arguments.quick ? ", quick" : "", minutes),
           "Latency and energy are those of mnsim2 on packed crossbars; activations have 9 bits. "
           "What the rows mean: docs/models/epitome.md."},
          {chart_of(results)},
          {table_of(results)}};
}

void print_rows(const std::vector<base::Json>& results) {
  Table table{{"row", "Top-1 %", "lost", "crossbars", "factor", "ms", "mJ", "EDP"}, {}};
  for (const base::Json& result : results) {
    const auto number = [&](const char* key) { return result.at(key).get<double>(); };
    table.rows.push_back({result.at("row"), fmt::format("{:.2f}", number("accuracy")),
                          fmt::format("{:.2f}", number("points_lost")),
                          fmt::format("{}", result.at("crossbars").get<long>()),
                          fmt::format("{:.2f}", number("factor")),
                          short_number(number("latency_ms")), short_number(number("energy_mj")),
                          short_number(number("edp_ms_mj"))});
  }
  fmt::print("{}\n", to_text(table));
}

int reproduce_epim(const EpimArguments& arguments, const GlobalOptions& global) {
  auto results = EpimRun(arguments, global).run();
  if (!results) throw base::Error("stopped; the same command goes on with the row under way");
  add_points_lost(*results);
  if (!global.json) print_rows(*results);
  return finish_study(figure_of(*results, arguments), arguments.out, global);
}

}  // namespace

void add_epim_training_command(CLI::App& reproduce, const GlobalOptions& global,
                               const std::shared_ptr<Action>& chosen) {
  auto arguments = std::make_shared<EpimArguments>();
  CLI::App* epim = reproduce.add_subcommand("epim", kEpimSummary)->fallthrough();
  epim->add_option("--data", arguments->data, "Folder of CIFAR-10's binary files");
  epim->add_option("--dataset", arguments->dataset, "Other images; cifar10");
  epim->add_option("--out", arguments->out, "Folder for the files and the rows; reproduce");
  epim->add_option("--width", arguments->width, "Channels of the first stage; 32")
      ->check(CLI::Range(1, 512));
  epim->add_option("--rule", arguments->rule, "Uniform epitome, ROWSxCOLUMNS; 512x128");
  epim->add_flag("--quick", arguments->quick, "A sixth of the epochs");
  epim->callback([arguments, chosen, &global] {
    *chosen = [arguments, &global] { return reproduce_epim(*arguments, global); };
  });
}

}  // namespace gibbon::app
