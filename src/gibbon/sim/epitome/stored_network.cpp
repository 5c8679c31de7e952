#include "gibbon/sim/epitome/stored_network.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "gibbon/base/error.hpp"

namespace gibbon::sim {

int weight_slices(int bits, const hw::HardwareConfig& hardware) {
  const int slices = quantized_weight_slices(bits);
  return hardware.pe.polarity == 2 ? slices : slices + 1;
}

bool has_epitomes(const nn::Network& network) {
  return std::any_of(network.layers().begin(), network.layers().end(), [](const nn::Layer& layer) {
    const auto* conv = std::get_if<nn::Conv>(&layer.parameters);
    return conv != nullptr && conv->epitome;
  });
}

std::vector<LayerStorage> storage_of(const nn::Network& network,
                                     const hw::HardwareConfig& hardware) {
  std::vector<LayerStorage> storage;
  for (const nn::Layer& layer : network.layers()) {
    LayerStorage& stored = storage.emplace_back();
    stored.slices = 1;  // of a layer without weights
    if (const auto* conv = std::get_if<nn::Conv>(&layer.parameters)) {
      stored.slices = weight_slices(conv->weight_bits, hardware);
      if (!conv->epitome) continue;
      stored.epitome = conv->epitome->shape;
      stored.outputs = conv->epitome->outputs;
    } else if (const auto* linear = std::get_if<nn::Linear>(&layer.parameters)) {
      stored.slices = weight_slices(linear->weight_bits, hardware);
    }
  }
  return storage;
}

nn::Network stored_network(const nn::Network& network, std::span<const LayerStorage> storage,
                           const hw::HardwareConfig& hardware) {
  nn::NetworkDescription description = network.description();
  if (storage.size() != description.layers.size()) {
    throw base::Error(fmt::format("network '{}' has {} layers, storage is given for {}",
                                  description.name, description.layers.size(), storage.size()));
  }
  const int sign = hardware.pe.polarity == 2 ? 1 : 0;
  for (std::size_t i = 0; i < storage.size(); ++i) {
    nn::Layer& layer = description.layers[i];
    if (auto* conv = std::get_if<nn::Conv>(&layer.parameters)) {
      conv->weight_bits = storage[i].slices + sign;
      conv->epitome.reset();
      if (storage[i].epitome) conv->epitome = {*storage[i].epitome, storage[i].outputs};
    } else if (auto* linear = std::get_if<nn::Linear>(&layer.parameters)) {
      linear->weight_bits = storage[i].slices + sign;
    }
  }
  return nn::Network(std::move(description));
}

}  // namespace gibbon::sim
