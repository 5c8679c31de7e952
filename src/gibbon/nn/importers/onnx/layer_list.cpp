#include "gibbon/nn/importers/onnx/layer_list.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace gibbon::nn::onnx {

LayerList::LayerList(std::string network_name, const Shape& input, const ImportOptions& options)
    : options_(options) {
  description_.name = std::move(network_name);
  description_.input = input;
  description_.input_bits = options.input_bits;
  description_.input_scale = options.input_scale;
}

TrainedNetwork LayerList::finish(int num_classes) {
  description_.num_classes = num_classes;
  return {Network(std::move(description_)), std::move(states_)};
}

int LayerList::layer_of(const Value& value) {
  if (!value.shift) return value.layer;
  Shift& shift = *value.shift;
  if (shift.layer != kUnwritten) return shift.layer;
  LayerState state;
  const std::size_t channels = shift.values.size();
  state.gamma.assign(channels, 1);
  state.beta = shift.values;
  state.running_mean.assign(channels, 0);
  state.running_variance.assign(channels, 1);
  state.epsilon = 0;
  shift.layer = add(shift.name, BatchNorm{value.shape.channels, std::nullopt}, {value.layer},
                    std::move(state));
  return shift.layer;
}

int LayerList::add(const std::string& name, LayerParameters parameters, std::vector<int> inputs,
                   LayerState state) {
  description_.layers.push_back({unique_name(name), std::move(parameters), std::move(inputs)});
  states_.push_back(std::move(state));
  return static_cast<int>(states_.size()) - 1;
}

std::string LayerList::unique_name(const std::string& name) {
  if (names_.insert(name).second) return name;
  int& number = suffixes_.try_emplace(name, 1).first->second;
  while (true) {
    const std::string numbered = fmt::format("{}_{}", name, ++number);
    if (names_.insert(numbered).second) return numbered;
  }
}

QuantizationScale LayerList::input_grid(int layer) const {
  while (layer != kNetworkInput) {
    const Layer& source = description_.layers[static_cast<std::size_t>(layer)];
    if (std::holds_alternative<HardTanh>(source.parameters) ||
        std::holds_alternative<Concat>(source.parameters)) {
      return states_[static_cast<std::size_t>(layer)].output;
    }
    const bool keeps_grid = std::holds_alternative<Flatten>(source.parameters) ||
                            std::holds_alternative<Dropout>(source.parameters);
    if (!keeps_grid) return {options_.activation_bits, 0.0};
    layer = source.inputs.front();
  }
  return {options_.input_bits, options_.input_scale};
}

QuantizationScale LayerList::grid_of_all(const std::vector<int>& layers) const {
  int bits = 0;
  double range = 0;
  bool all_known = true;
  for (const int layer : layers) {
    const QuantizationScale grid = input_grid(layer);
    bits = std::max(bits, grid.bits);
    range = std::max(range, grid.scale * ((1 << (grid.bits - 1)) - 1));
    all_known = all_known && grid.scale > 0;
  }
  return {bits, all_known ? range / ((1 << (bits - 1)) - 1) : 0.0};
}

}  // namespace gibbon::nn::onnx
