#include "gibbon/sim/nonideal/device_draws.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "gibbon/base/error.hpp"

namespace gibbon::sim {

bool chips_differ(const hw::Device& device) {
  return device.variation_percent != 0 || device.stuck_at_high_percent != 0 ||
         device.stuck_at_low_percent != 0;
}

Spread spread_of(std::span<const double> values) {
  const auto count = static_cast<double>(values.size());
  const auto [minimum, maximum] = std::minmax_element(values.begin(), values.end());
  Spread spread{0, 0, *minimum, *maximum};
  for (const double value : values) spread.mean += value / count;
  double squares = 0;
  for (const double value : values) squares += (value - spread.mean) * (value - spread.mean);
  if (values.size() > 1) spread.deviation = std::sqrt(squares / (count - 1));
  return spread;
}

std::vector<DeviceDraw> draw_devices(const nn::TrainedNetwork& trained,
                                     const hw::HardwareConfig& hardware, AccuracyOptions options,
                                     const data::ImageSet& images, int limit,
                                     std::uint64_t first_seed, int count,
                                     const std::function<void(int)>& drawn) {
  if (count < 1) {
    throw base::Error(fmt::format("{} draws of the devices are not possible, at least 1", count));
  }
  std::vector<DeviceDraw> draws;
  for (int draw = 0; draw < count; ++draw) {
    const std::uint64_t seed = first_seed + static_cast<std::uint64_t>(draw);
    if (draw > 0 && !chips_differ(hardware.device)) {
      draws.push_back({seed, draws.front().accuracy});
      continue;
    }
    options.device_seed = seed;
    const auto simulator = make_accuracy_simulator(trained, hardware, options);
    draws.push_back({seed, measure_accuracy(*simulator, images, limit)});
    if (drawn) drawn(draw + 1);
  }
  return draws;
}

}  // namespace gibbon::sim
