#include "gibbon/explore/run_setup.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "gibbon/base/error.hpp"
#include "gibbon/base/named_values.hpp"
#include "gibbon/sim/simulator.hpp"

namespace gibbon::explore {

namespace {

constexpr base::NamedValues<train::Precision, 3> kPrecisions{
    {{"auto", train::Precision::kAuto},
     {"float32", train::Precision::kFloat32},
     {"bfloat16", train::Precision::kBfloat16}}};

data::PaddingMode padding_from(const char* key, const std::string& name) {
  return base::value_of(key, name, data::kPaddingModes);
}

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
  options.augmentation.padding = padding_from("data.padding", config.data.padding);
  options.augmentation.flip = base::value_of("data.flip", config.data.flip, data::kMirrorings);
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
  options.plain_share = config.final_training.plain_share;
  options.average_share = config.final_training.average_share;
  options.average_rate = config.final_training.average_rate;
  options.base.weight_decay = config.final_training.weight_decay;
  options.base.small_crops = config.final_training.small_crops;
  options.epochs = config.final_training.epochs;
  options.float_share = config.final_training.float_share;
  return options;
}

void take_own(const OwnTraining& own, train::FinalTrainOptions& options) {
  data::AugmentationOptions& augmentation = options.base.augmentation;
  augmentation.crop_padding = own.crop_padding.value_or(augmentation.crop_padding);
  if (own.padding) augmentation.padding = padding_from("padding", *own.padding);
  augmentation.cutout = own.cutout.value_or(augmentation.cutout);
  options.base.weight_decay = own.weight_decay.value_or(options.base.weight_decay);
  options.skip_easy = own.skip_easy.value_or(options.skip_easy);
  options.plain_share = own.plain_share.value_or(options.plain_share);
  options.average_share = own.average_share.value_or(options.average_share);
  options.average_rate = own.average_rate.value_or(options.average_rate);
  double& small_crop_share = options.base.small_crops.share;
  small_crop_share = own.small_crop_share.value_or(small_crop_share);
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

std::int64_t supernet_steps(const RunConfig& config, std::int64_t iteration) {
  return config.supernet.steps + iteration * config.supernet.steps_per_iteration;
}

data::TrainValidationSplit split_images(const RunConfig& config, const data::Dataset& dataset) {
  data::TrainValidationSplit split =
      data::split_validation(dataset.train, config.data.validation_images, config.seed);
  if (config.data.train_images > 0) {
    split.train = split.train.first(config.data.train_images);
  }
  return split;
}

}  // namespace gibbon::explore
