#pragma once

#include <cmath>
#include <ostream>
#include <utility>
#include <vector>

#include "gibbon/base/rng.hpp"
#include "gibbon/hw/hardware_config.hpp"
#include "gibbon/nn/trained_network.hpp"

namespace gibbon::sim {

/// A network of one layer.
inline nn::TrainedNetwork one_layer_network(nn::LayerParameters parameters, nn::Shape input,
                                            int num_classes, nn::LayerState state) {
  nn::NetworkDescription d;
  d.name = "one";
  d.input = input;
  d.num_classes = num_classes;
  d.layers = {{"layer", std::move(parameters), {nn::kNetworkInput}}};
  return {nn::Network(std::move(d)), {std::move(state)}};
}

/// Crossbars for the accuracy path only.
inline hw::HardwareConfig accuracy_hardware(int rows, int dac_bits, int cell_bits, int adc_bits,
                                            int polarity, int dacs) {
  hw::HardwareConfig hardware;
  hardware.crossbar.rows = rows;
  hardware.dac.bits = dac_bits;
  hardware.device.levels = 1 << cell_bits;
  hardware.adc.accuracy_bits = adc_bits;
  hardware.pe.polarity = polarity;
  hardware.pe.dacs_per_subarray = dacs;
  return hardware;
}

/// Normal weights on their grid, and an output range of three standard deviations of the output for
/// inputs uniform in [-1, 1].
inline nn::LayerState random_state(std::size_t weights, std::size_t fan_in, int weight_bits,
                                   int input_bits, base::Rng& rng) {
  nn::LayerState state;
  double largest = 0;
  for (std::size_t i = 0; i < weights; ++i) {
    state.weight.push_back(static_cast<float>(rng.normal()));
    largest = std::max(largest, std::abs(static_cast<double>(state.weight.back())));
  }
  state.weights = {weight_bits, largest / ((1 << (weight_bits - 1)) - 1)};
  state.input = {input_bits, 1.0 / ((1 << (input_bits - 1)) - 1)};
  state.output_range = 3 * std::sqrt(static_cast<double>(fan_in) / 3);
  return state;
}

/// A convolution with random weights, on which kernels are compared.
struct ConvCase {
  const char* name;
  nn::Conv conv;
  int size;  ///< rows and columns of its input
  int crossbar_rows;
  int adc_bits;
  int polarity;
  int input_bits;
  int dac_bits = 1;
  int cell_bits = 1;

  nn::Shape input() const { return {conv.in_channels, size, size}; }
  nn::TrainedNetwork network(base::Rng& rng) const {
    const auto fan_in =
        static_cast<std::size_t>(conv.in_channels / conv.groups * conv.kernel * conv.kernel);
    const std::size_t weights = fan_in * static_cast<std::size_t>(conv.out_channels);
    return one_layer_network(conv, input(), 1,
                             random_state(weights, fan_in, conv.weight_bits, input_bits, rng));
  }
};

/// GoogleTest shows the name in place of the bytes.
inline void PrintTo(const ConvCase& layer, std::ostream* out) {
  *out << layer.name;
}

inline nn::Conv with_bits(nn::Conv conv, int weight_bits, int point_shift) {
  conv.weight_bits = weight_bits;
  conv.point_shift = point_shift;
  return conv;
}

/// Uniform in [-1, 1], a fifth of them 0 and some beyond the grid.
inline std::vector<float> random_inputs(std::size_t count, base::Rng& rng) {
  std::vector<float> values(count);
  for (float& value : values) {
    if (rng.uniform() < 0.2) continue;
    value = static_cast<float>(2.1 * rng.uniform() - 1.05);
  }
  return values;
}

}  // namespace gibbon::sim
