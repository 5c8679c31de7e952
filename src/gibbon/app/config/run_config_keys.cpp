#include <fmt/format.h>
#include <fmt/ranges.h>

#include <limits>

#include "gibbon/app/config/config_key.hpp"
#include "gibbon/base/named_values.hpp"
#include "gibbon/data/load_options.hpp"
#include "gibbon/sim/accuracy_simulator.hpp"

namespace gibbon::app {

namespace {

using explore::RunConfig;

constexpr int kMostPadding = 64;  // pixels of a random crop

/// How a key reaches its field; used for reading and, on a constant, for writing.
template <typename T>
using Field = T& (*)(RunConfig&);

template <typename T>
const T& get(Field<T> field, const RunConfig& config) {
  return field(const_cast<RunConfig&>(config));  // NOLINT: fields only hand out a reference
}

template <typename T>
ConfigKey whole(std::string name, std::string help, Field<T> field, long least, long most) {
  return {std::move(name), std::move(help), fmt::format("{} to {}", least, most),
          [=](const YamlValue& value, RunConfig& config) {
            field(config) = static_cast<T>(value.integer(least, most));
          },
          [=](const RunConfig& config) { return fmt::format("{}", get(field, config)); }};
}

/// A whole number, or a word that stands for `meaning`.
template <typename T>
ConfigKey whole_or(std::string name, std::string help, Field<T> field, long least, long most,
                   std::string word, T meaning) {
  ConfigKey key = whole(std::move(name), std::move(help), field, least, most);
  key.allowed += " or " + word;
  key.read = [=](const YamlValue& value, RunConfig& config) {
    const bool is_number = !value.raw().empty() && value.raw() != word;
    if (is_number && !std::isalpha(static_cast<unsigned char>(value.raw()[0]))) {
      field(config) = static_cast<T>(value.integer(least, most));
      return;
    }
    if (value.raw() != word) {
      value.refuse(fmt::format("a whole number from {} to {}, or {}", least, most, word));
    }
    field(config) = meaning;
  };
  key.write = [=](const RunConfig& config) {
    const T number = get(field, config);
    return number == meaning ? word : fmt::format("{}", number);
  };
  return key;
}

ConfigKey number(std::string name, std::string help, Field<double> field, double least,
                 double most) {
  return {
      std::move(name), std::move(help), fmt::format("{} to {}", least, most),
      [=](const YamlValue& value, RunConfig& config) { field(config) = value.number(least, most); },
      [=](const RunConfig& config) { return fmt::format("{}", get(field, config)); }};
}

ConfigKey flag(std::string name, std::string help, Field<bool> field) {
  return {std::move(name), std::move(help), "true, false",
          [=](const YamlValue& value, RunConfig& config) { field(config) = value.boolean(); },
          [=](const RunConfig& config) { return get(field, config) ? "true" : "false"; }};
}

ConfigKey choice(std::string name, std::string help, Field<std::string> field,
                 std::vector<std::string> allowed) {
  return {std::move(name), std::move(help), fmt::format("{}", fmt::join(allowed, ", ")),
          [=](const YamlValue& value, RunConfig& config) { field(config) = value.one_of(allowed); },
          [=](const RunConfig& config) { return yaml_scalar(get(field, config)); }};
}

ConfigKey text(std::string name, std::string help, Field<std::string> field) {
  return {std::move(name), std::move(help), "",
          [=](const YamlValue& value, RunConfig& config) { field(config) = value.text(); },
          [=](const RunConfig& config) { return yaml_scalar(get(field, config)); }};
}

ConfigKey texts(std::string name, std::string help, Field<std::vector<std::string>> field,
                std::size_t least) {
  return {std::move(name), std::move(help), "",
          [=](const YamlValue& value, RunConfig& config) {
            field(config).clear();
            for (const YamlValue& item : value.list()) field(config).push_back(item.text());
            if (field(config).size() < least) value.fail("the list is empty");
          },
          [=](const RunConfig& config) { return yaml_flow(base::Json(get(field, config))); }};
}

/// A path; absent while empty.
ConfigKey path(std::string name, std::string help, Field<std::filesystem::path> field) {
  return {std::move(name), std::move(help), "",
          [=](const YamlValue& value, RunConfig& config) { field(config) = value.text(); },
          [=](const RunConfig& config) -> std::optional<std::string> {
            const std::string value = get(field, config).string();
            if (value.empty()) return std::nullopt;
            return yaml_scalar(value);
          }};
}

ConfigKey settings(std::string name, std::string help, Field<base::Json> field) {
  return {std::move(name), std::move(help), "",
          [=](const YamlValue& value, RunConfig& config) {
            if (!value.is_map()) value.refuse("a map of keys and values");
            field(config) = value.json();
          },
          [=](const RunConfig& config) { return yaml_flow(get(field, config)); }};
}

template <typename T>
void append(std::vector<T>& all, std::vector<T> more) {
  for (T& item : more) all.push_back(std::move(item));
}

std::vector<ConfigKey> general_keys() {
  return {
      text(
          "name", "Name of the run, for the report", [](RunConfig & c) -> auto& { return c.name; }),
      whole<std::uint64_t>(
          "seed", "Seed of every random stream", [](RunConfig & c) -> auto& { return c.seed; }, 0,
          std::numeric_limits<long>::max()),
      whole_or<int>(
          "threads", "Threads of simulation and training; auto: all processors",
          [](RunConfig & c) -> auto& { return c.threads; }, 1, 1024, "auto", 0),
      text(
          "device", "Where networks train: cpu, cuda, cuda:1",
          [](RunConfig & c) -> auto& { return c.device; }),
      path(
          "space", "Search space: a shipped one by name, or a file",
          [](RunConfig & c) -> auto& { return c.space; }),
      path(
          "hardware", "Base hardware in place of the space's own: a shipped one, or a file",
          [](RunConfig & c) -> auto& { return c.hardware; }),
      text(
          "explore", "Open genes: network, hardware or both, the others at the space's defaults",
          [](RunConfig & c) -> auto& { return c.explore; }),
      path(
          "out", "Run folder, from the current folder",
          [](RunConfig & c) -> auto& { return c.out; }),
  };
}

std::vector<ConfigKey> data_keys() {
  return {
      text(
          "data.dataset", "A name that `gibbon data list` prints",
          [](RunConfig & c) -> auto& { return c.data.dataset; }),
      path(
          "data.directory", "Folder of the files; absent: where the dataset's package puts them",
          [](RunConfig & c) -> auto& { return c.data.directory; }),
      whole<int>(
          "data.image_size",
          "Side that the pictures of image-folder are brought to; 0: as they are",
          [](RunConfig & c) -> auto& { return c.data.image_size; }, 0, data::kMaxImageSide),
      whole<int>(
          "data.validation_images", "Training images kept apart to score designs",
          [](RunConfig & c) -> auto& { return c.data.validation_images; }, 1, 10000000),
      whole_or<int>(
          "data.train_images", "Training images used of those left",
          [](RunConfig & c) -> auto& { return c.data.train_images; }, 1, 10000000, "all", 0),
      whole<int>(
          "data.crop_padding", "Random crop: shift by up to this many pixels",
          [](RunConfig & c) -> auto& { return c.data.crop_padding; }, 0, kMostPadding),
      flag(
          "data.flip", "Mirror images left to right at random",
          [](RunConfig & c) -> auto& { return c.data.flip; }),
      whole<int>(
          "data.cutout", "Side of the blacked-out square, pixels; 0: none",
          [](RunConfig & c) -> auto& { return c.data.cutout; }, 0, 1024),
  };
}

/// "SECTION.muon_rate".
ConfigKey muon_key(const std::string& section, Field<double> rate) {
  return number(section + ".muon_rate",
                "Peak for kernels in front of batch norms, which Muon turns; 0: no Muon", rate, 0,
                0.99);
}

/// "SECTION.small_crop_size" and "SECTION.small_crop_share".
std::vector<ConfigKey> small_crop_keys(const std::string& section, Field<int> size,
                                       Field<double> share) {
  return {whole<int>(section + ".small_crop_size",
                     "The first steps see random crops of this side, pixels; 0: whole images", size,
                     0, 65536),
          number(section + ".small_crop_share", "Of the steps: so many see crops", share, 0, 1)};
}

std::vector<ConfigKey> objective_keys() {
  return {
      choice("objective.name", "Ranking: Pareto front over metrics, or one target's reward",
             [](RunConfig & c) -> auto& { return c.objective.name; },
             {"pareto", "accuracy", "latency", "energy", "edp", "area", "power"}),
      texts(
          "objective.metrics", "Objectives of pareto: accuracy, latency, energy, edp, area, power",
          [](RunConfig & c) -> auto& { return c.objective.metrics; }, 1),
      texts(
          "objective.constraints", "Hard bounds, such as \"area_mm2 <= 20\"",
          [](RunConfig & c) -> auto& { return c.objective.constraints; }, 0),
  };
}

std::vector<ConfigKey> supernet_keys() {
  std::vector<ConfigKey> keys = {
      whole<std::int64_t>(
          "supernet.steps", "Training steps before the search",
          [](RunConfig & c) -> auto& { return c.supernet.steps; }, 1, 100000000),
      whole<std::int64_t>(
          "supernet.steps_per_iteration", "Further steps before each iteration",
          [](RunConfig & c) -> auto& { return c.supernet.steps_per_iteration; }, 0, 100000000),
      whole<int>(
          "supernet.batch_size", "Images a step",
          [](RunConfig & c) -> auto& { return c.supernet.batch_size; }, 2, 65536),
      number(
          "supernet.learning_rate", "Peak of the one-cycle schedule",
          [](RunConfig & c) -> auto& { return c.supernet.learning_rate; }, 1e-6, 10),
      muon_key(
          "supernet", [](RunConfig & c) -> auto& { return c.supernet.muon_rate; }),
      number(
          "supernet.weight_decay", "L2 penalty on weights",
          [](RunConfig & c) -> auto& { return c.supernet.weight_decay; }, 0, 1),
      number(
          "supernet.label_smoothing", "Probability spread over all classes",
          [](RunConfig & c) -> auto& { return c.supernet.label_smoothing; }, 0, 0.99),
      whole<int>(
          "supernet.calibration_images", "Training images that set batch norm and output ranges",
          [](RunConfig & c) -> auto& { return c.supernet.calibration_images; }, 1, 10000000),
      choice("supernet.precision", "Arithmetic of training; auto: bfloat16 where it is fast",
             [](RunConfig & c) -> auto& { return c.supernet.precision; },
             {"auto", "float32", "bfloat16"}),
      choice("supernet.paths",
             "Networks trained: random ones, also the largest and smallest, or those the searcher "
             "holds",
             [](RunConfig & c) -> auto& { return c.supernet.paths; },
             {"random", "sandwich", "search"}),
      path(
          "supernet.start", "Trained network that the weights start from: .gibbon or .onnx",
          [](RunConfig & c) -> auto& { return c.supernet.start; }),
  };
  append(keys, small_crop_keys(
                   "supernet", [](RunConfig & c) -> auto& { return c.supernet.small_crops.size; },
                   [](RunConfig & c) -> auto& { return c.supernet.small_crops.share; }));
  return keys;
}

std::vector<ConfigKey> search_keys() {
  return {
      text(
          "search.searcher", "A name that `gibbon list searchers` prints",
          [](RunConfig & c) -> auto& { return c.search.searcher; }),
      whole<int>(
          "search.iterations", "Rounds of propose, evaluate, learn",
          [](RunConfig & c) -> auto& { return c.search.iterations; }, 1, 100000),
      whole<int>(
          "search.designs_per_iteration", "Designs simulated in each round",
          [](RunConfig & c) -> auto& { return c.search.designs_per_iteration; }, 1, 100000),
      whole<int>(
          "search.initial_designs", "Simulated first: random, and the largest of each target",
          [](RunConfig & c) -> auto& { return c.search.initial_designs; }, 1, 100000),
      settings(
          "search.settings", "Options of this searcher, by name",
          [](RunConfig & c) -> auto& { return c.search.settings; }),
  };
}

std::vector<ConfigKey> predictor_keys() {
  return {
      flag(
          "predictor.enabled", "Screen designs with a predictor before simulating any",
          [](RunConfig & c) -> auto& { return c.predictor.enabled; }),
      text(
          "predictor.model", "A name that `gibbon list predictors` prints",
          [](RunConfig & c) -> auto& { return c.predictor.model; }),
      whole<int>(
          "predictor.hidden", "Width of the recurrent state",
          [](RunConfig & c) -> auto& { return c.predictor.hidden; }, 1, 4096),
      whole<int>(
          "predictor.epochs", "Passes over the evaluations at each fit",
          [](RunConfig & c) -> auto& { return c.predictor.epochs; }, 1, 100000),
      number(
          "predictor.learning_rate", "Of the predictor's optimiser",
          [](RunConfig & c) -> auto& { return c.predictor.learning_rate; }, 1e-6, 10),
      choice("predictor.hardware", "Hardware metrics while screening",
             [](RunConfig & c) -> auto& { return c.predictor.hardware; }, {"exact", "predicted"}),
      flag(
          "predictor.difference", "Predict simulated minus one-shot accuracy, not the accuracy",
          [](RunConfig & c) -> auto& { return c.predictor.difference; }),
  };
}

std::vector<ConfigKey> simulation_keys() {
  return {
      text(
          "simulation.model", "Cost model: a name that `gibbon list simulators` prints",
          [](RunConfig & c) -> auto& { return c.simulation.model; }),
      choice(
          "simulation.adc_mode", "How an ADC's range is chosen; ideal: no crossbar",
          [](RunConfig & c) -> auto& { return c.simulation.adc_mode; },
          base::names_of(sim::kAdcModes)),
      whole<int>(
          "simulation.images",
          "Validation images that score a design in the search; final designs see all of them",
          [](RunConfig & c) -> auto& { return c.simulation.images; }, 1, 10000000),
      whole<int>(
          "simulation.draws",
          "Chips with devices of their own that score a design; 0: ideal devices",
          [](RunConfig & c) -> auto& { return c.simulation.draws; }, 0, 10000),
      number(
          "simulation.deviations",
          "With draws a design's accuracy is their mean less so many standard deviations",
          [](RunConfig & c) -> auto& { return c.simulation.deviations; }, 0, 100),
      choice(
          "simulation.isa", "Instructions of the kernels; all give the same results",
          [](RunConfig & c) -> auto& { return c.simulation.isa; }, base::names_of(sim::kIsas)),
  };
}

std::map<std::string, double> read_genes(const YamlValue& value) {
  constexpr double kMost = 1e6;
  if (!value.is_map()) value.refuse("a map of genes and values");
  std::map<std::string, double> genes;
  for (const auto& [name, line] : value.keys()) {
    genes[name] = value.child(name).value().number(0, kMost);
  }
  return genes;
}

explore::FinalTarget read_target(const YamlValue& value) {
  explore::FinalTarget target;
  YamlMap map = value.map();
  const auto within = map.require("within", "bounds such as \"edp_ms_mj <= 0.12\"");
  const auto epochs = map.find("epochs");
  const auto crop_padding = map.find("crop_padding");
  const auto genes = map.find("genes");
  const auto teacher_weight = map.find("teacher_weight");
  const auto weight_decay = map.find("weight_decay");
  map.finish();
  for (const YamlValue& bound : within->list()) target.within.push_back(bound.text());
  if (target.within.empty()) within->fail("the list is empty");
  if (epochs) target.epochs = epochs->number(0.01, 10000);
  if (crop_padding) target.crop_padding = static_cast<int>(crop_padding->integer(0, kMostPadding));
  if (genes) target.genes = read_genes(*genes);
  if (teacher_weight) target.teacher_weight = teacher_weight->number(0, 1);
  if (weight_decay) target.weight_decay = weight_decay->number(0, 1);
  return target;
}

std::string written(const explore::FinalTarget& target) {
  std::vector<std::string> bounds;
  for (const std::string& bound : target.within) bounds.push_back(yaml_scalar(bound));
  std::string text = fmt::format("{{within: [{}]", fmt::join(bounds, ", "));
  if (target.epochs > 0) text += fmt::format(", epochs: {}", target.epochs);
  if (target.crop_padding) text += fmt::format(", crop_padding: {}", *target.crop_padding);
  if (!target.genes.empty()) {
    std::vector<std::string> genes;
    for (const auto& [name, choice] : target.genes) {
      genes.push_back(fmt::format("{}: {}", yaml_scalar(name), choice));
    }
    text += fmt::format(", genes: {{{}}}", fmt::join(genes, ", "));
  }
  if (target.teacher_weight) text += fmt::format(", teacher_weight: {}", *target.teacher_weight);
  if (target.weight_decay) text += fmt::format(", weight_decay: {}", *target.weight_decay);
  return text + "}";
}

ConfigKey targets_key() {
  return {"final.targets",
          "Corners to reach: each trains the most accurate design within its bounds",
          "a list of {within: [\"edp_ms_mj <= 0.12\", ...], epochs: 20, crop_padding: 0, genes: "
          "{hardware.adc_bits: 8}, teacher_weight: 0, weight_decay: 0.0005}",
          [](const YamlValue& value, RunConfig& config) {
            config.final_training.targets.clear();
            for (const YamlValue& item : value.list()) {
              config.final_training.targets.push_back(read_target(item));
            }
          },
          [](const RunConfig& config) {
            std::vector<std::string> targets;
            for (const auto& target : config.final_training.targets) {
              targets.push_back(written(target));
            }
            return fmt::format("[{}]", fmt::join(targets, ", "));
          }};
}

std::vector<ConfigKey> final_keys() {
  std::vector<ConfigKey> keys = {
      choice(
          "final.choose",
          "Which designs: spread along the accurate part of the front, or the best by each metric",
          [](RunConfig & c) -> auto& { return c.final_training.choose; }, {"front", "best"}),
      targets_key(),
      number(
          "final.accuracy_margin",
          "Of a target's designs within so many points of the best the largest comes first",
          [](RunConfig & c) -> auto& { return c.final_training.accuracy_margin; }, 0, 100),
      choice("final.chips",
             "A target's chip: the search's, or the one of least converter noise within its bounds",
             [](RunConfig & c) -> auto& { return c.final_training.chips; },
             {"searched", "quietest"}),
      whole<int>(
          "final.candidates", "Designs of a target that are tried; the best is trained to the end",
          [](RunConfig & c) -> auto& { return c.final_training.candidates; }, 1, 1000),
      number(
          "final.trial_epochs", "Passes over the training split, for each candidate's trial",
          [](RunConfig & c) -> auto& { return c.final_training.trial_epochs; }, 0.01, 10000),
      whole<int>(
          "final.designs", "How many besides those of the targets; 0: none",
          [](RunConfig & c) -> auto& { return c.final_training.designs; }, 0, 10000),
      number(
          "final.epochs", "Passes over the training split, for each",
          [](RunConfig & c) -> auto& { return c.final_training.epochs; }, 0.01, 10000),
      whole<int>(
          "final.batch_size", "Images a step",
          [](RunConfig & c) -> auto& { return c.final_training.batch_size; }, 2, 65536),
      number(
          "final.learning_rate", "Peak of the one-cycle schedule",
          [](RunConfig & c) -> auto& { return c.final_training.learning_rate; }, 1e-6, 10),
      muon_key(
          "final", [](RunConfig & c) -> auto& { return c.final_training.muon_rate; }),
      number(
          "final.weight_decay", "L2 penalty on weights",
          [](RunConfig & c) -> auto& { return c.final_training.weight_decay; }, 0, 1),
      flag(
          "final.from_supernet", "Start from the shared weights, not from random ones",
          [](RunConfig & c) -> auto& { return c.final_training.from_supernet; }),
      number(
          "final.float_share",
          "Of the steps, the first so many leave weights of 2 and 3 bits in single precision",
          [](RunConfig & c) -> auto& { return c.final_training.float_share; }, 0, 1),
      number(
          "final.teacher_weight",
          "Of the first design's answers in the losses of those after it; 0: labels alone",
          [](RunConfig & c) -> auto& { return c.final_training.teacher_weight; }, 0, 1),
      number(
          "final.pim_aware_epochs",
          "Of these passes the last so many compute on the design's crossbars; 0: none",
          [](RunConfig & c) -> auto& { return c.final_training.pim_aware_epochs; }, 0, 10000),
      choice("final.pim_pass", "How: every image exactly, or fitted to a few now and then",
             [](RunConfig & c) -> auto& { return c.final_training.pim_pass; }, {"exact", "fitted"}),
      whole<int>(
          "final.calibration_images",
          "Training images that fit batch norms and output ranges to the crossbars; 0: none",
          [](RunConfig & c) -> auto& { return c.final_training.calibration_images; }, 0, 10000),
      whole_or<int>(
          "final.test_images", "Test images on simulated crossbars",
          [](RunConfig & c) -> auto& { return c.final_training.test_images; }, 1, 10000000, "all",
          explore::kAllImages),
  };
  append(keys,
         small_crop_keys(
             "final", [](RunConfig & c) -> auto& { return c.final_training.small_crops.size; },
             [](RunConfig & c) -> auto& { return c.final_training.small_crops.share; }));
  return keys;
}

std::vector<ConfigKey> keys_of_all_sections() {
  std::vector<ConfigKey> all = general_keys();
  for (auto keys : {data_keys(), objective_keys(), supernet_keys(), search_keys(), predictor_keys(),
                    simulation_keys(), final_keys()}) {
    append(all, std::move(keys));
  }
  return all;
}

}  // namespace

const std::vector<ConfigKey>& run_config_keys() {
  static const std::vector<ConfigKey> keys = keys_of_all_sections();
  return keys;
}

const std::vector<ConfigSection>& run_config_sections() {
  static const std::vector<ConfigSection> sections = {
      {"", "A joint search of network and hardware: gibbon search --config FILE"},
      {"data", "Images. The test split is read only for the final designs."},
      {"objective", "What the search is after."},
      {"supernet", "The shared weights that give each design its accuracy."},
      {"search", "The loop that proposes and evaluates designs."},
      {"predictor", "The model that screens designs before any is simulated."},
      {"simulation", "How a design is evaluated."},
      {"final", "What happens to the front when the search is over."},
  };
  return sections;
}

}  // namespace gibbon::app
