#include "gibbon/sim/inference/transformer_layers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "gibbon/base/error.hpp"
#include "gibbon/sim/inference/digital_layers.hpp"

namespace gibbon::sim {

namespace {

/// Of one image: the positions of a channel lie together.
struct Rows {
  const float* values;
  std::size_t positions;
  const float* operator[](std::size_t channel) const { return values + channel * positions; }
};

struct Run {
  const nn::LayerState& state;
  std::span<const Tensor* const> inputs;
  Tensor output;

  std::size_t image_count() const { return static_cast<std::size_t>(output.images); }
  static Rows image(const Tensor& tensor, std::size_t index) {
    const std::size_t size = static_cast<std::size_t>(tensor.shape.elements());
    return {tensor.values.data() + index * size, tensor.plane_size()};
  }
  float* result(std::size_t image) {
    return output.values.data() + image * static_cast<std::size_t>(output.shape.elements());
  }
  std::size_t channels() const { return static_cast<std::size_t>(output.shape.channels); }
  std::size_t positions() const { return output.plane_size(); }

  void operator()(const nn::Tokens& tokens) {
    const std::size_t skipped = tokens.class_token ? 1 : 0;
    for (std::size_t i = 0; i < image_count(); ++i) {
      const Rows in = image(*inputs[0], i);
      float* out = result(i);
      for (std::size_t c = 0; c < channels(); ++c, out += positions()) {
        if (tokens.class_token) out[0] = state.gamma[c];
        std::copy_n(in[c], in.positions, out + skipped);
        for (std::size_t t = 0; t < positions(); ++t) out[t] += state.weight[t * channels() + c];
      }
    }
  }

  void operator()(const nn::SelectToken& select) {
    for (std::size_t i = 0; i < image_count(); ++i) {
      const Rows in = image(*inputs[0], i);
      for (std::size_t c = 0; c < channels(); ++c) result(i)[c] = in[c][select.index];
    }
  }

  void operator()(const nn::LayerNorm& norm) {
    for (std::size_t i = 0; i < image_count(); ++i) normalise(image(*inputs[0], i), result(i));
    if (norm.output_bits) {
      quantize_in_place(output.values, *norm.output_bits, static_cast<float>(state.output_range));
    }
  }

  void operator()(const nn::Gelu&) {
    const std::vector<float>& values = inputs[0]->values;
    std::transform(values.begin(), values.end(), output.values.begin(),
                   [](float x) { return 0.5F * x * (1.0F + std::erf(x * 0.70710678F)); });
  }

  void operator()(const nn::Softmax& softmax) {
    const std::size_t group = channels() / static_cast<std::size_t>(softmax.groups);
    for (std::size_t i = 0; i < image_count(); ++i) {
      const Rows in = image(*inputs[0], i);
      for (std::size_t first = 0; first < channels(); first += group) {
        share({in[first], in.positions}, group, result(i) + first * positions());
      }
    }
  }

  void operator()(const nn::MatMul& product) {
    const std::size_t heads = static_cast<std::size_t>(product.heads);
    Tensor first = *inputs[0];
    if (!product.transposed) quantize_in_place(first.values, product.activation_bits, 1.0F);
    for (std::size_t i = 0; i < image_count(); ++i) {
      const Rows a = image(first, i);
      const Rows b = image(*inputs[1], i);
      for (std::size_t head = 0; head < heads; ++head) {
        multiply_head(product, head, a, b, result(i));
      }
    }
    for (float& value : output.values) value *= static_cast<float>(product.scale);
    quantize_in_place(output.values, product.activation_bits,
                      static_cast<float>(state.output_range));
  }

  template <typename Other>
  void operator()(const Other&) {}

 private:
  void normalise(const Rows& in, float* out) const {
    const auto count = static_cast<double>(channels());
    for (std::size_t t = 0; t < positions(); ++t) {
      double sum = 0;
      for (std::size_t c = 0; c < channels(); ++c) sum += in[c][t];
      const double mean = sum / count;
      double squares = 0;
      for (std::size_t c = 0; c < channels(); ++c) {
        squares += (in[c][t] - mean) * (in[c][t] - mean);
      }
      const double factor = 1 / std::sqrt(squares / count + state.epsilon);
      for (std::size_t c = 0; c < channels(); ++c) {
        const auto normed = static_cast<float>((in[c][t] - mean) * factor);
        out[c * positions() + t] = normed * state.gamma[c] + state.beta[c];
      }
    }
  }

