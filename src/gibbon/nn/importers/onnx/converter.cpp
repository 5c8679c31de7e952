#include "gibbon/nn/importers/onnx/converter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "gibbon/base/error.hpp"
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

}  // namespace

/// Adds one node; what its kind means is chosen by std::visit.
class Converter::NodeAdder {
 public:
  NodeAdder(Converter& converter, const NodeProto& node) : to_(converter), node_(node) {}

  void operator()(const ConvNode& conv) {
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
    layer.weight_bits = to_.options_.weight_bits;
    layer.activation_bits = to_.options_.activation_bits;
    const Shape out = output_of(node_, conv.window, layer.padding, layer.out_channels, in.shape);
    add_weighted(layer, in, {kNetworkInput, out, true, nullptr}, floats_of(*conv.weight),
                 conv.bias == nullptr ? std::vector<float>{} : floats_of(*conv.bias));
  }

  void operator()(const LinearNode& linear) {
    const Value& in = vector(0);
    const std::vector<std::int64_t> extents = extents_of(*linear.weight);
    Linear layer;
    layer.in_features = static_cast<int>(linear.out_first ? extents[1] : extents[0]);
    layer.out_features = static_cast<int>(linear.out_first ? extents[0] : extents[1]);
    layer.weight_bits = to_.options_.weight_bits;
    layer.activation_bits = to_.options_.activation_bits;
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
    const Shape out{layer.out_features, 1, 1};
    std::vector<float> bias;
    if (linear.bias != nullptr) {
      bias = per_channel(*linear.bias, {kNetworkInput, out, false, nullptr});
      scale(node_, bias, linear.bias_factor);
    }
    add_weighted(layer, in, {kNetworkInput, out, false, nullptr}, std::move(weight),
                 std::move(bias));
  }

  void operator()(const BatchNormNode& norm) {
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
    if (in.shift && in.shift->layer == Shift::kUnwritten) {
      // (x + bias) - mean = x - (mean - bias).
      for (std::size_t i = 0; i < in.shift->values.size(); ++i) {
        state.running_mean[i] -= in.shift->values[i];
      }
    } else {
      source = to_.layer_of(in);
    }
    state.output.bits = to_.options_.activation_bits;
    add_layer(BatchNorm{in.shape.channels, to_.options_.activation_bits}, {source},
              std::move(state), in.shape, in.is_image);
  }

  void operator()(const PoolNode& pool) {
    const Value& in = image(0);
    Pool layer;
    layer.mode = pool.mode;
    layer.activation_bits = to_.options_.activation_bits;
    if (pool.mode == PoolMode::kGlobalAverage) {
      layer.kernel = layer.stride = std::max(in.shape.height, in.shape.width);
      add_plain(layer, in, {in.shape.channels, 1, 1}, true);
      return;
    }
    layer.kernel = pool.window.kernel;
    layer.stride = pool.window.stride;
    layer.padding = padding_of(pool.window, in.shape);
    if (pool.mode == PoolMode::kAverage && layer.padding > 0 && !pool.counts_padding) {
      throw Unsupported("an average over padded windows needs count_include_pad");
    }
    add_plain(layer, in, output_of(node_, pool.window, layer.padding, in.shape.channels, in.shape),
              true);
  }

  void operator()(const ReluNode&) { add_plain(Relu{}, value(0)); }
  void operator()(const DropoutNode&) { add_plain(Dropout{}, value(0)); }
  void operator()(const ClipNode& clip) {
    const Value& in = value(0);
    const int bits = to_.options_.activation_bits;
    LayerState state;
    state.output = {bits, clip.range / ((1 << (bits - 1)) - 1)};
    int source = to_.layer_of(in);
    std::string name = name_of(node_);
    if (clip.is_positive) {
      source = to_.add_layer(name, Relu{}, {source}, {});
      name += "_limit";
    }
    const int layer = to_.add_layer(name, HardTanh{bits, clip.range}, {source}, std::move(state));
    set_output({layer, in.shape, in.is_image, nullptr});
  }

  void operator()(const SumNode&) {
    const Value& first = value(0);
    const Value& second = value(1);
    if (first.shape != second.shape || first.is_image != second.is_image) {
      throw base::Error(fmt::format(
          "{}: results of {}x{}x{} and {}x{}x{} cannot be added; equal shapes are supported",
          describe(node_), first.shape.channels, first.shape.height, first.shape.width,
          second.shape.channels, second.shape.height, second.shape.width));
    }
    const int first_layer = to_.layer_of(first);
    const int second_layer = to_.layer_of(second);
    add_layer(Add{first.shape.channels, to_.options_.activation_bits}, {first_layer, second_layer},
              {}, first.shape, first.is_image);
  }

