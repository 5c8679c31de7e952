#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "gibbon/base/error.hpp"
#include "gibbon/nn/importers/onnx/node_adder.hpp"
#include "gibbon/nn/importers/onnx/shapes.hpp"

namespace gibbon::nn::onnx {

namespace {

/// The signed grid of `bits` bits that reaches the largest weight.
QuantizationScale weight_grid(const std::vector<float>& weight, int bits) {
  float largest = 0;
  for (const float value : weight) largest = std::max(largest, std::abs(value));
  // Weights of zeros fit any grid, but a grid's scale must be positive.
  if (largest == 0) largest = 1;
  return {bits, static_cast<double>(largest) / ((1 << (bits - 1)) - 1)};
}

bool all_zero(const std::vector<float>& values) {
  return std::all_of(values.begin(), values.end(), [](float value) { return value == 0; });
}

void scale(const NodeProto& node, std::vector<float>& values, float factor) {
  for (float& value : values) {
    value *= factor;
    if (std::isfinite(value)) continue;
    throw base::Error(
        fmt::format("{}: its factor {} makes a weight infinite", describe(node), factor));
  }
}

/// [rows, columns] to [columns, rows].
std::vector<float> transposed(const std::vector<float>& values, std::size_t rows,
                              std::size_t columns) {
  std::vector<float> result(values.size());
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t column = 0; column < columns; ++column) {
      result[column * rows + row] = values[row * columns + column];
    }
  }
  return result;
}

Value with_shift(Value value, std::string name, std::vector<float> values) {
  if (!all_zero(values)) {
    value.shift = std::make_shared<Shift>(Shift{std::move(name), std::move(values)});
  }
  return value;
}

}  // namespace

void NodeAdder::operator()(const ConvNode& conv) {
  const Value& in = image(0);
  const std::vector<std::int64_t> extents = extents_of(*conv.weight);
  if (extents[1] * conv.groups != in.shape.channels) {
    throw base::Error(
        fmt::format("{}: its weight {} in {} groups is for {} input channels, its input has {}",
                    describe(node_), to_text(extents), conv.groups, extents[1] * conv.groups,
                    in.shape.channels));
  }
  Conv layer;
  layer.in_channels = in.shape.channels;
  layer.out_channels = static_cast<int>(extents[0]);
  layer.kernel = conv.window.kernel;
  layer.stride = conv.window.stride;
  layer.padding = padding_of(conv.window, in.shape);
  layer.groups = conv.groups;
  layer.weight_bits = layers_.options().weight_bits;
  layer.activation_bits = layers_.options().activation_bits;
  const Shape out = output_of(node_, conv.window, layer.padding, layer.out_channels, in.shape);
  add_weighted(layer, in, Value::image(kNetworkInput, out), floats_of(*conv.weight),
               conv.bias == nullptr ? std::vector<float>{} : floats_of(*conv.bias));
}

void NodeAdder::operator()(const LinearNode& linear) {
  const Value& in = vector(0);
  const std::vector<std::int64_t> extents = extents_of(*linear.weight);
  Linear layer;
  layer.in_features = static_cast<int>(linear.out_first ? extents[1] : extents[0]);
  layer.out_features = static_cast<int>(linear.out_first ? extents[0] : extents[1]);
  layer.weight_bits = layers_.options().weight_bits;
  layer.activation_bits = layers_.options().activation_bits;
  if (layer.in_features != in.shape.channels) {
    throw base::Error(fmt::format("{}: its weight {} is for {} features, its input has {}",
                                  describe(node_), to_text(extents), layer.in_features,
                                  in.shape.channels));
  }
  std::vector<float> weight = floats_of(*linear.weight);
  if (!linear.out_first) {
    weight = transposed(weight, static_cast<std::size_t>(layer.in_features),
                        static_cast<std::size_t>(layer.out_features));
  }
  scale(node_, weight, linear.weight_factor);
  const Value out = Value::vector(kNetworkInput, layer.out_features);
  std::vector<float> bias;
  if (linear.bias != nullptr) {
    bias = per_channel(*linear.bias, out);
    scale(node_, bias, linear.bias_factor);
  }
  add_weighted(layer, in, out, std::move(weight), std::move(bias));
}

