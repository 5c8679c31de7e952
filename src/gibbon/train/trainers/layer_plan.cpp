#include "gibbon/train/trainers/layer_plan.hpp"

#include <algorithm>
#include <set>
#include <variant>

namespace gibbon::train {

namespace {

template <typename T>
bool is(const nn::Layer& layer) {
  return std::holds_alternative<T>(layer.parameters);
}

/// Bits of the grid that a layer's own quantiser makes; 0 for a layer that has none.
int quantizer_bits(const nn::Layer& layer) {
  if (const auto* tanh = std::get_if<nn::HardTanh>(&layer.parameters)) return tanh->output_bits;
  if (const auto* conv = std::get_if<nn::Conv>(&layer.parameters)) return conv->activation_bits;
  if (const auto* linear = std::get_if<nn::Linear>(&layer.parameters)) {
    return linear->activation_bits;
  }
  if (const auto* norm = std::get_if<nn::BatchNorm>(&layer.parameters)) {
    return norm->output_bits.value_or(0);
  }
  return 0;
}

/// Whether a layer's output lies on the grids of its inputs, if its inputs do.
bool keeps_grid(const nn::Layer& layer) {
  if (const auto* pool = std::get_if<nn::Pool>(&layer.parameters)) {
    return pool->mode == nn::PoolMode::kMax;
  }
  return is<nn::Relu>(layer) || is<nn::Flatten>(layer) || is<nn::Dropout>(layer) ||
         is<nn::Concat>(layer);
}

int grid_bits(const nn::Network& network, int index) {
  if (index == nn::kNetworkInput) return network.description().input_bits;
  return quantizer_bits(network.layers()[static_cast<std::size_t>(index)]);
}

bool is_same_grid(const nn::Network& network, int one, int other) {
  const double range = fixed_range(network, one);
  return range > 0 && range == fixed_range(network, other) &&
         grid_bits(network, one) == grid_bits(network, other);
}

void find_grid(const nn::Network& network, int reader, LayerPlan& plan) {
  std::vector<int> open = {network.layers()[static_cast<std::size_t>(reader)].inputs.front()};
  std::set<int> seen;
  while (!open.empty()) {
    const int index = open.back();
    open.pop_back();
    if (!seen.insert(index).second) continue;
    const int bits = grid_bits(network, index);
    if (bits > 0 || index == nn::kNetworkInput) {
      plan.grid_sources.push_back(index);
      plan.input_bits = std::max(plan.input_bits, bits);
      continue;
    }
    const nn::Layer& layer = network.layers()[static_cast<std::size_t>(index)];
    if (!keeps_grid(layer)) plan.requantize_input = true;
    const auto followed = is<nn::Concat>(layer) ? layer.inputs.end() : layer.inputs.begin() + 1;
    open.insert(open.end(), layer.inputs.begin(), followed);
  }
  std::sort(plan.grid_sources.begin(), plan.grid_sources.end());
  for (const int source : plan.grid_sources) {
    if (source == plan.grid_sources.front()) continue;
    if (!is_same_grid(network, source, plan.grid_sources.front())) plan.requantize_input = true;
  }
}

/// Layers whose backward pass does not read their output.
bool output_is_free(const nn::Layer& layer) {
  return is<nn::Conv>(layer) || is<nn::BatchNorm>(layer) || is<nn::Add>(layer) ||
         is<nn::Concat>(layer);
}

}  // namespace

std::vector<LayerPlan> plan_layers(const nn::Network& network) {
  const std::vector<nn::Layer>& layers = network.layers();
  std::vector<int> readers(layers.size(), 0);
  for (const nn::Layer& layer : layers) {
    for (const int input : layer.inputs) {
      if (input != nn::kNetworkInput) ++readers[static_cast<std::size_t>(input)];
    }
  }
  std::vector<LayerPlan> plans(layers.size());
  const auto layer_at = [&](int index) -> const nn::Layer& {
    return layers[static_cast<std::size_t>(index)];
  };
  const auto only_read_here = [&](int index) {
    return index != nn::kNetworkInput && readers[static_cast<std::size_t>(index)] == 1;
  };
  for (std::size_t index = 0; index < layers.size(); ++index) {
    const nn::Layer& layer = layers[index];
    if (is<nn::Conv>(layer) || is<nn::Linear>(layer)) {
      find_grid(network, static_cast<int>(index), plans[index]);
    }
    int source = layer.inputs.front();
    if (is<nn::HardTanh>(layer) && only_read_here(source) && is<nn::Relu>(layer_at(source))) {
      plans[index].rectified_by_quantizer = true;
      plans[static_cast<std::size_t>(source)].rectified_by_quantizer = true;
      source = layer_at(source).inputs.front();
    }
    plans[index].in_place = only_read_here(source) && output_is_free(layer_at(source));
  }
  return plans;
}

double fixed_range(const nn::Network& network, int grid_source) {
  if (grid_source == nn::kNetworkInput) {
    const nn::NetworkDescription& description = network.description();
    return description.input_scale * ((1 << (description.input_bits - 1)) - 1);
  }
  const nn::Layer& layer = network.layers()[static_cast<std::size_t>(grid_source)];
  const auto* tanh = std::get_if<nn::HardTanh>(&layer.parameters);
  return tanh != nullptr ? tanh->range : -1.0;
}

double input_range(const nn::Network& network, const LayerPlan& plan,
                   const std::function<double(int)>& output_range) {
  double widest = 0;
  for (const int source : plan.grid_sources) {
    const double fixed = fixed_range(network, source);
    widest = std::max(widest, fixed < 0 ? output_range(source) : fixed);
  }
  return widest;
}

}  // namespace gibbon::train
