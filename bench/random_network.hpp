#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "gibbon/app/config/network_yaml.hpp"
#include "gibbon/app/config/presets.hpp"
#include "gibbon/base/rng.hpp"
#include "gibbon/data/batch.hpp"
#include "gibbon/nn/trained_network.hpp"

/// Networks and images for benchmarks that need numbers but no meaning.
namespace gibbon::bench {

inline std::size_t weight_count(const nn::LayerParameters& parameters) {
  if (const auto* conv = std::get_if<nn::Conv>(&parameters)) {
    return static_cast<std::size_t>(conv->out_channels) *
           static_cast<std::size_t>(conv->in_channels / conv->groups * conv->kernel * conv->kernel);
  }
  if (const auto* linear = std::get_if<nn::Linear>(&parameters)) {
    return static_cast<std::size_t>(linear->in_features) *
           static_cast<std::size_t>(linear->out_features);
  }
  return 0;
}

/// A shipped network with normal weights of 9 bits, inputs of 9 bits and batch norms that bring
/// sums of normal weights and inputs of mean square 1/4 to a standard deviation of about 0.3.
inline nn::TrainedNetwork random_network(const std::string& name, std::uint64_t seed) {
  nn::Network network = app::load_network(app::locate(app::PresetKind::kNetworks, name));
  const std::size_t count = network.layers().size();
  nn::TrainedNetwork trained{std::move(network), std::vector<nn::LayerState>(count)};
  base::Rng rng(seed);
  double fan_in = 1;
  for (std::size_t index = 0; index < count; ++index) {
    const nn::LayerParameters& parameters = trained.network.layers()[index].parameters;
    nn::LayerState& state = trained.states[index];
    if (const std::size_t weights = weight_count(parameters); weights > 0) {
      double largest = 0;
      for (std::size_t i = 0; i < weights; ++i) {
        state.weight.push_back(static_cast<float>(rng.normal()));
        largest = std::max(largest, std::abs(static_cast<double>(state.weight.back())));
      }
      const auto* conv = std::get_if<nn::Conv>(&parameters);
      const auto outputs =
          conv != nullptr ? conv->out_channels : std::get<nn::Linear>(parameters).out_features;
      fan_in = static_cast<double>(weights) / outputs;
      state.weights = {9, largest / 255};
      state.input = {9, 1.0 / 255};
      state.output_range = 1.5 * std::sqrt(fan_in);
    } else if (const auto* norm = std::get_if<nn::BatchNorm>(&parameters)) {
      for (int i = 0; i < norm->features; ++i) {
        state.gamma.push_back(static_cast<float>(0.3 + 0.03 * rng.normal()));
        state.beta.push_back(static_cast<float>(0.1 * rng.normal()));
        state.running_mean.push_back(static_cast<float>(0.1 * rng.normal()));
        state.running_variance.push_back(static_cast<float>(fan_in / 8));
      }
      state.output_range = 1;
    }
  }
  return trained;
}

/// Pixels k / 255, uniform.
inline data::ImageBatch random_images(const nn::Shape& shape, int count, std::uint64_t seed) {
  data::ImageBatch batch{count, shape.channels, shape.height, shape.width, {}, {}};
  batch.labels.resize(static_cast<std::size_t>(count));
  batch.pixels.resize(static_cast<std::size_t>(count * shape.elements()));
  base::Rng rng(seed);
  for (float& pixel : batch.pixels) pixel = static_cast<float>(rng.below(256)) / 255.0F;
  return batch;
}

}  // namespace gibbon::bench
