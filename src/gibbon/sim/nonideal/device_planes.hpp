#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "gibbon/base/rng.hpp"
#include "gibbon/hw/hardware_config.hpp"
#include "gibbon/sim/accuracy_simulator.hpp"

namespace gibbon::sim {

/// The random numbers of one stored plane, one stream for each kind of non-ideality, so that none
/// shifts the draws of another. The ratio of the resistances needs none: it is the same in all
/// cells.
struct DeviceStreams {
  base::Rng variation;  ///< spread of the resistances
  base::Rng stuck;      ///< which cells are stuck

  /// Depends on nothing but the seed, the plane's name and its index.
  static DeviceStreams forked(std::uint64_t seed, const std::string& plane,
                              std::uint64_t index = 0);
};

/// What the cells of one stored plane of digits read, in units of one digit step: resistances of
/// the levels with their spread, then stuck cells (docs/models/nonidealities.md). `digits` are the
/// magnitudes of one polarity, or signed where one plane holds both (polarity 1). Deterministic in
/// the streams: a cell's draws depend on its place alone, not on the digits or the device. Throws
/// base::Error where the device has not one resistance a level.
std::vector<float> device_plane(std::span<const int> digits, const hw::Device& device,
                                DeviceModel model, DeviceStreams streams);

}  // namespace gibbon::sim
