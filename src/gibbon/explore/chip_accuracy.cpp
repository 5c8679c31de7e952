#include "gibbon/explore/chip_accuracy.hpp"

#include <algorithm>

#include "gibbon/explore/run_setup.hpp"
#include "gibbon/sim/accuracy_simulator.hpp"
#include "gibbon/sim/nonideal/device_draws.hpp"
#include "gibbon/train/trainer.hpp"

namespace gibbon::explore {

namespace {

/// What most chips reach; a chip's accuracy is at least 0.
double pessimistic(const std::vector<sim::DeviceDraw>& draws, double deviations) {
  std::vector<double> percents;
  for (const sim::DeviceDraw& draw : draws) percents.push_back(draw.accuracy.top1_percent());
  const sim::Spread spread = sim::spread_of(percents);
  return std::max(0.0, spread.mean - deviations * spread.deviation);
}

}  // namespace

double chip_accuracy(const RunConfig& config, const sim::Simulator& simulator,
                     const nn::TrainedNetwork& trained, const hw::HardwareConfig& hardware,
                     const data::ImageSet& images, int limit) {
  if (simulator.is_exact()) {
    return train::quantized_accuracy(trained, images.first(limit), config.threads);
  }
  const int draws = config.simulation.draws;
  if (draws > 0) {
    return pessimistic(sim::draw_devices(trained, hardware, accuracy_options(config), images, limit,
                                         config.seed, draws),
                       config.simulation.deviations);
  }
  const auto crossbars = sim::make_accuracy_simulator(trained, hardware, accuracy_options(config));
  return sim::measure_accuracy(*crossbars, images, limit).top1_percent();
}

}  // namespace gibbon::explore
