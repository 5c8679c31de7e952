#include "gibbon/nn/network.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "gibbon/base/error.hpp"
#include "gibbon/base/text.hpp"

namespace gibbon::nn {

namespace {

[[noreturn]] void refuse(const Layer& layer, const std::string& problem) {
  throw base::Error(
      fmt::format("layer '{}' ({}): {}", layer.name, type_name(layer.parameters), problem));
}

/// Spells the problem out where there is one alone: networks are made by the thousand in a search.
template <typename... Values>
void require(bool holds, const Layer& layer, fmt::format_string<Values...> problem,
             Values&&... values) {
  if (!holds) refuse(layer, fmt::format(problem, std::forward<Values>(values)...));
}

void require_bits(const Layer& layer, const char* what, int bits) {
  require(bits >= 2 && bits <= 16, layer, "{} is {}, allowed are 2 to 16", what, bits);
}

/// Works out one layer's output shape from its inputs' shapes, refusing what does not fit.
struct ShapeRule {
  const Layer& layer;
  const std::vector<Shape>& inputs;

  Shape operator()(const Conv& conv) const {
    const Shape& in = inputs.front();
    require(conv.kernel > 0 && conv.stride > 0 && conv.padding >= 0 && conv.groups > 0 &&
                conv.out_channels > 0,
            layer,
            "kernel, stride, groups and out_channels must be positive, padding not negative");
    require(conv.in_channels == in.channels, layer, "in_channels is {}, its input has {}",
            conv.in_channels, in.channels);
    require(conv.in_channels % conv.groups == 0 && conv.out_channels % conv.groups == 0, layer,
            "groups is {}, which does not divide {} input and {} output channels", conv.groups,
            conv.in_channels, conv.out_channels);
    if (conv.padding_mode == PaddingMode::kSymmetric) {
      require(conv.kernel == 2 && conv.padding == 0, layer,
              "symmetric padding needs kernel 2 and padding 0");
    }
    require_bits(layer, "weight_bits", conv.weight_bits);
    require_bits(layer, "activation_bits", conv.activation_bits);
    if (conv.epitome) require_epitome(conv, conv.epitome->shape);
    return window(in, conv.out_channels, conv.kernel, conv.stride, conv.padding, conv.padding_mode);
  }

  Shape operator()(const Linear& linear) const {
    const Shape& in = inputs.front();
    require(linear.out_features > 0, layer, "out_features must be positive");
    require(linear.in_features == in.elements(), layer, "in_features is {}, its input has {}",
            linear.in_features, in.elements());
    require_bits(layer, "weight_bits", linear.weight_bits);
    require_bits(layer, "activation_bits", linear.activation_bits);
    return {linear.out_features, 1, 1};
  }

  Shape operator()(const BatchNorm& norm) const { return normalised(norm); }
  Shape operator()(const Bias& bias) const { return normalised(bias); }

  Shape operator()(const HardTanh& activation) const {
    require_bits(layer, "output_bits", activation.output_bits);
    require(activation.range > 0 && std::isfinite(activation.range), layer,
            "range is {}, it must be positive", activation.range);
    return inputs.front();
  }

  Shape operator()(const Pool& pool) const {
    const Shape& in = inputs.front();
    require_bits(layer, "activation_bits", pool.activation_bits);
    if (pool.mode == PoolMode::kGlobalAverage) return {in.channels, 1, 1};
    require(pool.kernel > 0 && pool.stride > 0 && pool.padding >= 0, layer,
            "kernel and stride must be positive, padding not negative");
    return window(in, in.channels, pool.kernel, pool.stride, pool.padding, PaddingMode::kZeros);
  }

  Shape operator()(const Add& add) const {
    const Shape& first = inputs.front();
    require(inputs.size() >= 2, layer, "needs at least two inputs");
    require(add.channels > 0, layer, "channels must be positive");
    require_bits(layer, "activation_bits", add.activation_bits);
    require_one_size("added");
    return {add.channels, first.height, first.width};
  }

  Shape operator()(const Concat&) const {
    require(inputs.size() >= 2, layer, "needs at least two inputs");
    require_one_size("concatenated");
    Shape joined{0, inputs.front().height, inputs.front().width};
    for (const Shape& in : inputs) joined.channels += in.channels;
    return joined;
  }

  Shape operator()(const Tokens& tokens) const {
    const Shape& in = inputs.front();
    return {in.channels, in.height * in.width + (tokens.class_token ? 1 : 0), 1};
  }

  Shape operator()(const SelectToken& select) const {
    const Shape& in = inputs.front();
    require_tokens(in);
    require(select.index >= 0 && select.index < in.height, layer,
            "index is {}, its input has {} tokens", select.index, in.height);
    return {in.channels, 1, 1};
  }

  Shape operator()(const LayerNorm& norm) const { return normalised(norm); }
  Shape operator()(const Gelu&) const { return inputs.front(); }

