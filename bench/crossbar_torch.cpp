#include "crossbar_torch.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <cmath>

#include "gibbon/base/error.hpp"

namespace gibbon::bench {

namespace {

double top_of(int bits) {
  return std::pow(2.0, bits - 1) - 1;
}

double exact(double value) {  // as float32, which all of the model's scalars are
  return static_cast<double>(static_cast<float>(value));
}

/// Digit `index` of |integers|, with their sign.
at::Tensor digit_of(const at::Tensor& integers, int index, int bits) {
  const double low = std::pow(2.0, index * bits);
  const at::Tensor shifted = at::floor(at::abs(integers) / low);
  return at::sign(integers) * at::fmod(shifted, std::pow(2.0, bits));
}

/// One Conv or Linear.
struct Crossbars {
  bool linear = false;
  int stride = 1;
  int padding = 0;
  int channels_per_block = 0;
  int cycles = 0;
  int parts = 0;
  int dac_bits = 1;
  int cell_bits = 1;
  int polarity = 2;
  double input_scale = 1;
  double weight_scale = 1;
  double range = 1;
  double input_top = 255;
  int resolution = 8;
  int point_shift = 0;
  /// [block][digit]: the positive and the negative plane, the second undefined for polarity 1.
  std::vector<std::vector<std::pair<at::Tensor, at::Tensor>>> planes;

  at::Tensor product(const at::Tensor& input, const at::Tensor& weight) const {
    if (linear) return at::linear(input, weight);
    return at::conv2d(input, weight, {}, stride, padding);
  }

  at::Tensor run(const at::Tensor& activations) const {
    const at::Tensor integers =
        at::clamp(at::round(activations / input_scale), -input_top, input_top);
    const int top = (cycles - 1) * dac_bits + (parts - 1) * cell_bits;
    const double steps = std::pow(2.0, point_shift + resolution - 1);
    const double limit = top_of(resolution);
    at::Tensor sum;
    for (std::size_t block = 0; block < planes.size(); ++block) {
      const auto first = static_cast<std::int64_t>(block) * channels_per_block;
      const std::int64_t last = std::min(first + channels_per_block, integers.size(1));
      const at::Tensor part = integers.slice(1, first, last);
      for (int i = 0; i < cycles; ++i) {
        const at::Tensor digit = digit_of(part, i, dac_bits);
        for (int j = 0; j < parts; ++j) {
          const auto& [positive, negative] = planes[block][static_cast<std::size_t>(j)];
          const at::Tensor weight = polarity == 2 ? positive - negative : positive;
          at::Tensor column = product(digit, weight);
          column = column * weight_scale * input_scale / range * std::pow(2.0, top);
          column = at::clamp(at::round(column * steps), -limit, limit) / steps;
          const int down = top - i * dac_bits - j * cell_bits;
          column = column / std::pow(2.0, down);
          sum = sum.defined() ? sum + column : column;
        }
      }
    }
    return at::clamp(at::round(sum * input_top), -input_top, input_top) * range / input_top;
  }
};

Crossbars make_crossbars(const nn::LayerParameters& parameters, const nn::LayerState& state,
                         const hw::HardwareConfig& hardware) {
  Crossbars layer;
  at::Tensor weight = at::tensor(state.weight);
  const int rows = hardware.crossbar.rows;
  int used_rows = 0;
  int inputs = 0;
  int point_shift = 0;
  if (const auto* conv = std::get_if<nn::Conv>(&parameters)) {
    if (conv->groups != 1 || conv->padding_mode != nn::PaddingMode::kZeros) {
      throw base::Error("the baseline knows neither groups nor symmetric padding");
    }
    const int taps = conv->kernel * conv->kernel;
    weight = weight.view({conv->out_channels, conv->in_channels, conv->kernel, conv->kernel});
    layer.stride = conv->stride;
    layer.padding = conv->padding;
    layer.channels_per_block = rows / taps;
    used_rows = layer.channels_per_block * taps;
    inputs = conv->in_channels;
    point_shift = conv->point_shift;
  } else {
    const auto& linear = std::get<nn::Linear>(parameters);
    weight = weight.view({linear.out_features, linear.in_features});
    layer.linear = true;
    layer.channels_per_block = rows;
    used_rows = std::min(linear.in_features, rows);
    inputs = linear.in_features;
    point_shift = linear.point_shift;
  }
  layer.dac_bits = hardware.dac.bits;
  layer.cell_bits = hardware.device.bits();
  layer.polarity = hardware.pe.polarity;
  const auto ceil_divide = [](int a, int b) { return (a + b - 1) / b; };
  layer.cycles = ceil_divide(state.input.bits - 1, layer.dac_bits);
  layer.parts = ceil_divide(state.weights.bits - (layer.polarity == 2 ? 1 : 0), layer.cell_bits);
  layer.input_scale = exact(state.input.scale);
  layer.weight_scale = exact(state.weights.scale);
  layer.range = exact(state.output_range);
  layer.input_top = top_of(state.input.bits);
  const double serial =
      std::ceil(std::log2(static_cast<double>(used_rows) / hardware.pe.dacs_per_subarray));
  layer.resolution = hardware.adc.accuracy_bits + std::max(0, static_cast<int>(serial));
  const int blocks = ceil_divide(inputs, layer.channels_per_block);
  layer.point_shift = static_cast<int>(std::floor(point_shift + 0.5 * std::log2(blocks)));

  const double top = top_of(state.weights.bits);
  const at::Tensor integers = at::clamp(at::round(weight / layer.weight_scale), -top, top);
  for (int block = 0; block < blocks; ++block) {
    const std::int64_t first = static_cast<std::int64_t>(block) * layer.channels_per_block;
    const at::Tensor part =
        integers.slice(1, first, std::min<std::int64_t>(first + layer.channels_per_block, inputs));
    auto& planes = layer.planes.emplace_back();
    for (int j = 0; j < layer.parts; ++j) {
      const at::Tensor digit = digit_of(part, j, layer.cell_bits).contiguous();
      if (layer.polarity == 1) {
        planes.emplace_back(digit, at::Tensor());
      } else {
        planes.emplace_back(at::clamp_min(digit, 0), at::clamp_min(-digit, 0));
      }
    }
  }
  return layer;
}

at::Tensor run_batch_norm(const nn::BatchNorm& norm, const nn::LayerState& state,
                          const at::Tensor& input) {
  const auto column = [](const std::vector<float>& values) {
    return at::tensor(values).view({1, -1, 1, 1});
  };
  const at::Tensor scale =
      column(state.gamma) / at::sqrt(column(state.running_variance) + exact(state.epsilon));
  const at::Tensor output =
      input * scale + (column(state.beta) - column(state.running_mean) * scale);
  if (!norm.output_bits) return output;
  const double top = top_of(*norm.output_bits);
  const double range = exact(state.output_range);
  return at::clamp(at::round(output / range * top), -top, top) * range / top;
}

at::Tensor run_pool(const nn::Pool& pool, const at::Tensor& input) {
  if (pool.mode == nn::PoolMode::kMax) {
    return at::max_pool2d(input, pool.kernel, pool.stride, pool.padding);
  }
  if (pool.mode != nn::PoolMode::kGlobalAverage) {
    throw base::Error("the baseline knows maximum and global average pooling only");
  }
  return at::avg_pool2d(input, {input.size(2), input.size(3)});
}

}  // namespace

struct TorchCrossbars::State {
  nn::TrainedNetwork trained;
  std::vector<Crossbars> crossbars;  ///< one a layer, empty for the others

