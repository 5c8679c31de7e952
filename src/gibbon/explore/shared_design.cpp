#include "gibbon/explore/shared_design.hpp"

#include <cmath>
#include <utility>

#include "gibbon/explore/chip_accuracy.hpp"
#include "gibbon/explore/chip_fit.hpp"
#include "gibbon/explore/run_setup.hpp"
#include "gibbon/sim/converter_noise.hpp"

namespace gibbon::explore {

namespace {

train::LayerNoise one_shot_noise(const RunConfig& config, const sim::Simulator& simulator,
                                 const space::Design& design) {
  if (!config.supernet.one_shot_noise || simulator.is_exact()) return {};
  train::LayerNoise noise =
      config.simulation.fit_images > 0
          ? sim::fitted_converter_noise_of_layers(design.network, design.hardware)
          : sim::converter_noise_of_layers(design.network, design.hardware);
  for (double& layer : noise) layer = std::sqrt(layer);
  return noise;
}

}  // namespace

SharedDesign::SharedDesign(const RunConfig& config, const sim::Simulator& simulator,
                           const train::Supernet& supernet, const data::ImageSet& calibration,
                           space::Design design, int threads)
    : config_(with_threads(config, threads)),
      simulator_(simulator),
      supernet_(supernet),
      calibration_(calibration),
      design_(std::move(design)),
      noise_(one_shot_noise(config_, simulator_, design_)) {}

const nn::TrainedNetwork& SharedDesign::plain() {
  if (!plain_) plain_ = supernet_.extract(design_.network, calibration_, config_.threads);
  return *plain_;
}

const nn::TrainedNetwork& SharedDesign::beside_noise() {
  if (noise_.empty()) return plain();
  if (!beside_noise_) {
    beside_noise_ = supernet_.extract(design_.network, calibration_, config_.threads, noise_);
  }
  return *beside_noise_;
}

double SharedDesign::one_shot_accuracy(const data::ImageSet& images) {
  return supernet_.one_shot_accuracy(beside_noise(), images, config_.threads, noise_);
}

double SharedDesign::accuracy_on_chip(const data::ImageSet& images) {
  const nn::TrainedNetwork fitted =
      fitted_to_chip(config_, simulator_, plain(), design_.hardware, calibration_);
  return chip_accuracy(config_, simulator_, fitted, design_.hardware, images, images.count());
}

}  // namespace gibbon::explore
