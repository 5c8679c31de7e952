#include "gibbon/explore/chip_accuracy.hpp"

#include "gibbon/explore/run_setup.hpp"
#include "gibbon/sim/accuracy_simulator.hpp"
#include "gibbon/train/trainer.hpp"

namespace gibbon::explore {

double chip_accuracy(const RunConfig& config, const sim::Simulator& simulator,
                     const nn::TrainedNetwork& trained, const hw::HardwareConfig& hardware,
                     const data::ImageSet& images, int limit) {
  if (simulator.is_exact()) {
    return train::quantized_accuracy(trained, first_images(images, limit), config.threads);
  }
  const auto crossbars = sim::make_accuracy_simulator(trained, hardware, accuracy_options(config));
  return sim::measure_accuracy(*crossbars, images, limit).top1_percent();
}

}  // namespace gibbon::explore
