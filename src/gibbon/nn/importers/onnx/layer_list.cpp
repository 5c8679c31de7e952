#include "gibbon/nn/importers/onnx/layer_list.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "gibbon/nn/importers/onnx/unsupported.hpp"

namespace gibbon::nn::onnx {

namespace {

/// Exporters round 1 / sqrt(2) and 2 * 0.5 to single precision.
constexpr double kFactorTolerance = 1e-6;

/// The signed grid of `bits` bits that reaches the largest weight.
QuantizationScale weight_grid(const std::vector<float>& weight, int bits) {
  float largest = 0;
  for (const float value : weight) largest = std::max(largest, std::abs(value));
  // Weights of zeros fit any grid, but a grid's scale must be positive.
  if (largest == 0) largest = 1;
  return {bits, static_cast<double>(largest) / ((1 << (bits - 1)) - 1)};
}

}  // namespace

void require_whole(const Value& value) {
  if (value.part != GeluPart::kNone) {
    throw Unsupported(
        "a part of GELU is read, which is supported as a whole: x * 0.5 * (1 + erf(x / sqrt(2)))");
  }
  if (!(std::abs(value.factor - 1) <= kFactorTolerance)) {
    throw Unsupported(fmt::format(
        "{} times a result is read, which is supported in attention and GELU", value.factor));
  }
}

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

int LayerList::layer_of(const Value& value, std::string_view role) {
  require_whole(value);
  const int layer = value.pending ? write(*value.pending, role) : value.layer;
  if (!value.shift) return layer;
  Shift& shift = *value.shift;
  if (shift.layer != kUnwritten) return shift.layer;
  LayerState state;
  state.beta = shift.values;
  const bool is_part = value.pending && value.pending->is_part;
  shift.layer =
      add(is_part ? fmt::format("{}_{}", shift.name, role) : shift.name,
          Bias{value.shape.channels, options_.activation_bits}, {layer}, std::move(state));
  return shift.layer;
}

const LayerState& LayerList::state(const PendingLayer& pending) const {
  if (pending.layer == kUnwritten) return pending.state;
  return states_[static_cast<std::size_t>(pending.layer)];
}

int LayerList::write(PendingLayer& pending, std::string_view role) {
  if (pending.layer != kUnwritten) return pending.layer;
  const std::string name =
      pending.is_part ? fmt::format("{}_{}", pending.name, role) : pending.name;
  pending.layer = add(name, pending.parameters, pending.inputs, std::move(pending.state));
  return pending.layer;
}

int LayerList::add(const std::string& name, LayerParameters parameters, std::vector<int> inputs,
                   LayerState state) {
  set_grids(parameters, inputs, state);
  description_.layers.push_back({unique_name(name), std::move(parameters), std::move(inputs)});
  states_.push_back(std::move(state));
  return static_cast<int>(states_.size()) - 1;
}

void LayerList::set_grids(const LayerParameters& parameters, const std::vector<int>& inputs,
                          LayerState& state) const {
  const auto set_weighted = [&](const auto& layer) {
    state.weights = weight_grid(state.weight, layer.weight_bits);
    state.input = input_grid(inputs.front());
    state.output.bits = layer.activation_bits;
  };
  if (const auto* conv = std::get_if<Conv>(&parameters)) set_weighted(*conv);
  if (const auto* linear = std::get_if<Linear>(&parameters)) set_weighted(*linear);
  if (const auto* product = std::get_if<MatMul>(&parameters)) {
    state.output.bits = product->activation_bits;
  }
  const auto set_quantised = [&](const auto& layer) {
    if (layer.output_bits) state.output.bits = *layer.output_bits;
  };
  if (const auto* norm = std::get_if<BatchNorm>(&parameters)) set_quantised(*norm);
  if (const auto* norm = std::get_if<LayerNorm>(&parameters)) set_quantised(*norm);
  if (const auto* bias = std::get_if<Bias>(&parameters)) set_quantised(*bias);
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
