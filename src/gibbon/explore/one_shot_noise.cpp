#include "gibbon/explore/one_shot_noise.hpp"

#include <cmath>

#include "gibbon/sim/converter_noise.hpp"

namespace gibbon::explore {

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

}  // namespace gibbon::explore
