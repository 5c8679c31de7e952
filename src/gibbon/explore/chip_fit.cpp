#include "gibbon/explore/chip_fit.hpp"

#include <algorithm>

#include "gibbon/explore/run_setup.hpp"
#include "gibbon/sim/crossbar_calibration.hpp"

namespace gibbon::explore {

namespace {

/// Each range is tried nine times, on thousands of pixels an image (decision 0006).
constexpr int kImagesPerRangeImage = 4;

}  // namespace

nn::TrainedNetwork fitted_to_chip(const RunConfig& config, const sim::Simulator& simulator,
                                  nn::TrainedNetwork trained, const hw::HardwareConfig& hardware,
                                  const data::ImageSet& images) {
  const int count = std::min(config.simulation.fit_images, images.count());
  if (count == 0 || simulator.is_exact()) return trained;
  sim::CalibrationOptions options;
  options.accuracy = accuracy_options(config);
  options.norms = sim::NormFit::kMatch;
  options.range_images = std::max(1, count / kImagesPerRangeImage);
  return sim::calibrate_to_crossbars(trained, hardware, data::make_batch(images, 0, count),
                                     options);
}

}  // namespace gibbon::explore