  void operator()(const ConcatNode& concat) {
    const Value& first = value(0);
    const std::int64_t rank = first.is_image ? 4 : 2;
    if (concat.axis != 1 && concat.axis != 1 - rank) {
      throw Unsupported(fmt::format("axis is {}, 1 (channels) is supported", concat.axis));
    }
    Shape joined = first.shape;
    std::vector<int> layers = {to_.layer_of(first)};
    for (int index = 1; index < node_.input_size(); ++index) {
      const Value& in = value(index);
      const Shape& shape = in.shape;
      if (in.is_image != first.is_image || shape.height != first.shape.height ||
          shape.width != first.shape.width) {
        throw base::Error(fmt::format("{}: results of {} and {} cannot be concatenated",
                                      describe(node_), size_text(first), size_text(in)));
      }
      joined.channels += shape.channels;
      require_size(node_, joined);
      layers.push_back(to_.layer_of(in));
    }
    if (layers.size() == 1) {
      set_output(first);
      return;
    }
    LayerState state;
    state.output = to_.grid_of_all(layers);
    add_layer(Concat{}, std::move(layers), std::move(state), joined, first.is_image);
  }

  void operator()(const ShiftNode& shift) {
    Value out = value(shift.data);
    std::vector<float> values = per_channel(*shift.shift, out);
    if (out.shift && out.shift->layer == Shift::kUnwritten) {
      for (std::size_t i = 0; i < values.size(); ++i) values[i] += out.shift->values[i];
    } else {
      out.layer = to_.layer_of(out);
    }
    out.shift = nullptr;
    set_output(with_shift(std::move(out), name_of(node_), std::move(values)));
  }

  void operator()(const FlattenNode&) { flatten(value(0)); }

  void operator()(const ReshapeNode& reshape) {
    const Value& in = value(0);
    const std::vector<std::int64_t> target = integers_of(*reshape.shape);
    if (keeps_shape(target, in.shape, in.is_image)) {
      set_output(in);
    } else if (makes_vector(target, in.shape, in.is_image)) {
      flatten(in);
    } else {
      throw Unsupported(fmt::format(
          "it makes {} of {} channels of {}x{}; only [1, all] is supported, as Flatten does",
          to_text(target), in.shape.channels, in.shape.height, in.shape.width));
    }
  }

  void operator()(const PassNode&) { set_output(value(0)); }

 private:
  const Value& value(int input) const { return to_.value_of(node_.input(input), node_); }

  const Value& image(int input) const {
    const Value& found = value(input);
    if (found.is_image) return found;
    throw base::Error(fmt::format("{}: its input is a vector of {}, images are needed",
                                  describe(node_), found.shape.channels));
  }

  const Value& vector(int input) const {
    const Value& found = value(input);
    if (!found.is_image) return found;
    throw base::Error(fmt::format("{}: its input is {}x{}x{}, it has to be flattened before",
                                  describe(node_), found.shape.channels, found.shape.height,
                                  found.shape.width));
  }

  std::vector<float> norm_values(const TensorProto& tensor, const Value& in) const {
    std::vector<float> values = floats_of(tensor);
    if (values.size() == static_cast<std::size_t>(in.shape.channels)) return values;
    throw base::Error(fmt::format("{}: '{}' has {} values, its input has {} channels",
                                  describe(node_), printable(tensor.name()), values.size(),
                                  in.shape.channels));
  }

  /// A constant that broadcasts to a value with the same number for all pixels of a channel.
  std::vector<float> per_channel(const TensorProto& tensor, const Value& target) const {
    const std::vector<float> values = floats_of(tensor);
    const auto channels = static_cast<std::size_t>(target.shape.channels);
    if (values.size() == 1) return std::vector<float>(channels, values.front());
    std::vector<std::int64_t> extents = extents_of(tensor);
    while (extents.size() > 1 && extents.front() == 1) extents.erase(extents.begin());
    const auto wanted = target.is_image ? std::vector<std::int64_t>{target.shape.channels, 1, 1}
                                        : std::vector<std::int64_t>{target.shape.channels};
    if (extents == wanted) return values;
    throw base::Error(fmt::format(
        "{}: the constant '{}' of shape {} is not one value or one for each of the {} channels",
        describe(node_), printable(tensor.name()), to_text(extents_of(tensor)), channels));
  }

  static std::string size_text(const Value& value) {
    const Shape& shape = value.shape;
    if (!value.is_image) return fmt::format("{}", shape.channels);
    return fmt::format("{}x{}x{}", shape.channels, shape.height, shape.width);
  }

