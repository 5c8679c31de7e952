#include <limits>

#include "gibbon/app/config/final_keys.hpp"
#include "gibbon/app/config/key_kinds.hpp"
#include "gibbon/base/named_values.hpp"
#include "gibbon/base/registry.hpp"
#include "gibbon/data/augmentation.hpp"
#include "gibbon/data/dataset_registry.hpp"
#include "gibbon/data/load_options.hpp"
#include "gibbon/predict/predictor.hpp"
#include "gibbon/search/searcher.hpp"
#include "gibbon/sim/accuracy_simulator.hpp"
#include "gibbon/sim/simulator.hpp"

namespace gibbon::app {

namespace keys {

namespace {

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
      choice("explore", "Open genes, the others at the space's defaults",
             [](RunConfig & c) -> auto& { return c.explore; }, {"network", "hardware", "both"}),
      path(
          "out", "Run folder, from the current folder",
          [](RunConfig & c) -> auto& { return c.out; }),
  };
}

std::vector<ConfigKey> data_keys() {
  return {
      choice(
          "data.dataset", "Images: `gibbon data list` says which",
          [](RunConfig & c) -> auto& { return c.data.dataset; },
          base::names_in(data::dataset_entries())),
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
      choice(
          "data.padding", "What lies beside an image that is shifted: black, or its mirror image",
          [](RunConfig & c) -> auto& { return c.data.padding; },
          base::names_of(data::kPaddingModes)),
      choice(
          "data.flip", "Mirror images left to right: never, at random, or in every other epoch",
          [](RunConfig & c) -> auto& { return c.data.flip; }, base::names_of(data::kMirrorings)),
      whole<int>(
          "data.cutout", "Side of the blacked-out square, pixels; 0: none",
          [](RunConfig & c) -> auto& { return c.data.cutout; }, 0, kMostCutout),
  };
}

std::vector<ConfigKey> objective_keys() {
  return {
      choice("objective.name", "Ranking: Pareto front over metrics, or one target's reward",
             [](RunConfig & c) -> auto& { return c.objective.name; },
             {"pareto", "accuracy", "latency", "energy", "edp", "area", "power"}),
      texts(
          "objective.metrics", "Objectives of pareto: accuracy, latency, energy, edp, area, power",
          [](RunConfig & c) -> auto& { return c.objective.metrics; }, 1,
          [](const std::string& metric) { space::metric_from(metric); }),
      texts(
          "objective.constraints", "Hard bounds, such as \"area_mm2 <= 20\"",
          [](RunConfig & c) -> auto& { return c.objective.constraints; }, 0, check_constraint),
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
      choice(
          "supernet.paths",
          "Networks trained: random ones, also the largest, or it and the smallest (sandwich), or "
          "those the searcher holds",
          [](RunConfig & c) -> auto& { return c.supernet.paths; },
          {"random", "largest", "sandwich", "search"}),
      flag(
          "supernet.one_shot_noise",
          "One-shot accuracies beside the noise of each design's converters, in closed form",
          [](RunConfig & c) -> auto& { return c.supernet.one_shot_noise; }),
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
      choice(
          "search.searcher", "What proposes designs: `gibbon list searchers` says how",
          [](RunConfig & c) -> auto& { return c.search.searcher; },
          base::names_in(search::searcher_registry())),
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
      choice(
          "predictor.model", "What screens designs: `gibbon list predictors` says how",
          [](RunConfig & c) -> auto& { return c.predictor.model; },
          base::names_in(predict::predictor_registry())),
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
      choice(
          "simulation.model", "Cost model: `gibbon list simulators` says of what",
          [](RunConfig & c) -> auto& { return c.simulation.model; },
          base::names_in(sim::simulator_registry())),
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
      whole<int>(
          "simulation.fit_images",
          "Training images that fit each design to its crossbars before it is scored; 0: none",
          [](RunConfig & c) -> auto& { return c.simulation.fit_images; }, 0, 10000000),
      choice(
          "simulation.isa", "Instructions of the kernels; all give the same results",
          [](RunConfig & c) -> auto& { return c.simulation.isa; }, base::names_of(sim::kIsas)),
  };
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

}  // namespace keys

const std::vector<ConfigKey>& run_config_keys() {
  static const std::vector<ConfigKey> all = keys::keys_of_all_sections();
  return all;
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
