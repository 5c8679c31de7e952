#pragma once

#include <cstdint>
#include <memory>

#include "gibbon/hw/hardware_config.hpp"
#include "gibbon/sim/crossbar/crossbar_kernel.hpp"

namespace gibbon::sim {

/// Runs a layer on crossbars with the device's non-idealities, drawn once, here, from `seed` and
/// the layer's name. The columns' sums are float32, added row by row; converters as in the ideal
/// case. Every instruction set gives the same values. Throws base::Error for kIdeal, which has no
/// devices.
std::unique_ptr<CrossbarKernel> make_nonideal_kernel(const CrossbarLayer& layer,
                                                     const hw::Device& device, DeviceModel model,
                                                     std::uint64_t seed, Isa isa);

}  // namespace gibbon::sim
