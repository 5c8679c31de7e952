#include <ATen/ATen.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "gibbon/base/error.hpp"
#include "gibbon/base/rng.hpp"
#include "gibbon/train/trainers/dense_weight.hpp"
#include "gibbon/train/trainers/fake_quantizer.hpp"
#include "gibbon/train/trainers/shared_weights.hpp"

namespace gibbon::train {

namespace {

using nn::BatchNorm;
using nn::Bias;
using nn::Conv;
using nn::HardTanh;
using nn::LayerNorm;
using nn::Linear;
using nn::Tokens;

constexpr double kTokenDeviation = 0.02;  // as the authors of the vision transformer draw them

/// A residual sum of unit variances would saturate a narrow hardtanh behind it, and a saturated
/// block passes no gradient; decision 0003 gives what other values reached.
constexpr double kNormScaleOfRange = 0.3;
constexpr double kSmallestPairScale = 1e-12;

double norm_scale_start(const nn::Network& network) {
  double scale = 1.0;
  for (const nn::Layer& layer : network.layers()) {
    const auto* tanh = std::get_if<HardTanh>(&layer.parameters);
    if (tanh != nullptr) scale = std::min(scale, kNormScaleOfRange * tanh->range);
  }
  return scale;
}

at::Tensor normal_tensor(const std::vector<std::int64_t>& shape, double deviation, base::Rng rng) {
  at::Tensor tensor = at::empty(shape);
  float* values = tensor.data_ptr<float>();
  for (std::int64_t i = 0; i < tensor.numel(); ++i) {
    values[i] = static_cast<float>(deviation * rng.normal());
  }
  return tensor;
}

at::Tensor to_tensor(const nn::Layer& layer, const char* what, const std::vector<float>& values,
                     const std::vector<std::int64_t>& shape) {
  std::int64_t expected = 1;
  for (const std::int64_t size : shape) expected *= size;
  if (static_cast<std::int64_t>(values.size()) != expected) {
    throw base::Error(fmt::format("layer '{}': {} has {} values, {} are needed", layer.name, what,
                                  values.size(), expected));
  }
  at::Tensor tensor = at::empty(shape);
  std::copy(values.begin(), values.end(), tensor.data_ptr<float>());
  return tensor;
}

std::vector<float> to_vector(const at::Tensor& tensor) {
  const at::Tensor plain = tensor.detach().to(at::kCPU, at::kFloat).contiguous();
  const float* values = plain.data_ptr<float>();
  return {values, values + plain.numel()};
}

std::vector<std::int64_t> real_shape(const Conv& conv) {
  return {conv.out_channels, conv.in_channels / conv.groups, conv.kernel, conv.kernel};
}

[[noreturn]] void refuse(const nn::Layer& layer, const std::string& problem) {
  throw base::Error(fmt::format("supernet: layer '{}': {}", layer.name, problem));
}

void require_fit(const nn::Layer& layer, const char* what, std::int64_t wanted,
                 std::int64_t available) {
  if (wanted > available) {
    refuse(layer,
           fmt::format("{} {} exceeds the {} of the largest network", wanted, what, available));
  }
}

/// The dense kernel of a convolution, or of its epitome, inside the shared one.
at::Tensor slice_kernel(const nn::Layer& layer, const Conv& conv, const at::Tensor& shared) {
  const std::vector<std::int64_t> sizes = trained_sizes(conv);
  require_fit(layer, "output channels", sizes[0], shared.size(0));
  require_fit(layer, "input channels", sizes[1], shared.size(1));
  at::Tensor slice = shared.narrow(0, 0, sizes[0]).narrow(1, 0, sizes[1]);
  for (const std::int64_t dimension : {2, 3}) {
    const std::int64_t kernel = sizes[static_cast<std::size_t>(dimension)];
    const std::int64_t spare = shared.size(dimension) - kernel;
    require_fit(layer, "kernel", kernel, shared.size(dimension));
    if (spare % 2 != 0) {
      refuse(layer, fmt::format("a kernel of {} has no centre in one of {}", kernel,
                                shared.size(dimension)));
    }
    slice = slice.narrow(dimension, spare / 2, kernel);
  }
  return slice;
}

double largest_weight(const std::vector<float>& weights) {
  return largest_magnitude(weights.data(), weights.size());
}

/// Grid of the values that layer `index` reads, once every output range is known.
nn::QuantizationScale input_grid(const Path& path, std::size_t index) {
  const LayerPlan& plan = path.plans[index];
  const double range = input_range(path.network, plan, [&](int source) {
    return path.layers[static_cast<std::size_t>(source)].output_range;
  });
  return {plan.input_bits, range / quantizer_grid(plan.input_bits, 1.0F).threshold};
}

nn::QuantizationScale grid(int bits, double range) {
  return {bits, range / quantizer_grid(bits, 1.0F).threshold};
}

void describe_grids(const Path& path, std::size_t index, int activation_bits,
                    nn::LayerState& state) {
  state.input = input_grid(path, index);
  state.output = grid(activation_bits, path.layers[index].output_range);
}

void describe_transformer_layer(const nn::Layer& layer, const LayerTensors& tensors,
                                nn::LayerState& state) {
  if (const auto* norm = std::get_if<LayerNorm>(&layer.parameters)) {
    state.gamma = to_vector(tensors.gamma);
    state.beta = to_vector(tensors.beta);
    state.epsilon = tensors.epsilon;
    if (norm->output_bits) state.output = grid(*norm->output_bits, tensors.output_range);
  } else if (std::holds_alternative<Tokens>(layer.parameters)) {
    if (tensors.class_token.defined()) state.gamma = to_vector(tensors.class_token);
    state.weight = to_vector(tensors.positions);
  } else if (const auto* product = std::get_if<nn::MatMul>(&layer.parameters)) {
    state.output = grid(product->activation_bits, tensors.output_range);
  }
}

/// A weight that was clamped when it was described: its range is its largest magnitude.
at::Tensor on_own_grid(const at::Tensor& weight, int bits) {
  const auto count = static_cast<std::size_t>(weight.numel());
  const float range = largest_magnitude(weight.data_ptr<float>(), count);
  return fake_quantize(weight, quantizer_grid(bits, range), ClampGradient::kPass, false);
}

/// A layer's weight as crossbars are programmed: masked, clamped to the range with which it is
/// quantised.
at::Tensor programmed_weight(const LayerTensors& tensors, int bits) {
  const at::Tensor weight = tensors.weight.detach();
  if (tensors.weight_is_quantized) return weight;
  const at::Tensor kept = tensors.mask.defined() ? weight * tensors.mask : weight.contiguous();
  const double range = weight_range(kept, bits);
  return kept.clamp(-range, range);
}

/// The weight that an epitome gave, on the grid or grids on which the epitome lies.
at::Tensor on_epitome_grid(const nn::Layer& layer, const Conv& conv, const nn::LayerState& state,
                           const at::Tensor& weight) {
  const double highest = quantizer_grid(state.weights.bits, 1.0F).threshold;
  if (state.pair_scales.empty()) {
    return (weight / state.weights.scale).round().clamp(-highest, highest) * state.weights.scale;
  }
  const at::Tensor scales = to_tensor(layer, "pair_scales", state.pair_scales,
                                      {conv.out_channels, conv.in_channels, 1, 1});
  const at::Tensor levels = (weight / scales.clamp_min(kSmallestPairScale)).round();
  return levels.clamp(-highest, highest) * scales;
}

at::Tensor frozen_kernel(const nn::Layer& layer, const Conv& conv, const nn::LayerState& state,
                         bool quantize) {
  const at::Tensor real = to_tensor(layer, "weight", state.weight, real_shape(conv));
  if (!quantize) return real;
  return conv.epitome ? on_epitome_grid(layer, conv, state, real)
                      : on_own_grid(real, conv.weight_bits);
}

LayerTensors frozen_layer(const nn::Layer& layer, const nn::Shape& output,
                          const nn::LayerState& state, bool quantize) {
  LayerTensors tensors;
  tensors.output_range = state.output_range;
  if (const auto* conv = std::get_if<Conv>(&layer.parameters)) {
    tensors.weight = to_dense(*conv, frozen_kernel(layer, *conv, state, quantize))
                         .contiguous(at::MemoryFormat::ChannelsLast);
    tensors.weight_is_quantized = true;
  } else if (const auto* linear = std::get_if<Linear>(&layer.parameters)) {
    const at::Tensor real =
        to_tensor(layer, "weight", state.weight, {linear->out_features, linear->in_features});
    tensors.weight = quantize ? on_own_grid(real, linear->weight_bits) : real;
    tensors.weight_is_quantized = true;
  } else if (const auto* norm = std::get_if<BatchNorm>(&layer.parameters)) {
    tensors.gamma = to_tensor(layer, "gamma", state.gamma, {norm->features});
    tensors.beta = to_tensor(layer, "beta", state.beta, {norm->features});
    tensors.running_mean = to_tensor(layer, "running_mean", state.running_mean, {norm->features});
    tensors.running_variance =
        to_tensor(layer, "running_variance", state.running_variance, {norm->features});
    tensors.epsilon = state.epsilon;
  } else if (const auto* bias = std::get_if<Bias>(&layer.parameters)) {
    tensors.beta = to_tensor(layer, "bias", state.beta, {bias->features});
  } else if (const auto* layer_norm = std::get_if<LayerNorm>(&layer.parameters)) {
    tensors.gamma = to_tensor(layer, "gamma", state.gamma, {layer_norm->features});
    tensors.beta = to_tensor(layer, "beta", state.beta, {layer_norm->features});
    tensors.epsilon = state.epsilon;
  } else if (const auto* tokens = std::get_if<Tokens>(&layer.parameters)) {
    const std::int64_t channels = output.channels;
    if (tokens->class_token) {
      tensors.class_token = to_tensor(layer, "class_token", state.gamma, {channels});
    }
    tensors.positions = to_tensor(layer, "positions", state.weight, {output.height, channels});
  }
  return tensors;
}

void move_to(LayerTensors& tensors, const std::string& device) {
  for (at::Tensor* tensor : {&tensors.weight, &tensors.gamma, &tensors.beta, &tensors.running_mean,
                             &tensors.running_variance, &tensors.class_token, &tensors.positions}) {
    if (tensor->defined()) *tensor = tensor->to(at::Device(device));
  }
}

}  // namespace

SharedWeights::SharedWeights(const nn::Network& largest, const TrainOptions& options)
    : device_(options.device),
      scales_(options.epitome_scales),
      masks_(std::make_shared<std::map<std::string, at::Tensor>>()),
      epitome_weights_(
          std::make_shared<std::map<std::string, std::shared_ptr<const EpitomeWeight>>>()) {
  const double scale = norm_scale_start(largest);
  int index = 0;
  for (const nn::Layer& layer : largest.layers()) {
    const std::string name = layer.name + ".weight";
    const base::Rng rng = base::Rng::forked(options.seed, name);
    if (const auto* conv = std::get_if<Conv>(&layer.parameters)) {
      const int kernel = dense_kernel(*conv);
      const double fan_in = static_cast<double>(conv->in_channels) * kernel * kernel;
      add(name, normal_tensor(trained_sizes(*conv), std::sqrt(2.0 / fan_in), rng));
      if (conv->epitome) epitomes_.emplace(layer.name, *conv);
    } else if (const auto* linear = std::get_if<Linear>(&layer.parameters)) {
      add(name, normal_tensor({linear->out_features, linear->in_features},
                              std::sqrt(1.0 / linear->in_features), rng));
    } else if (const auto* norm = std::get_if<BatchNorm>(&layer.parameters)) {
      add(layer.name + ".gamma", at::full({norm->features}, scale));
      add(layer.name + ".beta", at::zeros({norm->features}));
    } else if (const auto* bias = std::get_if<Bias>(&layer.parameters)) {
      add(layer.name + ".bias", at::zeros({bias->features}));
    } else {
      add_transformer_layer(layer, largest.output_shape(index), options.seed);
    }
    ++index;
  }
}

void SharedWeights::add_transformer_layer(const nn::Layer& layer, const nn::Shape& output,
                                          std::uint64_t seed) {
  const auto drawn = [&](const char* which, const std::vector<std::int64_t>& shape) {
    const std::string name = layer.name + which;
    add(name, normal_tensor(shape, kTokenDeviation, base::Rng::forked(seed, name)));
  };
  if (const auto* norm = std::get_if<LayerNorm>(&layer.parameters)) {
    add(layer.name + ".gamma", at::ones({norm->features}));
    add(layer.name + ".beta", at::zeros({norm->features}));
  } else if (const auto* tokens = std::get_if<Tokens>(&layer.parameters)) {
    if (tokens->class_token) drawn(".class_token", {output.channels});
    drawn(".positions", {output.height, output.channels});
  }
}

void SharedWeights::add(const std::string& name, at::Tensor value) {
  value = value.to(at::Device(device_));
  if (value.dim() == 4) value = value.contiguous(at::MemoryFormat::ChannelsLast);
  parameters_.emplace(name, Parameter{value, at::zeros_like(value)});
}

const SharedWeights::Parameter& SharedWeights::parameter(const nn::Layer& layer,
                                                         const char* which) const {
  const auto found = parameters_.find(layer.name + which);
  if (found == parameters_.end()) refuse(layer, "the largest network has no such layer");
  return found->second;
}

at::Tensor SharedWeights::mask_of(const Conv& conv) const {
  const std::string key =
      fmt::format("{} {} {} {} {}", conv.out_channels, conv.in_channels, conv.kernel, conv.groups,
                  static_cast<int>(conv.padding_mode));
  const auto found = masks_->find(key);
  if (found != masks_->end()) return found->second;
  at::Tensor mask = dense_mask(conv);
  if (mask.defined()) {
    mask = mask.to(at::Device(device_)).contiguous(at::MemoryFormat::ChannelsLast);
  }
  return masks_->emplace(key, mask).first->second;
}

std::shared_ptr<const EpitomeWeight> SharedWeights::epitome_of(const Conv& conv) const {
  if (!conv.epitome) return nullptr;
  const nn::EpitomeShape& shape = conv.epitome->shape;
  const std::string key = fmt::format(
      "{} {} {} {} {} {} {} {} {} {}", conv.out_channels, conv.in_channels, conv.kernel,
      static_cast<int>(conv.padding_mode), conv.weight_bits, shape.out_channels, shape.in_channels,
      shape.height, shape.width, static_cast<int>(conv.epitome->outputs));
  std::shared_ptr<const EpitomeWeight>& weight = (*epitome_weights_)[key];
  if (weight == nullptr) weight = std::make_shared<const EpitomeWeight>(conv, scales_, device_);
  return weight;
}

Path SharedWeights::path(const nn::Network& network, bool trainable) const {
  Path path{network, plan_layers(network), {}, {}};
  path.layers.resize(network.layers().size());
  const auto leaf = [&](const at::Tensor& value, const at::Tensor& momentum, bool decays) {
    at::Tensor shared = value.detach();
    if (trainable) {
      shared.set_requires_grad(true);
      path.trained.push_back({shared, momentum, decays});
    }
    return shared;
  };
  /// The first channels, the last dimension, of what weight decay leaves alone.
  const auto leading = [&](const nn::Layer& layer, const char* which, std::int64_t channels) {
    const Parameter& whole = parameter(layer, which);
    require_fit(layer, "features", channels, whole.value.size(-1));
    return leaf(whole.value.narrow(-1, 0, channels), whole.momentum.narrow(-1, 0, channels), false);
  };
  for (std::size_t index = 0; index < network.layers().size(); ++index) {
    const nn::Layer& layer = network.layers()[index];
    LayerTensors& tensors = path.layers[index];
    if (const auto* conv = std::get_if<Conv>(&layer.parameters)) {
      const Parameter& weight = parameter(layer, ".weight");
      tensors.weight = leaf(slice_kernel(layer, *conv, weight.value),
                            slice_kernel(layer, *conv, weight.momentum), true);
      tensors.epitome = epitome_of(*conv);
      if (tensors.epitome == nullptr) tensors.mask = mask_of(*conv);
    } else if (const auto* linear = std::get_if<Linear>(&layer.parameters)) {
      const Parameter& weight = parameter(layer, ".weight");
      require_fit(layer, "output features", linear->out_features, weight.value.size(0));
      require_fit(layer, "input features", linear->in_features, weight.value.size(1));
      const auto cut = [&](const at::Tensor& whole) {
        return whole.narrow(0, 0, linear->out_features).narrow(1, 0, linear->in_features);
      };
      tensors.weight = leaf(cut(weight.value), cut(weight.momentum), true);
    } else if (const auto* norm = std::get_if<BatchNorm>(&layer.parameters)) {
      const Parameter& gamma = parameter(layer, ".gamma");
      const Parameter& beta = parameter(layer, ".beta");
      require_fit(layer, "features", norm->features, gamma.value.size(0));
      const auto cut = [&](const at::Tensor& whole) { return whole.narrow(0, 0, norm->features); };
      tensors.gamma = leaf(cut(gamma.value), cut(gamma.momentum), false);
      tensors.beta = leaf(cut(beta.value), cut(beta.momentum), false);
      tensors.running_mean = at::zeros({norm->features}, tensors.gamma.options());
      tensors.running_variance = at::ones({norm->features}, tensors.gamma.options());
    } else if (const auto* bias = std::get_if<Bias>(&layer.parameters)) {
      tensors.beta = leading(layer, ".bias", bias->features);
    } else if (const auto* layer_norm = std::get_if<LayerNorm>(&layer.parameters)) {
      tensors.gamma = leading(layer, ".gamma", layer_norm->features);
      tensors.beta = leading(layer, ".beta", layer_norm->features);
    } else if (const auto* tokens = std::get_if<Tokens>(&layer.parameters)) {
      const nn::Shape& output = network.output_shape(static_cast<int>(index));
      const Parameter& positions = parameter(layer, ".positions");
      if (positions.value.size(0) != output.height) refuse(layer, "the number of tokens differs");
      if (tokens->class_token)
        tensors.class_token = leading(layer, ".class_token", output.channels);
      tensors.positions = leading(layer, ".positions", output.channels);
    }
  }
  return path;
}

void SharedWeights::assign(const nn::TrainedNetwork& trained) {
  const c10::NoGradGuard no_grad;
  const std::vector<nn::Layer>& layers = trained.network.layers();
  for (std::size_t index = 0; index < layers.size(); ++index) {
    const nn::Layer& layer = layers[index];
    const nn::LayerState& state = trained.states.at(index);
    if (const auto* conv = std::get_if<Conv>(&layer.parameters)) {
      const at::Tensor weight = to_tensor(layer, "weight", state.weight, real_shape(*conv));
      const auto own = epitomes_.find(layer.name);
      parameter(layer, ".weight")
          .value.copy_(own == epitomes_.end() ? to_dense(*conv, weight)
                                              : epitome_of(own->second)->nearest(state.weight));
    } else if (const auto* linear = std::get_if<Linear>(&layer.parameters)) {
      parameter(layer, ".weight")
          .value.copy_(to_tensor(layer, "weight", state.weight,
                                 {linear->out_features, linear->in_features}));
    } else if (const auto* norm = std::get_if<BatchNorm>(&layer.parameters)) {
      parameter(layer, ".gamma")
          .value.copy_(to_tensor(layer, "gamma", state.gamma, {norm->features}));
      parameter(layer, ".beta").value.copy_(to_tensor(layer, "beta", state.beta, {norm->features}));
    } else if (const auto* bias = std::get_if<Bias>(&layer.parameters)) {
      parameter(layer, ".bias").value.copy_(to_tensor(layer, "bias", state.beta, {bias->features}));
    } else {
      const nn::Shape& output = trained.network.output_shape(static_cast<int>(index));
      const LayerTensors tensors = frozen_layer(layer, output, state, true);
      const auto take = [&](const char* which, const at::Tensor& value) {
        if (value.defined()) parameter(layer, which).value.copy_(value);
      };
      take(".gamma", tensors.gamma);
      take(".beta", tensors.beta);
      take(".class_token", tensors.class_token);
      take(".positions", tensors.positions);
    }
  }
}

std::map<std::string, at::Tensor> SharedWeights::tensors() const {
  std::map<std::string, at::Tensor> tensors;
  for (const auto& [name, parameter] : parameters_) {
    tensors.emplace(name, parameter.value);
    tensors.emplace(name + ".momentum", parameter.momentum);
  }
  return tensors;
}

Path frozen_path(const nn::TrainedNetwork& trained, const std::string& device, bool quantize) {
  const c10::NoGradGuard no_grad;
  const std::vector<nn::Layer>& layers = trained.network.layers();
  if (trained.states.size() != layers.size()) {
    throw base::Error(fmt::format("network '{}': {} layer states for {} layers",
                                  trained.network.description().name, trained.states.size(),
                                  layers.size()));
  }
  Path path{trained.network, plan_layers(trained.network), {}, {}};
  for (std::size_t index = 0; index < layers.size(); ++index) {
    const nn::Shape& output = trained.network.output_shape(static_cast<int>(index));
    path.layers.push_back(frozen_layer(layers[index], output, trained.states[index], quantize));
    move_to(path.layers.back(), device);
  }
  return path;
}

void describe_weight(const nn::Layer& layer, const LayerTensors& tensors, nn::LayerState& state) {
  if (tensors.epitome != nullptr) {
    tensors.epitome->describe(tensors.weight, state);
  } else if (const auto* conv = std::get_if<Conv>(&layer.parameters)) {
    state.weight = to_vector(from_dense(*conv, programmed_weight(tensors, conv->weight_bits)));
    state.weights = grid(conv->weight_bits, largest_weight(state.weight));
  } else if (const auto* linear = std::get_if<Linear>(&layer.parameters)) {
    state.weight = to_vector(programmed_weight(tensors, linear->weight_bits));
    state.weights = grid(linear->weight_bits, largest_weight(state.weight));
  }
}

void take_statistics(const nn::TrainedNetwork& trained, Path& path) {
  const c10::NoGradGuard no_grad;
  for (std::size_t index = 0; index < path.layers.size(); ++index) {
    const nn::Layer& layer = trained.network.layers()[index];
    const nn::LayerState& state = trained.states[index];
    LayerTensors& tensors = path.layers[index];
    tensors.output_range = state.output_range;
    if (const auto* norm = std::get_if<BatchNorm>(&layer.parameters)) {
      const std::vector<std::int64_t> shape{norm->features};
      tensors.running_mean.copy_(to_tensor(layer, "running_mean", state.running_mean, shape));
      tensors.running_variance.copy_(
          to_tensor(layer, "running_variance", state.running_variance, shape));
    }
  }
}

nn::TrainedNetwork to_trained(const Path& path) {
  nn::TrainedNetwork trained{path.network, {}};
  trained.states.resize(path.layers.size());
  for (std::size_t index = 0; index < path.layers.size(); ++index) {
    const nn::Layer& layer = path.network.layers()[index];
    const LayerTensors& tensors = path.layers[index];
    nn::LayerState& state = trained.states[index];
    state.output_range = tensors.output_range;
    if (const auto* conv = std::get_if<Conv>(&layer.parameters)) {
      describe_weight(layer, tensors, state);
      describe_grids(path, index, conv->activation_bits, state);
    } else if (const auto* linear = std::get_if<Linear>(&layer.parameters)) {
      describe_weight(layer, tensors, state);
      describe_grids(path, index, linear->activation_bits, state);
    } else if (std::holds_alternative<BatchNorm>(layer.parameters)) {
      state.gamma = to_vector(tensors.gamma);
      state.beta = to_vector(tensors.beta);
      state.running_mean = to_vector(tensors.running_mean);
      state.running_variance = to_vector(tensors.running_variance);
      state.epsilon = tensors.epsilon;
      const auto& norm = std::get<BatchNorm>(layer.parameters);
      if (norm.output_bits) state.output = grid(*norm.output_bits, tensors.output_range);
    } else if (std::holds_alternative<Bias>(layer.parameters)) {
      state.beta = to_vector(tensors.beta);
    } else if (const auto* tanh = std::get_if<HardTanh>(&layer.parameters)) {
      state.output = grid(tanh->output_bits, tanh->range);
    } else {
      describe_transformer_layer(layer, tensors, state);
    }
  }
  return trained;
}

}  // namespace gibbon::train