  Shape operator()(const Softmax& softmax) const {
    require_divided("groups", softmax.groups, inputs.front().channels);
    return inputs.front();
  }

  Shape operator()(const MatMul& product) const {
    require(inputs.size() == 2, layer, "takes two inputs");
    const Shape& a = inputs[0];
    const Shape& b = inputs[1];
    require_tokens(a);
    require_tokens(b);
    require_divided("heads", product.heads, b.channels);
    require_bits(layer, "activation_bits", product.activation_bits);
    require(product.scale > 0 && std::isfinite(product.scale), layer,
            "scale is {}, it must be positive", product.scale);
    const int needed = product.transposed ? b.channels : product.heads * b.height;
    require(a.channels == needed, layer,
            "its first input has {} channels, {} are needed for {} heads and a second "
            "input of {}x{}",
            a.channels, needed, product.heads, b.channels, b.height);
    return {product.transposed ? product.heads * b.height : b.channels, a.height, 1};
  }

  Shape operator()(const Flatten&) const {
    return {static_cast<int>(inputs.front().elements()), 1, 1};
  }
  Shape operator()(const Relu&) const { return inputs.front(); }
  Shape operator()(const Dropout&) const { return inputs.front(); }

 private:
  void require_one_size(const char* verb) const {
    const Shape& first = inputs.front();
    for (const Shape& in : inputs) {
      require(in.height == first.height && in.width == first.width, layer,
              "inputs of {}x{} and {}x{} cannot be {}", first.height, first.width, in.height,
              in.width, verb);
    }
  }

  void require_epitome(const Conv& conv, const EpitomeShape& epitome) const {
    require(conv.groups == 1, layer, "{} groups; only ungrouped convolutions can be epitomes",
            conv.groups);
    require(epitome.out_channels > 0 && epitome.in_channels > 0, layer,
            "an epitome of {}x{} channels is not positive", epitome.out_channels,
            epitome.in_channels);
    require(epitome.height >= conv.kernel && epitome.width >= conv.kernel, layer,
            "an epitome of {}x{} has no window of {}x{}", epitome.height, epitome.width,
            conv.kernel, conv.kernel);
    const bool same_window = epitome.height == conv.kernel && epitome.width == conv.kernel;
    require(conv.padding_mode == PaddingMode::kZeros || same_window, layer,
            "symmetric padding needs an epitome of the kernel's height and width");
  }

  /// Of the norms and Bias, which have the same parameters.
  template <typename Norm>
  Shape normalised(const Norm& norm) const {
    require(norm.features == inputs.front().channels, layer,
            "features is {}, its input has {} channels", norm.features, inputs.front().channels);
    if (norm.output_bits) require_bits(layer, "output_bits", *norm.output_bits);
    return inputs.front();
  }

  void require_tokens(const Shape& in) const {
    require(in.width == 1, layer, "needs tokens of width 1, an input is {}x{}x{}", in.channels,
            in.height, in.width);
  }

  void require_divided(const char* what, int parts, int channels) const {
    require(parts > 0 && channels % parts == 0, layer,
            "{} is {}, which does not divide {} channels", what, parts, channels);
  }

