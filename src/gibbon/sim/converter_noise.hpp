#pragma once

#include <vector>

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

/// The terms of that sum, one a layer; 0 of those that are no Conv or Linear.
std::vector<double> converter_noise_of_layers(const nn::Network& network,
                                              const hw::HardwareConfig& hardware);

/// The same for a network that is fitted to its crossbars (crossbar_calibration.hpp). A fit narrows
/// the ranges, and wins most where digits of one bit add up to small counts, which leave most of a
/// wide range unused: a bit less of DACs or cells than two takes a factor of 2^-0.7 off the
/// deviation (docs/models/predictor.md: what noise_index.hpp learns of fitted designs).
std::vector<double> fitted_converter_noise_of_layers(const nn::Network& network,
                                                     const hw::HardwareConfig& hardware);

}  // namespace gibbon::sim
