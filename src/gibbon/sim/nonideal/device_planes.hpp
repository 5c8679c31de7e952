#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "gibbon/base/rng.hpp"
#include "gibbon/hw/hardware_config.hpp"
#include "gibbon/sim/accuracy_simulator.hpp"

namespace gibbon::sim {

/// What the cells of one stored plane of digits read, in units of one digit step: resistances of
/// the levels with their spread, then stuck cells (docs/models/nonidealities.md). `digits` are the
/// magnitudes of one polarity, or signed where one plane holds both (polarity 1). Deterministic in
/// the stream. Throws base::Error where the device has not one resistance a level.
std::vector<float> device_plane(std::span<const int> digits, const hw::Device& device,
                                DeviceModel model, base::Rng rng);

}  // namespace gibbon::sim
