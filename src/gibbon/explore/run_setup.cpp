#include "gibbon/explore/run_setup.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "gibbon/base/error.hpp"
#include "gibbon/base/named_values.hpp"
#include "gibbon/explore/fixed_genes.hpp"
#include "gibbon/nn/starting_weights.hpp"
#include "gibbon/sim/simulator.hpp"

namespace gibbon::explore {

namespace {

constexpr base::NamedValues<train::Precision, 3> kPrecisions{
    {{"auto", train::Precision::kAuto},
     {"float32", train::Precision::kFloat32},
     {"bfloat16", train::Precision::kBfloat16}}};

}  // namespace

space::Objective make_objective(const ObjectiveConfig& config) {
  space::Objective objective;
  objective.name = config.name;
  objective.metrics.clear();
  for (const std::string& metric : config.metrics) {
    objective.metrics.push_back(space::metric_from(metric));
  }
  for (const std::string& constraint : config.constraints) {
    objective.constraints.push_back(space::constraint_from(constraint));
  }
  if (!objective.is_pareto()) space::metric_from(objective.name);
  return objective;
}

space::Objective bounded(space::Objective objective, const FinalTarget& target) {
  for (const std::string& constraint : target.within) {
    objective.constraints.push_back(space::constraint_from(constraint));
  }
  return objective;
}

sim::AccuracyOptions accuracy_options(const RunConfig& config) {
  sim::AccuracyOptions options;
  options.mode = base::value_of("simulation.adc_mode", config.simulation.adc_mode, sim::kAdcModes);
  options.isa = base::value_of("simulation.isa", config.simulation.isa, sim::kIsas);
  options.threads = config.threads;
  options.device_model = sim::device_model_of(config.simulation.model);
  return options;
}

train::TrainOptions supernet_options(const RunConfig& config) {
  train::TrainOptions options;
  options.seed = config.seed;
  options.threads = config.threads;
  options.device = config.device;
  options.precision = base::value_of("supernet.precision", config.supernet.precision, kPrecisions);
  options.batch_size = config.supernet.batch_size;
  options.learning_rate = config.supernet.learning_rate;
  options.muon_rate = config.supernet.muon_rate;
  options.weight_decay = config.supernet.weight_decay;
  options.label_smoothing = config.supernet.label_smoothing;
  options.augmentation.crop_padding = config.data.crop_padding;
  options.augmentation.padding =
      base::value_of("data.padding", config.data.padding, data::kPaddingModes);
  options.augmentation.flip = config.data.flip;
  options.augmentation.cutout = config.data.cutout;
  options.small_crops = config.supernet.small_crops;
  return options;
}

train::FinalTrainOptions final_options(const RunConfig& config, std::uint64_t seed) {
  train::FinalTrainOptions options;
  options.base = supernet_options(config);
  options.base.seed = seed;
  options.base.batch_size = config.final_training.batch_size;
  options.base.learning_rate = config.final_training.learning_rate;
  options.base.muon_rate = config.final_training.muon_rate;
  options.skip_easy = config.final_training.skip_easy;
  options.base.weight_decay = config.final_training.weight_decay;
  options.base.small_crops = config.final_training.small_crops;
  options.epochs = config.final_training.epochs;
  options.float_share = config.final_training.float_share;
  return options;
}

predict::PredictorOptions predictor_options(const RunConfig& config) {
  predict::PredictorOptions options;
  options.seed = config.seed;
  options.threads = config.threads;
  options.hidden = config.predictor.hidden;
  options.epochs = config.predictor.epochs;
  options.learning_rate = config.predictor.learning_rate;
  if (!config.predictor.difference) {
    options.accuracy_target = predict::AccuracyTarget::kAbsolute;
  }
  return options;
}

search::SearcherOptions searcher_options(const RunConfig& config) {
  search::SearcherOptions options;
  options.seed = config.seed;
  options.settings = config.search.settings;
  return options;
}

RunConfig with_threads(RunConfig config, int threads) {
  config.threads = threads;
  return config;
}

double share_of(const RunConfig& config, int threads) {
  return static_cast<double>(threads) / config.threads;
}

data::ImageSet first_images(const data::ImageSet& images, int count) {
  std::vector<int> indices(static_cast<std::size_t>(std::min(count, images.count())));
  std::iota(indices.begin(), indices.end(), 0);
  return images.select(indices);
}

data::TrainValidationSplit split_images(const RunConfig& config, const data::Dataset& dataset) {
  data::TrainValidationSplit split =
      data::split_validation(dataset.train, config.data.validation_images, config.seed);
  if (config.data.train_images > 0) {
    split.train = first_images(split.train, config.data.train_images);
  }
  return split;
}

void check_names(const RunConfig& config, const space::SearchSpace& space) {
  const space::Objective objective = make_objective(config.objective);
  for (const FinalTarget& target : config.final_training.targets) {
    bounded(objective, target);
    const FixedGenes known(space, target.genes);
  }
  accuracy_options(config);
  supernet_options(config);
  const auto simulator = sim::make_simulator(config.simulation.model);
  if (simulator->is_exact() && config.final_training.pim_aware_epochs > 0) {
    throw base::Error(fmt::format(
        "final.pim_aware_epochs is {}: the chips of {} compute exactly, there is nothing to learn "
        "of them",
        config.final_training.pim_aware_epochs, config.simulation.model));
  }
  if (config.simulation.draws > 0 &&
      (simulator->is_exact() || accuracy_options(config).mode == sim::AdcMode::kIdeal)) {
    throw base::Error(fmt::format(
        "simulation.draws is {}: chips of {} with adc_mode {} have no devices that differ",
        config.simulation.draws, config.simulation.model, config.simulation.adc_mode));
  }
  search::make_searcher(config.search.searcher, space, objective, searcher_options(config));
  predict::make_predictor(config.predictor.model, space, predictor_options(config));
}

void check_start(const RunConfig& config, const space::SearchSpace& space) {
  if (config.supernet.start.empty()) return;
  nn::with_weights_of(space.largest_network(), nn::load_trained_file(config.supernet.start));
}

}  // namespace gibbon::explore