  Shape window(const Shape& in, int channels, int kernel, int stride, int padding,
               PaddingMode mode) const {
    const Shape out{channels, window_output_size(in.height, kernel, stride, padding, mode),
                    window_output_size(in.width, kernel, stride, padding, mode)};
    require(out.height > 0 && out.width > 0, layer,
            "a {0}x{0} window with padding {1} does not fit an input of {2}x{3}", kernel, padding,
            in.height, in.width);
    return out;
  }
};

bool takes_several_inputs(const LayerParameters& parameters) {
  return std::holds_alternative<Add>(parameters) || std::holds_alternative<Concat>(parameters) ||
         std::holds_alternative<MatMul>(parameters);
}

constexpr std::int64_t kMostValues = std::numeric_limits<std::int32_t>::max();

/// Whether its values can be counted in 32 bits.
bool is_countable(const Shape& shape) {
  const std::int64_t plane = std::int64_t{shape.height} * shape.width;
  return plane <= kMostValues && plane * shape.channels <= kMostValues;
}

/// What stands before the layers.
void require_header(const NetworkDescription& d) {
  const auto fail = [&](const std::string& problem) {
    throw base::Error(fmt::format("network '{}'{}", d.name, problem));
  };
  const Shape& input = d.input;
  if (!base::is_utf8(d.name)) throw base::Error("a network's name is not UTF-8");
  if (d.layers.empty()) fail(" has no layers");
  for (std::size_t i = 0; i < d.layers.size(); ++i) {
    if (!base::is_utf8(d.layers[i].name)) fail(fmt::format(": name of layer {} is not UTF-8", i));
  }
  if (input.channels <= 0 || input.height <= 0 || input.width <= 0 || !is_countable(input)) {
    fail(fmt::format(": input shape {}x{}x{} is not positive, or holds more than {} values",
                     input.channels, input.height, input.width, kMostValues));
  }
  if (d.num_classes < 0) {
    fail(fmt::format(": num_classes is {}, allowed are 1 and more", d.num_classes));
  }
  if (d.input_bits < 2 || d.input_bits > 16) {
    fail(fmt::format(": input_bits is {}, allowed are 2 to 16", d.input_bits));
  }
  if (!(d.input_scale > 0) || !std::isfinite(d.input_scale)) {
    fail(fmt::format(": input_scale is {}, allowed is more than 0", d.input_scale));
  }
}

}  // namespace

std::string_view type_name(const LayerParameters& parameters) {
  constexpr std::string_view kNames[] = {
      "conv",         "linear",     "batch_norm", "relu",    "hardtanh", "pool",
      "add",          "concat",     "flatten",    "dropout", "bias",     "tokens",
      "select_token", "layer_norm", "gelu",       "softmax", "matmul"};
  static_assert(std::size(kNames) == std::variant_size_v<LayerParameters>);
  return kNames[parameters.index()];
}

bool is_transformer_layer(const LayerParameters& parameters) {
  static_assert(std::is_same_v<std::variant_alternative_t<11, LayerParameters>, Tokens>);
  return parameters.index() >= 11;
}

int window_output_size(int size, int kernel, int stride, int padding, PaddingMode mode) {
  const int grown = size + 2 * padding + (mode == PaddingMode::kSymmetric ? 1 : 0) - kernel;
  return grown < 0 ? 0 : grown / stride + 1;
}

Network::Network(NetworkDescription description) : description_(std::move(description)) {
  const NetworkDescription& d = description_;
  require_header(d);
  std::unordered_set<std::string_view> names(2 * d.layers.size());
  shapes_.reserve(d.layers.size());
  std::vector<Shape> inputs;
  for (int index = 0; index < static_cast<int>(d.layers.size()); ++index) {
    const Layer& layer = d.layers[static_cast<std::size_t>(index)];
    require(names.insert(layer.name).second, layer, "another layer has this name");
    require(!layer.inputs.empty(), layer, "has no input");
    require(layer.inputs.size() == 1 || takes_several_inputs(layer.parameters), layer,
            "takes one input");
    inputs.clear();
    for (const int input : layer.inputs) {
      require(input >= kNetworkInput && input < index, layer, "input {} is not an earlier layer",
              input);
      inputs.push_back(output_shape(input));
    }
    shapes_.push_back(std::visit(ShapeRule{layer, inputs}, layer.parameters));
    const Shape& shape = shapes_.back();
    require(is_countable(shape), layer, "gives {} x {} x {} values, more than {}", shape.channels,
            shape.height, shape.width, kMostValues);
  }
}

const Shape& Network::output_shape(int index) const {
  return index == kNetworkInput ? description_.input : shapes_.at(static_cast<std::size_t>(index));
}

const Shape& Network::input_shape(int index) const {
  return output_shape(layers().at(static_cast<std::size_t>(index)).inputs.front());
}

long Network::weight_count() const {
  long count = 0;
  for (const Layer& layer : layers()) {
    if (const auto* conv = std::get_if<Conv>(&layer.parameters)) {
      count += static_cast<long>(conv->out_channels) * (conv->in_channels / conv->groups) *
               conv->kernel * conv->kernel;
    } else if (const auto* linear = std::get_if<Linear>(&layer.parameters)) {
      count += static_cast<long>(linear->out_features) * linear->in_features;
    }
  }
  return count;
}

long Network::mac_count() const {
  long count = 0;
  for (std::size_t index = 0; index < layers().size(); ++index) count += mac_count(index);
  return count;
}

long Network::mac_count(std::size_t index) const {
  const Layer& layer = layers()[index];
  if (const auto* conv = std::get_if<Conv>(&layer.parameters)) {
    return shapes_[index].elements() * (conv->in_channels / conv->groups) * conv->kernel *
           conv->kernel;
  }
  if (const auto* linear = std::get_if<Linear>(&layer.parameters)) {
    return static_cast<long>(linear->out_features) * linear->in_features;
  }
  if (const auto* product = std::get_if<MatMul>(&layer.parameters)) {
    const Shape& second = output_shape(layer.inputs[1]);
    const long summed = product->transposed ? second.channels / product->heads : second.height;
    return shapes_[index].elements() * summed;
  }
  return 0;
}

void require_value_for_each_class(const Network& network) {
  const Shape& output = network.output_shape(static_cast<int>(network.layers().size()) - 1);
  const std::int64_t values = std::int64_t{output.channels} * output.height * output.width;
  const int classes = network.description().num_classes;
  if (classes == 0 || classes == values) return;
  throw base::Error(
      fmt::format("network '{}': num_classes is {}, its last layer '{}' gives {} "
                  "values ({}x{}x{})",
                  network.description().name, classes, network.layers().back().name, values,
                  output.channels, output.height, output.width));
}

}  // namespace gibbon::nn
