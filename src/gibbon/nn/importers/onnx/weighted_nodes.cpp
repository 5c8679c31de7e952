#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <span>
#include <utility>

#include "gibbon/base/error.hpp"
#include "gibbon/nn/importers/onnx/dimensions.hpp"
#include "gibbon/nn/importers/onnx/node_adder.hpp"
#include "gibbon/nn/importers/onnx/shapes.hpp"

namespace gibbon::nn::onnx {

namespace {

bool all_zero(const std::vector<float>& values) {
  return std::all_of(values.begin(), values.end(), [](float value) { return value == 0; });
}

void scale(const NodeProto& node, std::span<float> values, float factor) {
  for (float& value : values) {
    value *= factor;
    if (std::isfinite(value)) continue;
    throw base::Error(
        fmt::format("{}: its factor {} makes a weight infinite", describe(node), factor));
  }
}

/// Row i of as many equal rows as there are factors by factor i.
void multiply_rows(const NodeProto& node, std::vector<float>& values,
                   const std::vector<float>& factors) {
  const std::size_t length = values.size() / factors.size();
  for (std::size_t row = 0; row < factors.size(); ++row) {
    scale(node, std::span(values).subspan(row * length, length), factors[row]);
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

/// nullptr for a shift that does nothing.
std::shared_ptr<Shift> make_shift(std::string name, std::vector<float> values) {
  if (all_zero(values)) return nullptr;
  return std::make_shared<Shift>(Shift{std::move(name), std::move(values)});
}

/// Whether a constant's one dimension that is not 1 meets all features when it is broadcast.
bool lies_in_features(const Extents& extents, const View& view) {
  Extents extended = extents;
  while (extended.size() > view.rank() && extended.front() == 1) extended.erase(extended.begin());
  if (extended.size() > view.rank()) return false;
  const std::size_t missing = view.rank() - extended.size();
  for (std::size_t d = 0; d < extended.size(); ++d) {
    if (extended[d] != 1 && !view.holds(missing + d, Axis::kFeatures)) return false;
  }
  return true;
}

/// A linear layer over tokens.
Conv over_tokens(int in_features, int out_features, const ImportOptions& options) {
  Conv conv;
  conv.in_channels = in_features;
  conv.out_channels = out_features;
  conv.kernel = 1;
  conv.weight_bits = options.weight_bits;
  conv.activation_bits = options.activation_bits;
  return conv;
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
  LayerState state;
  state.weight = floats_of(*conv.weight);
  std::vector<float> bias;
  if (conv.bias != nullptr) bias = floats_of(*conv.bias);
  add_weighted(layer, in, std::move(state), Value::image(kUnwritten, out), std::move(bias));
}

void NodeAdder::operator()(const LinearNode& linear) {
  const Value& in = features(0);
  const std::size_t last = in.view.rank() - 1;
  const std::vector<std::int64_t> extents = extents_of(*linear.weight);
  const auto in_features = static_cast<int>(linear.out_first ? extents[1] : extents[0]);
  const auto out_features = static_cast<int>(linear.out_first ? extents[0] : extents[1]);
  if (in_features != in.view.extent(last)) {
    throw base::Error(fmt::format("{}: its weight {} is for {} features, its input has {}",
                                  describe(node_), to_text(extents), in_features,
                                  in.view.extent(last)));
  }
  LayerState state;
  state.weight = floats_of(*linear.weight);
  if (!linear.out_first) {
    state.weight = transposed(state.weight, static_cast<std::size_t>(in_features),
                              static_cast<std::size_t>(out_features));
  }
  scale(node_, state.weight, linear.weight_factor);
  require_elements(node_, out_features, in.view.count(Axis::kTokens));
  Value out{kUnwritten,
            {out_features, in.shape.height, in.shape.width},
            in.view.replaced(last, View::whole(Axis::kFeatures, out_features))};
  std::vector<float> bias;
  if (linear.bias != nullptr) {
    bias = per_channel(*linear.bias, out);
    scale(node_, bias, linear.bias_factor);
  }
  if (in.is_vector()) {
    const Linear layer{in_features, out_features, layers_.options().weight_bits,
                       layers_.options().activation_bits};
    add_weighted(layer, in, std::move(state), std::move(out), std::move(bias));
  } else {
    out.pending = std::make_shared<PendingLayer>(
        PendingLayer{name_of(node_),
                     over_tokens(in_features, out_features, layers_.options()),
                     {layers_.layer_of(in)},
                     std::move(state)});
    out.shift = make_shift(name_of(node_) + "_bias", std::move(bias));
    set_output(std::move(out));
  }
}

void NodeAdder::add_weighted(LayerParameters layer, const Value& in, LayerState state, Value out,
                             std::vector<float> bias) {
  if (!bias.empty() && bias.size() != static_cast<std::size_t>(out.shape.channels)) {
    throw base::Error(fmt::format("{}: its bias has {} values for {} outputs", describe(node_),
                                  bias.size(), out.shape.channels));
  }
  const int source = layers_.layer_of(in);
  out.layer = layers_.add(name_of(node_), std::move(layer), {source}, std::move(state));
  out.shift = make_shift(name_of(node_) + "_bias", std::move(bias));
  set_output(std::move(out));
}

void NodeAdder::operator()(const BatchNormNode& norm) {
  const Value& in = value(0);
  if (in.view.rank() < 2 || !in.view.holds(1, Axis::kFeatures)) {
    throw Unsupported(
        fmt::format("its input {} has features in another dimension than 1", shape_text(in)));
  }
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
  Value source = in;
  if (in.shift && in.shift->layer == kUnwritten) {
    // (x + bias) - mean = x - (mean - bias).
    for (std::size_t i = 0; i < in.shift->values.size(); ++i) {
      state.running_mean[i] -= in.shift->values[i];
    }
    source.shift = nullptr;
  }
  const int source_layer = layers_.layer_of(source);
  add_layer(BatchNorm{in.shape.channels, layers_.options().activation_bits}, {source_layer},
            std::move(state), in.shape, in.view);
}

void NodeAdder::operator()(const LayerNormNode& norm) {
  const Value& in = value(0);
  const std::size_t axis = dimension_of(node_, norm.axis, in.view.rank());
  if (axis + 1 != in.view.rank() || !in.view.holds(axis, Axis::kFeatures)) {
    throw Unsupported(
        fmt::format("it normalises {} from axis {} on, supported is the last one over all features",
                    shape_text(in), norm.axis));
  }
  LayerState state;
  state.gamma = norm_values(*norm.gamma, in);
  state.beta.assign(state.gamma.size(), 0);
  if (norm.beta != nullptr) state.beta = norm_values(*norm.beta, in);
  state.epsilon = norm.epsilon;
  const int source = layers_.layer_of(in);
  add_layer(LayerNorm{in.shape.channels, layers_.options().activation_bits}, {source},
            std::move(state), in.shape, in.view);
}

void NodeAdder::operator()(const ShiftNode& shift) {
  Value out = value(shift.data);
  if (out.part == GeluPart::kErf) {
    add_one_to_erf(*shift.shift, out);
    return;
  }
  require_whole(out);
  if (is_positions(*shift.shift, out)) {
    add_positions(*shift.shift, out);
    return;
  }
  std::vector<float> values = per_channel(*shift.shift, out);
  if (out.shift && out.shift->layer == kUnwritten) {
    for (std::size_t i = 0; i < values.size(); ++i) values[i] += out.shift->values[i];
  } else if (out.shift) {
    out.layer = layers_.layer_of(out);
    out.pending = nullptr;
  }
  out.shift = make_shift(name_of(node_), std::move(values));
  set_output(std::move(out));
}

void NodeAdder::operator()(const ChannelScaleNode& scale) {
  Value out = value(scale.data);
  require_whole(out);
  if (!out.pending || !std::holds_alternative<Conv>(out.pending->parameters)) {
    throw Unsupported(
        fmt::format("it multiplies {} by a constant of shape {}; one number is supported, or one a "
                    "feature behind a linear layer over tokens",
                    shape_text(out), to_text(extents_of(*scale.factors))));
  }
  const std::vector<float> factors = per_channel(*scale.factors, out);
  PendingLayer scaled = *out.pending;
  scaled.state.weight = layers_.state(*out.pending).weight;
  scaled.layer = kUnwritten;
  multiply_rows(node_, scaled.state.weight, factors);
  out.pending = std::make_shared<PendingLayer>(std::move(scaled));
  if (out.shift) {
    std::vector<float> shift = out.shift->values;
    multiply_rows(node_, shift, factors);
    out.shift = make_shift(out.shift->name, std::move(shift));
  }
  set_output(std::move(out));
}

const Value& NodeAdder::features(int input) const {
  const Value& found = value(input);
  if (found.is_image()) {
    throw base::Error(fmt::format("{}: its input is {}x{}x{}, it has to be flattened before",
                                  describe(node_), found.shape.channels, found.shape.height,
                                  found.shape.width));
  }
  const std::size_t rank = found.view.rank();
  if (rank > 0 && found.view.holds(rank - 1, Axis::kFeatures)) return found;
  throw Unsupported(fmt::format("the last dimension of its input {} is not all features of a token",
                                shape_text(found)));
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
  if (values.size() == channels && lies_in_features(extents_of(tensor), target.view)) return values;
  throw base::Error(fmt::format(
      "{}: the constant '{}' of shape {} is not one value or one for each of the {} channels",
      describe(node_), printable(tensor.name()), to_text(extents_of(tensor)), channels));
}

}  // namespace gibbon::nn::onnx
