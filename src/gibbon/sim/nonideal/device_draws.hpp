#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "gibbon/sim/accuracy_simulator.hpp"

namespace gibbon::sim {

/// Whether two chips of this device can differ: a resistance that varies or cells that are stuck.
/// The ratio of the resistances alone makes all chips alike.
bool chips_differ(const hw::Device& device);

/// One chip and what it recognises.
struct DeviceDraw {
  std::uint64_t seed = 0;  ///< AccuracyOptions::device_seed that gives this chip again
  AccuracyResult accuracy;
};

/// Mean, standard deviation (n - 1; 0 for one value), smallest and largest of at least one value.
struct Spread {
  double mean = 0;
  double deviation = 0;
  double minimum = 0;
  double maximum = 0;
};
Spread spread_of(std::span<const double> values);

/// The accuracy of `count` chips with the seeds first_seed, first_seed + 1, ... on the first
/// `limit` images; options.device_seed is not read. Where chips do not differ, one is run and its
/// result stands for all. `drawn`, if given, hears the number of chips that are done. Throws
/// base::Error unless count >= 1, and as make_accuracy_simulator does.
std::vector<DeviceDraw> draw_devices(const nn::TrainedNetwork& trained,
                                     const hw::HardwareConfig& hardware, AccuracyOptions options,
                                     const data::ImageSet& images, int limit,
                                     std::uint64_t first_seed, int count,
                                     const std::function<void(int)>& drawn = {});

}  // namespace gibbon::sim