  at::Tensor run_layer(std::size_t index, const std::vector<at::Tensor>& inputs) const {
    const nn::LayerParameters& parameters = trained.network.layers()[index].parameters;
    const at::Tensor& input = inputs.front();
    if (!crossbars[index].planes.empty()) return crossbars[index].run(input);
    if (const auto* norm = std::get_if<nn::BatchNorm>(&parameters)) {
      return run_batch_norm(*norm, trained.states[index], input);
    }
    if (std::holds_alternative<nn::Relu>(parameters)) return at::relu(input);
    if (const auto* pool = std::get_if<nn::Pool>(&parameters)) return run_pool(*pool, input);
    if (std::holds_alternative<nn::Flatten>(parameters)) return input.flatten(1);
    if (std::holds_alternative<nn::Dropout>(parameters)) return input;
    if (std::holds_alternative<nn::Add>(parameters)) {
      at::Tensor sum = inputs[0];
      for (std::size_t i = 1; i < inputs.size(); ++i) sum = sum + inputs[i];
      return sum;
    }
    throw base::Error("the baseline does not know a layer of this network");
  }
};

TorchCrossbars::TorchCrossbars(const nn::TrainedNetwork& trained,
                               const hw::HardwareConfig& hardware)
    : state_(std::make_unique<State>(State{trained, {}})) {
  const c10::InferenceMode inference;
  const auto& layers = trained.network.layers();
  for (std::size_t index = 0; index < layers.size(); ++index) {
    const nn::LayerParameters& parameters = layers[index].parameters;
    const bool on_crossbars = std::holds_alternative<nn::Conv>(parameters) ||
                              std::holds_alternative<nn::Linear>(parameters);
    state_->crossbars.push_back(
        on_crossbars ? make_crossbars(parameters, trained.states[index], hardware) : Crossbars());
  }
}

TorchCrossbars::~TorchCrossbars() = default;

std::vector<std::vector<float>> TorchCrossbars::run(const std::vector<float>& pixels, int images,
                                                    bool keep_all) const {
  const c10::InferenceMode inference;
  const nn::Network& network = state_->trained.network;
  const nn::Shape& shape = network.input();
  const auto& layers = network.layers();
  std::vector<at::Tensor> outputs{
      at::tensor(pixels).view({images, shape.channels, shape.height, shape.width})};
  for (std::size_t index = 0; index < layers.size(); ++index) {
    std::vector<at::Tensor> inputs;
    for (const int input : layers[index].inputs) {
      inputs.push_back(outputs[static_cast<std::size_t>(input + 1)]);
    }
    outputs.push_back(state_->run_layer(index, inputs));
  }
  std::vector<std::vector<float>> values(layers.size());
  for (std::size_t index = keep_all ? 0 : layers.size() - 1; index < layers.size(); ++index) {
    const at::Tensor output = outputs[index + 1].contiguous();
    values[index].assign(output.data_ptr<float>(), output.data_ptr<float>() + output.numel());
  }
  return values;
}

void TorchCrossbars::set_threads(int threads) {
  at::set_num_threads(threads);
}

}  // namespace gibbon::bench
