#include <ATen/ATen.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "gibbon/base/error.hpp"
#include "gibbon/base/rng.hpp"
#include "gibbon/train/trainers/dense_weight.hpp"
#include "gibbon/train/trainers/shared_weights.hpp"
#include "gibbon/train/trainers/trained_path.hpp"

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

}  // namespace

SharedWeights::SharedWeights(const nn::Network& largest, const TrainOptions& options)
    : device_(options.device), scales_(options.epitome_scales) {
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
  const std::lock_guard lock(cache_mutex_);
  const auto found = masks_.find(key);
  if (found != masks_.end()) return found->second;
  at::Tensor mask = dense_mask(conv);
  if (mask.defined()) {
    mask = mask.to(at::Device(device_)).contiguous(at::MemoryFormat::ChannelsLast);
  }
  return masks_.emplace(key, mask).first->second;
}

std::shared_ptr<const EpitomeWeight> SharedWeights::epitome_of(const Conv& conv) const {
  if (!conv.epitome) return nullptr;
  const nn::EpitomeShape& shape = conv.epitome->shape;
  const std::string key = fmt::format(
      "{} {} {} {} {} {} {} {} {} {}", conv.out_channels, conv.in_channels, conv.kernel,
      static_cast<int>(conv.padding_mode), conv.weight_bits, shape.out_channels, shape.in_channels,
      shape.height, shape.width, static_cast<int>(conv.epitome->outputs));
  const std::lock_guard lock(cache_mutex_);
  std::shared_ptr<const EpitomeWeight>& weight = epitome_weights_[key];
  if (weight == nullptr) weight = std::make_shared<const EpitomeWeight>(conv, scales_, device_);
  return weight;
}

Path SharedWeights::path(const nn::Network& network, bool trainable) const {
  Path path{network, plan_layers(network), {}, {}};
  path.layers.resize(network.layers().size());
  const auto leaf = [&](const at::Tensor& value, const at::Tensor& momentum, bool decays,
                        bool scale_is_free = false, const at::Tensor& mask = {}) {
    at::Tensor shared = value.detach();
    if (trainable) {
      shared.set_requires_grad(true);
      path.trained.push_back({shared, momentum, decays, scale_is_free, mask});
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
      tensors.epitome = epitome_of(*conv);
      if (tensors.epitome == nullptr) tensors.mask = mask_of(*conv);
      tensors.weight = leaf(slice_kernel(layer, *conv, weight.value),
                            slice_kernel(layer, *conv, weight.momentum), true,
                            path.plans[index].scale_is_free, tensors.mask);
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
      const at::Tensor weight = array_tensor(layer, "weight", state.weight, kernel_shape(*conv));
      const auto own = epitomes_.find(layer.name);
      parameter(layer, ".weight")
          .value.copy_(own == epitomes_.end() ? to_dense(*conv, weight)
                                              : epitome_of(own->second)->nearest(state.weight));
    } else if (const auto* linear = std::get_if<Linear>(&layer.parameters)) {
      parameter(layer, ".weight")
          .value.copy_(array_tensor(layer, "weight", state.weight,
                                    {linear->out_features, linear->in_features}));
    } else if (const auto* norm = std::get_if<BatchNorm>(&layer.parameters)) {
      parameter(layer, ".gamma")
          .value.copy_(array_tensor(layer, "gamma", state.gamma, {norm->features}));
      parameter(layer, ".beta")
          .value.copy_(array_tensor(layer, "beta", state.beta, {norm->features}));
    } else if (const auto* bias = std::get_if<Bias>(&layer.parameters)) {
      parameter(layer, ".bias")
          .value.copy_(array_tensor(layer, "bias", state.beta, {bias->features}));
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

}  // namespace gibbon::train
