#include "gibbon/sim/converter_noise.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "gibbon/sim/crossbar/converter_plan.hpp"

namespace gibbon::sim {

namespace {

constexpr double kVarianceOfAStep = 1.0 / 12;
constexpr double kFitGainOfABit = 0.7;  // log2 of deviations
constexpr int kBitsWithoutGain = 4;     // of DAC and cell together

/// A network does not tell the bits that a layer reads; its activations' are those in most.
std::optional<LayerBits> bits_of(const nn::LayerParameters& layer) {
  if (const auto* conv = std::get_if<nn::Conv>(&layer)) {
    return LayerBits{conv->activation_bits, conv->weight_bits};
  }
  if (const auto* linear = std::get_if<nn::Linear>(&layer)) {
    return LayerBits{linear->activation_bits, linear->weight_bits};
  }
  return std::nullopt;
}

/// Sum of 4^-(d bits) over the digits d.
double weight_of_digits(int digits, int bits) {
  double sum = 0;
  for (int digit = 0; digit < digits; ++digit) sum += std::ldexp(1.0, -2 * digit * bits);
  return sum;
}

double noise_of(const ConverterPlan& plan) {
  if (plan.channels_per_block == 0) return 0;
  const double digits =
      weight_of_digits(plan.cycles, plan.dac_bits) * weight_of_digits(plan.parts, plan.cell_bits);
  const double step_squared = std::ldexp(1.0, -2 * plan.fraction_bits());
  return plan.row_blocks * digits * step_squared * kVarianceOfAStep;
}

}  // namespace

std::vector<double> converter_noise_of_layers(const nn::Network& network,
                                              const hw::HardwareConfig& hardware) {
  std::vector<double> noise;
  for (const nn::Layer& layer : network.layers()) {
    const std::optional<LayerBits> bits = bits_of(layer.parameters);
    noise.push_back(
        bits ? noise_of(plan_converters(layer.parameters, *bits, hardware, AdcMode::kScale)) : 0.0);
  }
  return noise;
}

std::vector<double> fitted_converter_noise_of_layers(const nn::Network& network,
                                                     const hw::HardwareConfig& hardware) {
  std::vector<double> noise = converter_noise_of_layers(network, hardware);
  const int missing = kBitsWithoutGain - hardware.dac.bits - hardware.device.bits();
  const double gain = std::exp2(-2 * kFitGainOfABit * std::max(0, missing));
  for (double& layer : noise) layer *= gain;
  return noise;
}

double converter_noise(const nn::Network& network, const hw::HardwareConfig& hardware) {
  const std::vector<double> layers = converter_noise_of_layers(network, hardware);
  return std::accumulate(layers.begin(), layers.end(), 0.0);
}

}  // namespace gibbon::sim
