#include <ATen/ATen.h>

#include <fmt/format.h>

#include <algorithm>

#include "gibbon/base/error.hpp"
#include "gibbon/train/trainers/dense_weight.hpp"
#include "gibbon/train/trainers/fake_quantizer.hpp"
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

constexpr double kSmallestPairScale = 1e-12;

std::vector<float> to_vector(const at::Tensor& tensor) {
  const at::Tensor plain = tensor.detach().to(at::kCPU, at::kFloat).contiguous();
  const float* values = plain.data_ptr<float>();
  return {values, values + plain.numel()};
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
  const at::Tensor scales = array_tensor(layer, "pair_scales", state.pair_scales,
                                         {conv.out_channels, conv.in_channels, 1, 1});
  const at::Tensor levels = (weight / scales.clamp_min(kSmallestPairScale)).round();
  return levels.clamp(-highest, highest) * scales;
}

at::Tensor frozen_kernel(const nn::Layer& layer, const Conv& conv, const nn::LayerState& state,
                         bool quantize) {
  const at::Tensor real = array_tensor(layer, "weight", state.weight, kernel_shape(conv));
  if (!quantize) return real;
  return conv.epitome ? on_epitome_grid(layer, conv, state, real)
                      : on_own_grid(real, conv.weight_bits);
}

void move_to(LayerTensors& tensors, const std::string& device) {
  for (at::Tensor* tensor : {&tensors.weight, &tensors.gamma, &tensors.beta, &tensors.running_mean,
                             &tensors.running_variance, &tensors.class_token, &tensors.positions}) {
    if (tensor->defined()) *tensor = tensor->to(at::Device(device));
  }
}

}  // namespace

at::Tensor array_tensor(const nn::Layer& layer, const char* what, const std::vector<float>& values,
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

std::vector<std::int64_t> kernel_shape(const Conv& conv) {
  return {conv.out_channels, conv.in_channels / conv.groups, conv.kernel, conv.kernel};
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
        array_tensor(layer, "weight", state.weight, {linear->out_features, linear->in_features});
    tensors.weight = quantize ? on_own_grid(real, linear->weight_bits) : real;
    tensors.weight_is_quantized = true;
  } else if (const auto* norm = std::get_if<BatchNorm>(&layer.parameters)) {
    tensors.gamma = array_tensor(layer, "gamma", state.gamma, {norm->features});
    tensors.beta = array_tensor(layer, "beta", state.beta, {norm->features});
    tensors.running_mean =
        array_tensor(layer, "running_mean", state.running_mean, {norm->features});
    tensors.running_variance =
        array_tensor(layer, "running_variance", state.running_variance, {norm->features});
    tensors.epsilon = state.epsilon;
  } else if (const auto* bias = std::get_if<Bias>(&layer.parameters)) {
    tensors.beta = array_tensor(layer, "bias", state.beta, {bias->features});
  } else if (const auto* layer_norm = std::get_if<LayerNorm>(&layer.parameters)) {
    tensors.gamma = array_tensor(layer, "gamma", state.gamma, {layer_norm->features});
    tensors.beta = array_tensor(layer, "beta", state.beta, {layer_norm->features});
    tensors.epsilon = state.epsilon;
  } else if (const auto* tokens = std::get_if<Tokens>(&layer.parameters)) {
    const std::int64_t channels = output.channels;
    if (tokens->class_token) {
      tensors.class_token = array_tensor(layer, "class_token", state.gamma, {channels});
    }
    tensors.positions = array_tensor(layer, "positions", state.weight, {output.height, channels});
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
      tensors.running_mean.copy_(array_tensor(layer, "running_mean", state.running_mean, shape));
      tensors.running_variance.copy_(
          array_tensor(layer, "running_variance", state.running_variance, shape));
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
    } else if (const auto* bias = std::get_if<Bias>(&layer.parameters)) {
      state.beta = to_vector(tensors.beta);
      if (bias->output_bits) state.output = grid(*bias->output_bits, tensors.output_range);
    } else if (const auto* tanh = std::get_if<HardTanh>(&layer.parameters)) {
      state.output = grid(tanh->output_bits, tanh->range);
    } else {
      describe_transformer_layer(layer, tensors, state);
    }
  }
  return trained;
}

}  // namespace gibbon::train
