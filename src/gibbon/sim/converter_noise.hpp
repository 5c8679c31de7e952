#pragma once

#include "gibbon/hw/hardware_config.hpp"
#include "gibbon/nn/network.hpp"

namespace gibbon::sim {

/// How much the converters of a chip's crossbars disturb a network, from shapes and bits alone,
/// before anything is trained: the sum over Conv and Linear layers of
///
///     n G 4^-t / 12,   G = sum over digit pairs (i, j) of 4^-(top - (i a + j c))
///
/// with the names of docs/models/accuracy.md. It is the variance of a layer's outputs, in units of
/// their range squared, where every conversion is off by a rounding error of its own, spread evenly
/// over a step (Bennett 1948), and the range is never left; for converters of mode kScale. Layers
/// whose kernels do not fit the crossbars count nothing. A guide to the order of designs, not an
/// accuracy.
double converter_noise(const nn::Network& network, const hw::HardwareConfig& hardware);

}  // namespace gibbon::sim