  /// Softmax of each position over `count` channels.
  void share(const Rows& in, std::size_t count, float* out) const {
    for (std::size_t t = 0; t < positions(); ++t) {
      float largest = in[0][t];
      for (std::size_t c = 1; c < count; ++c) largest = std::max(largest, in[c][t]);
      double sum = 0;
      for (std::size_t c = 0; c < count; ++c) {
        const float exponential = std::exp(in[c][t] - largest);
        out[c * positions() + t] = exponential;
        sum += exponential;
      }
      for (std::size_t c = 0; c < count; ++c) {
        out[c * positions() + t] = static_cast<float>(out[c * positions() + t] / sum);
      }
    }
  }

  /// The rows of b weight those of a, whole rows of tokens at a time.
  void multiply_head(const nn::MatMul& product, std::size_t head, const Rows& a, const Rows& b,
                     float* out) const {
    const std::size_t heads = static_cast<std::size_t>(product.heads);
    const std::size_t features = static_cast<std::size_t>(inputs[1]->shape.channels) / heads;
    const std::size_t others = b.positions;
    const std::size_t summed = product.transposed ? features : others;
    const std::size_t made = product.transposed ? others : features;
    for (std::size_t m = 0; m < made; ++m) {
      float* row = out + (head * made + m) * positions();
      for (std::size_t s = 0; s < summed; ++s) {
        const float weight =
            product.transposed ? b[head * features + s][m] : b[head * features + m][s];
        const float* from = a[head * summed + s];
        for (std::size_t t = 0; t < positions(); ++t) row[t] += weight * from[t];
      }
    }
  }
};

[[noreturn]] void refuse(const nn::Layer& layer, const std::string& problem) {
  throw base::Error(fmt::format("layer '{}': {}", layer.name, problem));
}

void require_range(const nn::Layer& layer, const nn::LayerState& state) {
  if (state.output_range > 0.0 && std::isfinite(state.output_range)) return;
  refuse(layer, fmt::format("its output range is {}, it must be positive (has the network been "
                            "trained with quantisation?)",
                            state.output_range));
}

}  // namespace

Tensor run_transformer_layer(const nn::Network& network, std::size_t index,
                             const nn::LayerState& state, std::span<const Tensor* const> inputs) {
  const nn::Shape& shape = network.output_shape(static_cast<int>(index));
  Run run{state, inputs, Tensor(inputs.front()->images, shape)};
  std::visit(run, network.layers()[index].parameters);
  return std::move(run.output);
}

void check_transformer_state(const nn::Network& network, std::size_t index,
                             const nn::LayerState& state) {
  const nn::Layer& layer = network.layers()[index];
  const nn::Shape& shape = network.output_shape(static_cast<int>(index));
  const auto channels = static_cast<std::size_t>(shape.channels);
  if (const auto* tokens = std::get_if<nn::Tokens>(&layer.parameters)) {
    const std::size_t needed = channels * static_cast<std::size_t>(shape.height);
    if (state.weight.size() != needed) {
      refuse(layer,
             fmt::format("has {} values of positions, needs {}", state.weight.size(), needed));
    }
    if (tokens->class_token && state.gamma.size() != channels) {
      refuse(layer,
             fmt::format("its class token has {} values, needs {}", state.gamma.size(), channels));
    }
  } else if (const auto* norm = std::get_if<nn::LayerNorm>(&layer.parameters)) {
    if (state.gamma.size() != channels || state.beta.size() != channels) {
      refuse(layer, fmt::format("gamma and beta need {} values each", channels));
    }
    if (norm->output_bits) require_range(layer, state);
  } else if (std::holds_alternative<nn::MatMul>(layer.parameters)) {
    require_range(layer, state);
  }
}

}  // namespace gibbon::sim