void NodeAdder::operator()(const BatchNormNode& norm) {
  const Value& in = value(0);
  LayerState state;
  state.gamma = norm_values(*norm.gamma, in);
  state.beta = norm_values(*norm.beta, in);
  state.running_mean = norm_values(*norm.mean, in);
  state.running_variance = norm_values(*norm.variance, in);
  state.epsilon = norm.epsilon;
  for (const float variance : state.running_variance) {
    if (!(variance + norm.epsilon > 0) || !std::isfinite(norm.epsilon)) {
      throw base::Error(fmt::format("{}: variance {} plus epsilon {} is not positive and finite",
                                    describe(node_), variance, norm.epsilon));
    }
  }
  int source = in.layer;
  if (in.shift && in.shift->layer == kUnwritten) {
    // (x + bias) - mean = x - (mean - bias).
    for (std::size_t i = 0; i < in.shift->values.size(); ++i) {
      state.running_mean[i] -= in.shift->values[i];
    }
  } else {
    source = layers_.layer_of(in);
  }
  state.output.bits = layers_.options().activation_bits;
  add_layer(BatchNorm{in.shape.channels, layers_.options().activation_bits}, {source},
            std::move(state), in.shape, in.view);
}

void NodeAdder::operator()(const ShiftNode& shift) {
  Value out = value(shift.data);
  std::vector<float> values = per_channel(*shift.shift, out);
  if (out.shift && out.shift->layer == kUnwritten) {
    for (std::size_t i = 0; i < values.size(); ++i) values[i] += out.shift->values[i];
  } else {
    out.layer = layers_.layer_of(out);
  }
  out.shift = nullptr;
  set_output(with_shift(std::move(out), name_of(node_), std::move(values)));
}

std::vector<float> NodeAdder::norm_values(const TensorProto& tensor, const Value& in) const {
  std::vector<float> values = floats_of(tensor);
  if (values.size() == static_cast<std::size_t>(in.shape.channels)) return values;
  throw base::Error(fmt::format("{}: '{}' has {} values, its input has {} channels",
                                describe(node_), printable(tensor.name()), values.size(),
                                in.shape.channels));
}

std::vector<float> NodeAdder::per_channel(const TensorProto& tensor, const Value& target) const {
  const std::vector<float> values = floats_of(tensor);
  const auto channels = static_cast<std::size_t>(target.shape.channels);
  if (values.size() == 1) return std::vector<float>(channels, values.front());
  std::vector<std::int64_t> extents = extents_of(tensor);
  while (extents.size() > 1 && extents.front() == 1) extents.erase(extents.begin());
  const auto wanted = target.is_image() ? std::vector<std::int64_t>{target.shape.channels, 1, 1}
                                        : std::vector<std::int64_t>{target.shape.channels};
  if (extents == wanted) return values;
  throw base::Error(fmt::format(
      "{}: the constant '{}' of shape {} is not one value or one for each of the {} channels",
      describe(node_), printable(tensor.name()), to_text(extents_of(tensor)), channels));
}

template <typename Layer>
void NodeAdder::add_weighted(const Layer& layer, const Value& in, Value out,
                             std::vector<float> weight, std::vector<float> bias) {
  if (!bias.empty() && bias.size() != static_cast<std::size_t>(out.shape.channels)) {
    throw base::Error(fmt::format("{}: its bias has {} values for {} outputs", describe(node_),
                                  bias.size(), out.shape.channels));
  }
  const int source = layers_.layer_of(in);
  LayerState state;
  state.weights = weight_grid(weight, layer.weight_bits);
  state.weight = std::move(weight);
  state.input = layers_.input_grid(source);
  state.output.bits = layer.activation_bits;
  out.layer = layers_.add(name_of(node_), layer, {source}, std::move(state));
  set_output(with_shift(std::move(out), name_of(node_) + "_bias", std::move(bias)));
}

}  // namespace gibbon::nn::onnx
