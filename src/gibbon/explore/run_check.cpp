#include "gibbon/explore/run_check.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "gibbon/base/error.hpp"
#include "gibbon/base/rng.hpp"
#include "gibbon/explore/fixed_genes.hpp"
#include "gibbon/explore/run_setup.hpp"
#include "gibbon/nn/starting_weights.hpp"
#include "gibbon/sim/crossbar/crossbar_kernel.hpp"
#include "gibbon/sim/simulator.hpp"
#include "gibbon/train/small_crops.hpp"

namespace gibbon::explore {

namespace {

/// The message of what `check` throws, behind the keys that decide it.
template <typename Check>
void check_keys(const char* keys, const Check& check) {
  try {
    check();
  } catch (const base::Error& problem) {
    throw base::Error(fmt::format("{}: {}", keys, problem.what()));
  }
}

/// A chip that the model knows nothing of is the same for all designs.
void check_model(const RunConfig& config, const sim::Simulator& simulator,
                 const space::SearchSpace& space) {
  base::Rng rng = base::Rng::forked(config.seed, "check");
  const auto design = space.decode(space.sample(rng));
  if (!design) return;
  check_keys("simulation.model", [&] { simulator.cost(design->network, design->hardware); });
}

void check_padding(const char* keys, const data::AugmentationOptions& augmentation, int side) {
  if (augmentation.padding != data::PaddingMode::kReflect || augmentation.crop_padding < side) {
    return;
  }
  throw base::Error(fmt::format("{}: images of {} pixels cannot be reflected by {}: at most {}",
                                keys, side, augmentation.crop_padding, side - 1));
}

}  // namespace

void check_names(const RunConfig& config, const space::SearchSpace& space) {
  const space::Objective objective = make_objective(config.objective);
  for (const FinalTarget& target : config.final_training.targets) {
    bounded(objective, target);
    const FixedGenes known(space, target.genes);
  }
  const sim::AccuracyOptions accuracy = accuracy_options(config);
  supernet_options(config);
  check_keys("device", [&] { train::require_device(config.device); });
  const auto simulator = sim::make_simulator(config.simulation.model);
  if (!simulator->is_exact()) {
    check_keys("simulation.isa", [&] { sim::resolve_isa(accuracy.isa); });
  }
  if (simulator->is_exact() && config.final_training.pim_aware_epochs > 0) {
    throw base::Error(fmt::format(
        "final.pim_aware_epochs is {}: the chips of {} compute exactly, there is nothing to learn "
        "of them",
        config.final_training.pim_aware_epochs, config.simulation.model));
  }
  if (config.simulation.draws > 0 &&
      (simulator->is_exact() || accuracy.mode == sim::AdcMode::kIdeal)) {
    throw base::Error(fmt::format(
        "simulation.draws is {}: chips of {} with adc_mode {} have no devices that differ",
        config.simulation.draws, config.simulation.model, config.simulation.adc_mode));
  }
  if (config.supernet.one_shot_noise &&
      (simulator->is_exact() || accuracy.mode != sim::AdcMode::kScale)) {
    throw base::Error(fmt::format(
        "supernet.one_shot_noise is true: converters of {} with adc_mode {} have no noise in "
        "closed form; those of mnsim2 and mnsim2-corrected with scale have",
        config.simulation.model, config.simulation.adc_mode));
  }
  search::make_searcher(config.search.searcher, space, objective, searcher_options(config));
  predict::make_predictor(config.predictor.model, space, predictor_options(config));
  check_model(config, *simulator, space);
}

void check_images(const RunConfig& config, const space::SearchSpace& space,
                  const data::ImageSet& images) {
  if (config.data.validation_images >= images.count()) {
    throw base::Error(fmt::format(
        "data.validation_images: {} of the {} training images leave none to train on; at most {}",
        config.data.validation_images, images.count(), std::max(images.count() - 1, 0)));
  }
  const int side = std::min(images.height, images.width);
  const train::TrainOptions supernet = supernet_options(config);
  check_padding("data.crop_padding", supernet.augmentation, side);
  const nn::Network network = space.largest_network();
  const FinalConfig& last = config.final_training;
  check_keys("supernet.small_crop_size",
             [&] { train::require_small_crops(network, supernet.small_crops); });
  check_keys("final.small_crop_size",
             [&] { train::require_small_crops(network, last.small_crops); });
  for (const FinalTarget& target : last.targets) {
    train::FinalTrainOptions options = final_options(config, config.seed);
    take_own(target.training, options);
    check_padding("final.targets: crop_padding", options.base.augmentation, side);
  }
}

void check_run(const RunConfig& config, const space::SearchSpace& space,
               const data::ImageSet& images) {
  check_names(config, space);
  check_images(config, space, images);
}

void check_start(const RunConfig& config, const space::SearchSpace& space) {
  if (config.supernet.start.empty()) return;
  nn::with_weights_of(space.largest_network(), nn::load_trained_file(config.supernet.start));
}

}  // namespace gibbon::explore
