#include "gibbon/sim/inference/digital_layers.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "gibbon/sim/inference/transformer_layers.hpp"

namespace gibbon::sim {

namespace {

/// Round half to even for |value| < 2^22, in a form that vectorises.
float round_small(float value) {
  constexpr float kRounder = 12582912.0F;  // 1.5 * 2^23
  return (value + kRounder) - kRounder;
}

float limit_of(int bits) {
  return static_cast<float>((1 << (bits - 1)) - 1);
}

float pool_window(const nn::Pool& pool, const nn::Shape& in, const float* plane, int y, int x) {
  const bool maximum = pool.mode == nn::PoolMode::kMax;
  float result = maximum ? -std::numeric_limits<float>::infinity() : 0.0F;
  const int top = y * pool.stride - pool.padding;
  const int left = x * pool.stride - pool.padding;
  for (int in_y = std::max(top, 0); in_y < std::min(top + pool.kernel, in.height); ++in_y) {
    for (int in_x = std::max(left, 0); in_x < std::min(left + pool.kernel, in.width); ++in_x) {
      const float value = plane[in_y * in.width + in_x];
      result = maximum ? std::max(result, value) : result + value;
    }
  }
  return maximum ? result : result / static_cast<float>(pool.kernel * pool.kernel);
}

void quantize_output(const std::optional<int>& bits, const nn::LayerState& state, bool move_range,
                     Tensor& tensor) {
  if (!bits) return;
  const double range =
      move_range ? moved_range(state.output_range, tensor.values) : state.output_range;
  quantize_in_place(tensor.values, *bits, static_cast<float>(range));
}

}  // namespace

void quantize_in_place(std::vector<float>& values, int bits, float range) {
  const float limit = limit_of(bits);
  for (float& value : values) {
    const float code = round_small(std::min(std::max((value / range) * limit, -limit), limit));
    value = (code * range) / limit;
  }
}

double moved_range(double range, const std::vector<float>& values) {
  const auto count = static_cast<double>(values.size());
  double sum = 0;
  for (const float value : values) sum += value;
  const double mean = sum / count;
  double squares = 0;
  for (const float value : values) squares += (value - mean) * (value - mean);
  const double deviation = static_cast<float>(std::sqrt(squares / (count - 1)));
  const double spread = 3 * deviation + std::abs(static_cast<double>(static_cast<float>(mean)));
  if (range <= 0) return static_cast<float>(spread);
  return static_cast<float>(0.707 * range + (1 - 0.707) * spread);
}

void run_batch_norm(const nn::BatchNorm& norm, const nn::LayerState& state, bool move_range,
                    Tensor& tensor) {
  const std::size_t plane = tensor.plane_size();
  float* values = tensor.values.data();
  for (int image = 0; image < tensor.images; ++image) {
    for (std::size_t channel = 0; channel < state.gamma.size(); ++channel, values += plane) {
      const float deviation =
          std::sqrt(state.running_variance[channel] + static_cast<float>(state.epsilon));
      const float scale = state.gamma[channel] / deviation;
      const float shift = state.beta[channel] - state.running_mean[channel] * scale;
      for (std::size_t i = 0; i < plane; ++i) values[i] = values[i] * scale + shift;
    }
  }
  quantize_output(norm.output_bits, state, move_range, tensor);
}

void run_bias(const nn::Bias& bias, const nn::LayerState& state, bool move_range, Tensor& tensor) {
  const std::size_t plane = tensor.plane_size();
  float* values = tensor.values.data();
  for (int image = 0; image < tensor.images; ++image) {
    for (const float shift : state.beta) {
      for (std::size_t i = 0; i < plane; ++i) values[i] += shift;
      values += plane;
    }
  }
  quantize_output(bias.output_bits, state, move_range, tensor);
}

void run_relu(Tensor& tensor) {
  for (float& value : tensor.values) value = std::max(value, 0.0F);
}

void run_hardtanh(const nn::HardTanh& activation, Tensor& tensor) {
  quantize_in_place(tensor.values, activation.output_bits, static_cast<float>(activation.range));
}

Tensor run_pool(const nn::Pool& pool, const nn::Shape& output, const Tensor& input) {
  Tensor result(input.images, output);
  const std::size_t plane = input.plane_size();
  const std::size_t planes = static_cast<std::size_t>(input.images * input.shape.channels);
  float* out = result.values.data();
  for (std::size_t p = 0; p < planes; ++p) {
    const float* in = input.values.data() + p * plane;
    if (pool.mode == nn::PoolMode::kGlobalAverage) {
      float sum = 0;
      for (std::size_t i = 0; i < plane; ++i) sum += in[i];
      *out++ = sum / static_cast<float>(plane);
      continue;
    }
    for (int y = 0; y < output.height; ++y) {
      for (int x = 0; x < output.width; ++x) *out++ = pool_window(pool, input.shape, in, y, x);
    }
  }
  return result;
}

Tensor run_add(const nn::Shape& output, std::span<const Tensor* const> inputs) {
  const int images = inputs.front()->images;
  Tensor result(images, output);
  const std::size_t plane = result.plane_size();
  for (const Tensor* input : inputs) {
    const std::size_t channels =
        static_cast<std::size_t>(std::min(output.channels, input->shape.channels));
    for (std::size_t image = 0; image < static_cast<std::size_t>(images); ++image) {
      const float* from =
          input->values.data() + image * plane * static_cast<std::size_t>(input->shape.channels);
      float* to = result.values.data() + image * plane * static_cast<std::size_t>(output.channels);
      for (std::size_t i = 0; i < channels * plane; ++i) to[i] += from[i];
    }
  }
  return result;
}

Tensor run_concat(const nn::Shape& output, std::span<const Tensor* const> inputs) {
  const int images = inputs.front()->images;
  Tensor result(images, output);
  float* to = result.values.data();
  for (std::ptrdiff_t image = 0; image < images; ++image) {
    for (const Tensor* input : inputs) {
      const auto size = static_cast<std::ptrdiff_t>(input->shape.elements());
      to = std::copy_n(input->values.begin() + image * size, size, to);
    }
  }
  return result;
}

bool runs_on_crossbars(const nn::LayerParameters& parameters) {
  return std::holds_alternative<nn::Conv>(parameters) ||
         std::holds_alternative<nn::Linear>(parameters);
}

Tensor run_digital_layer(const nn::Network& network, std::size_t index, const nn::LayerState& state,
                         bool move_range, std::span<const Tensor* const> inputs, Tensor* owned) {
  const nn::LayerParameters& parameters = network.layers()[index].parameters;
  const nn::Shape& shape = network.output_shape(static_cast<int>(index));
  const Tensor& input = *inputs.front();
  if (nn::is_transformer_layer(parameters)) {
    return run_transformer_layer(network, index, state, inputs);
  }
  if (std::holds_alternative<nn::Add>(parameters)) return run_add(shape, inputs);
  if (std::holds_alternative<nn::Concat>(parameters)) return run_concat(shape, inputs);
  if (const auto* pool = std::get_if<nn::Pool>(&parameters)) return run_pool(*pool, shape, input);

  Tensor output = owned != nullptr ? std::move(*owned) : Tensor(input);
  output.shape = shape;
  if (const auto* norm = std::get_if<nn::BatchNorm>(&parameters)) {
    run_batch_norm(*norm, state, move_range, output);
  } else if (const auto* bias = std::get_if<nn::Bias>(&parameters)) {
    run_bias(*bias, state, move_range, output);
  } else if (std::holds_alternative<nn::Relu>(parameters)) {
    run_relu(output);
  } else if (const auto* activation = std::get_if<nn::HardTanh>(&parameters)) {
    run_hardtanh(*activation, output);
  }
  return output;
}

}  // namespace gibbon::sim
