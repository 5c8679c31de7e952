#include "gibbon/train/trainers/layer_plan.hpp"

#include <algorithm>
#include <set>
#include <utility>
#include <variant>

#include "gibbon/train/trainers/block_tail_kernels.hpp"

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
  if (const auto* norm = std::get_if<nn::LayerNorm>(&layer.parameters)) {
    return norm->output_bits.value_or(0);
  }
  if (const auto* bias = std::get_if<nn::Bias>(&layer.parameters)) {
    return bias->output_bits.value_or(0);
  }
  if (const auto* product = std::get_if<nn::MatMul>(&layer.parameters)) {
    return product->activation_bits;
  }
  return 0;
}

bool is_largest_of(const nn::Layer& layer) {
  const auto* pool = std::get_if<nn::Pool>(&layer.parameters);
  return pool != nullptr && pool->mode == nn::PoolMode::kMax;
}

/// Whether a layer's output lies on the grids of its inputs, if its inputs do.
bool keeps_grid(const nn::Layer& layer) {
  return is_largest_of(layer) || is<nn::Relu>(layer) || is<nn::Flatten>(layer) ||
         is<nn::Dropout>(layer) || is<nn::Concat>(layer) || is<nn::SelectToken>(layer);
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
  return is<nn::Conv>(layer) || is<nn::BatchNorm>(layer) || is<nn::Bias>(layer) ||
         is<nn::Add>(layer) || is<nn::Concat>(layer);
}

class Planner {
 public:
  explicit Planner(const nn::Network& network)
      : network_(network), readers_(network.layers().size(), 0), plans_(network.layers().size()) {
    for (const nn::Layer& layer : network.layers()) {
      for (const int input : layer.inputs) {
        if (input != nn::kNetworkInput) ++readers_[static_cast<std::size_t>(input)];
      }
    }
  }

  std::vector<LayerPlan> plan() {
    for (int index = 0; index < static_cast<int>(plans_.size()); ++index) {
      if (is<nn::Conv>(layer(index)) || is<nn::Linear>(layer(index))) {
        find_grid(network_, index, plan_of(index));
      }
      if (is<nn::BatchNorm>(layer(index))) free_scale_before(index);
      const int source = fold_relu(index);
      plan_of(index).in_place = only_read_once(source) && output_is_free(layer(source));
      if (is<nn::HardTanh>(layer(index))) find_tail(index, source);
    }
    return std::move(plans_);
  }

 private:
  const nn::Layer& layer(int index) const {
    return network_.layers()[static_cast<std::size_t>(index)];
  }
  LayerPlan& plan_of(int index) { return plans_[static_cast<std::size_t>(index)]; }

  bool only_read_once(int index) const {
    return index != nn::kNetworkInput && readers_[static_cast<std::size_t>(index)] == 1;
  }

  /// The layer's source: its first input, or that of the Relu for which it rectifies.
  int fold_relu(int index) {
    const int source = layer(index).inputs.front();
    if (!is<nn::HardTanh>(layer(index)) || !only_read_once(source)) return source;
    if (!is<nn::Relu>(layer(source))) return source;
    plan_of(index).rectified_by_quantizer = true;
    plan_of(source).rectified_by_quantizer = true;
    return layer(source).inputs.front();
  }

  void free_scale_before(int norm) {
    int source = layer(norm).inputs.front();
    if (only_read_once(source) && is<nn::Pool>(layer(source)))
      source = layer(source).inputs.front();
    if (only_read_once(source) && is<nn::Conv>(layer(source))) plan_of(source).scale_is_free = true;
  }

  void find_tail(int tanh, int source) {
    TailLayers tail;
    if (only_read_once(source) && is<nn::Add>(layer(source))) {
      if (!adds_shortcut(source)) return;
      tail.add = source;
      source = layer(source).inputs.front();
    }
    if (!only_read_once(source) || !is<nn::BatchNorm>(layer(source))) return;
    if (std::get<nn::BatchNorm>(layer(source).parameters).output_bits) return;
    tail.norm = source;
    source = layer(source).inputs.front();
    if (only_read_once(source) && is_largest_of(layer(source))) {
      tail.pool = source;
      source = layer(source).inputs.front();
    }
    tail.conv = source;
    if (!only_read_once(tail.conv) || !is<nn::Conv>(layer(tail.conv))) return;
    if (plan_of(tail.conv).input_bits > kMostCodeBits) return;
    for (const int member : {tail.conv, tail.norm, tanh}) plan_of(member).tail = tail;
    if (tail.pool >= 0) plan_of(tail.pool).tail = tail;
    if (tail.add >= 0) plan_of(tail.add).tail = tail;
    if (plan_of(tanh).rectified_by_quantizer) plan_of(layer(tanh).inputs.front()).tail = tail;
  }

  /// A sum of two whose first one has all its channels.
  bool adds_shortcut(int add) const {
    const std::vector<int>& inputs = layer(add).inputs;
    return inputs.size() == 2 && inputs.front() != nn::kNetworkInput &&
           network_.output_shape(inputs.front()) == network_.output_shape(add);
  }

  const nn::Network& network_;
  std::vector<int> readers_;
  std::vector<LayerPlan> plans_;
};

}  // namespace

std::vector<LayerPlan> plan_layers(const nn::Network& network) {
  return Planner(network).plan();
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