  template <typename Layer>
  void add_weighted(const Layer& layer, const Value& in, Value out, std::vector<float> weight,
                    std::vector<float> bias) {
    if (!bias.empty() && bias.size() != static_cast<std::size_t>(out.shape.channels)) {
      throw base::Error(fmt::format("{}: its bias has {} values for {} outputs", describe(node_),
                                    bias.size(), out.shape.channels));
    }
    const int source = to_.layer_of(in);
    LayerState state;
    state.weights = weight_grid(weight, layer.weight_bits);
    state.weight = std::move(weight);
    state.input = to_.input_grid(source);
    state.output.bits = layer.activation_bits;
    out.layer = to_.add_layer(name_of(node_), layer, {source}, std::move(state));
    set_output(with_shift(std::move(out), name_of(node_) + "_bias", std::move(bias)));
  }

  static Value with_shift(Value value, std::string name, std::vector<float> values) {
    if (!all_zero(values)) {
      value.shift = std::make_shared<Shift>(Shift{std::move(name), std::move(values)});
    }
    return value;
  }

  void add_plain(LayerParameters parameters, const Value& in) {
    add_plain(std::move(parameters), in, in.shape, in.is_image);
  }
  void add_plain(LayerParameters parameters, const Value& in, const Shape& out, bool is_image) {
    const int source = to_.layer_of(in);
    add_layer(std::move(parameters), {source}, {}, out, is_image);
  }

  void flatten(const Value& in) {
    if (!in.is_image) {
      set_output(in);
      return;
    }
    add_plain(Flatten{}, in, {static_cast<int>(in.shape.elements()), 1, 1}, false);
  }

  void add_layer(LayerParameters parameters, std::vector<int> inputs, LayerState state,
                 const Shape& out, bool is_image) {
    const int layer =
        to_.add_layer(name_of(node_), std::move(parameters), std::move(inputs), std::move(state));
    set_output({layer, out, is_image, nullptr});
  }

  void set_output(Value value) { to_.values_[node_.output(0)] = std::move(value); }

  Converter& to_;
  const NodeProto& node_;
};

Converter::Converter(const Graph& graph, std::string network_name, const ImportOptions& options)
    : graph_(graph), options_(options) {
  const Graph::Input input = graph.input();
  description_.name = std::move(network_name);
  description_.input = input.shape;
  description_.input_bits = options.input_bits;
  description_.input_scale = options.input_scale;
  values_[graph.input_name()] = {kNetworkInput, input.shape, input.is_image, nullptr};
}

void Converter::add(const NodeProto& node, const NodeKind& kind) {
  const bool is_broken = std::any_of(node.input().begin(), node.input().end(),
                                     [&](const auto& input) { return broken_.contains(input); });
  try {
    if (!is_broken) std::visit(NodeAdder(*this, node), kind);
  } catch (const Unsupported&) {
    broken_.insert(node.output(0));
    throw;
  }
  if (is_broken) broken_.insert(node.output(0));
}

TrainedNetwork Converter::finish() {
  const auto found = values_.find(graph_.output_name());
  if (found == values_.end()) {
    throw base::Error(fmt::format("the graph's output '{}' does not depend on its input",
                                  printable(graph_.output_name())));
  }
  const Value& output = found->second;
  layer_of(output);
  description_.num_classes = static_cast<int>(output.shape.elements());
  return {Network(std::move(description_)), std::move(states_)};
}

const Converter::Value& Converter::value_of(const std::string& name, const NodeProto& node) const {
  const auto found = values_.find(name);
  if (found != values_.end()) return found->second;
  throw base::Error(
      fmt::format("{}: its input '{}' is constant or a node's second output, neither "
                  "is supported there",
                  describe(node), printable(name)));
}

int Converter::layer_of(const Value& value) {
  if (!value.shift) return value.layer;
  Shift& shift = *value.shift;
  if (shift.layer != Shift::kUnwritten) return shift.layer;
  LayerState state;
  const std::size_t channels = shift.values.size();
  state.gamma.assign(channels, 1);
  state.beta = shift.values;
  state.running_mean.assign(channels, 0);
  state.running_variance.assign(channels, 1);
  state.epsilon = 0;
  shift.layer = add_layer(shift.name, BatchNorm{value.shape.channels, std::nullopt}, {value.layer},
                          std::move(state));
  return shift.layer;
}

int Converter::add_layer(const std::string& name, LayerParameters parameters,
                         std::vector<int> inputs, LayerState state) {
  description_.layers.push_back({unique_name(name), std::move(parameters), std::move(inputs)});
  states_.push_back(std::move(state));
  return static_cast<int>(states_.size()) - 1;
}

std::string Converter::unique_name(const std::string& name) {
  if (names_.insert(name).second) return name;
  int& number = suffixes_.try_emplace(name, 1).first->second;
  while (true) {
    const std::string numbered = fmt::format("{}_{}", name, ++number);
    if (names_.insert(numbered).second) return numbered;
  }
}

QuantizationScale Converter::input_grid(int layer) const {
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

QuantizationScale Converter::grid_of_all(const std::vector<int>& layers) const {
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
