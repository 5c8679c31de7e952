#include <ATen/ATen.h>
#include <algorithm>

#include "gibbon/train/trainers/bfloat16_conv.hpp"
#include "gibbon/train/trainers/bfloat16_winograd.hpp"
#include "gibbon/train/trainers/block_tail.hpp"
#include "gibbon/train/trainers/dense_weight.hpp"
#include "gibbon/train/trainers/fake_quantizer.hpp"
#include "gibbon/train/trainers/graph_runner.hpp"
#include "gibbon/train/trainers/max_pool.hpp"
#include "gibbon/train/trainers/output_noise.hpp"
#include "gibbon/train/trainers/pim_forward.hpp"
#include "gibbon/train/trainers/transformer_layers.hpp"
#include "gibbon/train/trainers/winograd_conv.hpp"

namespace gibbon::train {

namespace {

constexpr int kFewestGroupsWorthwhile = 4;
constexpr double kNormMomentum = 0.1;
constexpr double kRangeKeep = 0.707;  // MNSIM, README section 9: update(v, y)

at::Tensor with_channels(const at::Tensor& values, std::int64_t channels) {
  const std::int64_t missing = channels - values.size(1);
  if (missing == 0) return values;
  if (missing < 0) return values.narrow(1, 0, channels);
  return at::constant_pad_nd(values, {0, 0, 0, 0, 0, missing});
}

/// Executes layer after layer; one visit operator for each type.
class Runner {
 public:
  Runner(Path& path, const at::Tensor& images, const RunOptions& options)
      : path_(path), images_(images), options_(options), values_(path.layers.size()) {}

  at::Tensor run() {
    for (index_ = 0; index_ < values_.size(); ++index_) {
      values_[index_] = std::visit(*this, layer().parameters);
    }
    return values_.back();
  }

  at::Tensor operator()(const nn::Conv& conv) {
    const at::Tensor output = convolve(conv, quantized_input(), weight(conv.weight_bits));
    in_fused_tail_[index_] = fuses_tail(output);
    const double range = disturbed_range(output);
    if (in_fused_tail_[index_] || pools_before_quantizer()) return output;
    return on_crossbars(quantized(output, range, plan().input_bits, ClampGradient::kZero));
  }

  at::Tensor operator()(const nn::Linear& linear) {
    const at::Tensor output = at::linear(quantized_input().flatten(1), weight(linear.weight_bits));
    const double range = disturbed_range(output);
    return on_crossbars(quantized(output, range, plan().input_bits, ClampGradient::kPass));
  }

  at::Tensor operator()(const nn::BatchNorm& norm) {
    if (in_fused_tail()) return input();
    LayerTensors& own = tensors();
    const Statistics statistics = options_.statistics;
    const bool keeps = statistics == Statistics::kTracked || statistics == Statistics::kCalibrate;
    const double momentum = statistics == Statistics::kCalibrate
                                ? 1.0 / (options_.calibrated_batches + 1)
                                : kNormMomentum;
    const bool frozen = statistics == Statistics::kFrozen;
    const at::Tensor nothing;
    const at::Tensor output = at::batch_norm(
        input(), own.gamma, own.beta, keeps || frozen ? own.running_mean : nothing,
        keeps || frozen ? own.running_variance : nothing, !frozen, momentum, own.epsilon, true);
    if (!norm.output_bits) return output;
    return quantized_output(output, *norm.output_bits, ClampGradient::kZero);
  }

  at::Tensor operator()(const nn::Bias& bias) {
    std::vector<std::int64_t> sizes(static_cast<std::size_t>(input().dim()), 1);
    sizes[1] = bias.features;
    const at::Tensor output = input() + tensors().beta.view(sizes).to(input().scalar_type());
    if (!bias.output_bits) return output;
    return quantized_output(output, *bias.output_bits, ClampGradient::kPass);
  }

  at::Tensor operator()(const nn::HardTanh& tanh) {
    if (!options_.quantize) {
      // libtorch 1.13 has no backward pass of hardtanh in bfloat16.
      return at::hardtanh(input().to(at::kFloat), plan().rectified_by_quantizer ? 0.0 : -tanh.range,
                          tanh.range);
    }
    const auto range = static_cast<float>(tanh.range);
    const QuantizerGrid grid = plan().rectified_by_quantizer
                                   ? rectifying_grid(tanh.output_bits, range)
                                   : quantizer_grid(tanh.output_bits, range);
    if (in_fused_tail()) return fused_tail(grid);
    return fake_quantize(input(), grid, ClampGradient::kZero, plan().in_place);
  }

  at::Tensor operator()(const nn::Pool& pool) {
    if (pool.mode == nn::PoolMode::kGlobalAverage) return input().mean({2, 3}, true, at::kFloat);
    if (pool.mode == nn::PoolMode::kMax) {
      const at::Tensor largest = largest_of(pool);
      if (!options_.quantize || in_fused_tail() || !pools_before_quantizer()) return largest;
      return fake_quantize(largest, output_grid(*plan().tail), ClampGradient::kZero, false);
    }
    return at::avg_pool2d(input(), pool.kernel, pool.stride, pool.padding);
  }

  at::Tensor operator()(const nn::Add& add) {
    if (in_fused_tail()) return input();
    at::Tensor sum = with_channels(input(), add.channels);
    for (std::size_t i = 1; i < layer().inputs.size(); ++i) {
      sum = sum + with_channels(value(layer().inputs[i]), add.channels);
    }
    return sum;
  }

  at::Tensor operator()(const nn::Concat&) {
    std::vector<at::Tensor> parts;
    for (const int index : layer().inputs) parts.push_back(value(index));
    return at::cat(parts, 1);
  }

  at::Tensor operator()(const nn::Relu&) {
    return plan().rectified_by_quantizer ? input() : at::relu(input());
  }
  at::Tensor operator()(const nn::Flatten&) { return input().flatten(1); }
  at::Tensor operator()(const nn::Dropout&) { return input(); }

  at::Tensor operator()(const nn::Tokens&) {
    return make_tokens(input(), tensors().class_token, tensors().positions);
  }
  at::Tensor operator()(const nn::SelectToken& token) { return input().narrow(2, token.index, 1); }
  at::Tensor operator()(const nn::LayerNorm& norm) {
    const LayerTensors& own = tensors();
    const at::Tensor output = layer_norm(input(), own.gamma, own.beta, own.epsilon);
    if (!norm.output_bits) return output;
    return quantized_copy(output, *norm.output_bits);
  }
  at::Tensor operator()(const nn::Gelu&) { return at::gelu(input()); }
  at::Tensor operator()(const nn::Softmax& softmax) { return grouped_softmax(input(), softmax); }

  at::Tensor operator()(const nn::MatMul& product) {
    at::Tensor first = input();
    // Shares of attention stream into the arrays; of no layer's output is the range so well known.
    if (options_.quantize && !product.transposed) {
      first = fake_quantize(first, rectifying_grid(product.activation_bits, 1.0F),
                            ClampGradient::kPass, false);
    }
    return quantized_copy(head_product(first, value(layer().inputs[1]), product),
                          product.activation_bits);
  }

 private:
  const nn::Layer& layer() const { return path_.network.layers()[index_]; }
  const LayerPlan& plan() const { return path_.plans[index_]; }
  LayerTensors& tensors() { return path_.layers[index_]; }
  const at::Tensor& value(int index) const {
    return index == nn::kNetworkInput ? images_ : values_[static_cast<std::size_t>(index)];
  }
  const at::Tensor& input() const { return value(layer().inputs.front()); }

  at::Tensor largest_of(const nn::Pool& pool) const {
    const bool in_twos = pool.kernel == 2 && pool.stride == 2 && pool.padding == 0;
    if (in_twos && input().is_cpu() && input().scalar_type() == at::kFloat)
      return max_pool_2x2(input());
    return at::max_pool2d(input(), pool.kernel, pool.stride, pool.padding);
  }

  at::Tensor convolve(const nn::Conv& conv, const at::Tensor& images,
                      const at::Tensor& kernel) const {
    const int padding = dense_padding(conv);
    const bool is_mixed = options_.conv_kernels == ConvKernels::kMixed;
    const bool is_float32 = options_.conv_kernels == ConvKernels::kFloat32 || is_mixed;
    if (is_float32 && conv.groups >= kFewestGroupsWorthwhile) {
      return at::conv2d(images, grouped_kernel(kernel, conv.groups), {}, conv.stride, padding, 1,
                        conv.groups);
    }
    if (is_mixed && normalises_by_batch() &&
        has_bfloat16_winograd(images, kernel, conv.stride, padding)) {
      return bfloat16_winograd(images, kernel);
    }
    if (is_float32 && normalises_by_batch() &&
        has_winograd_kernel(images, kernel, conv.stride, padding)) {
      return winograd_conv(images, kernel);
    }
    if (options_.conv_kernels == ConvKernels::kBfloat16) {
      return bfloat16_conv(images, kernel, conv.stride, padding);
    }
    return at::conv2d(images, kernel, {}, conv.stride, padding);
  }

  at::Tensor quantized_input() const {
    if (!options_.quantize || !plan().requantize_input) return input();
    const auto range = static_cast<float>(used_input_range());
    return fake_quantize(input(), quantizer_grid(plan().input_bits, range), ClampGradient::kZero,
                         false);
  }

  double used_input_range() const {
    return input_range(path_.network, plan(), [this](int source) {
      return used_ranges_[static_cast<std::size_t>(source)];
    });
  }

  at::Tensor on_crossbars(const at::Tensor& output) {
    if (options_.crossbars != nullptr) {
      options_.crossbars->replace(path_, index_, used_input_range(), input(), output);
    }
    return output;
  }

  at::Tensor weight(int bits) {
    const LayerTensors& own = tensors();
    if (own.weight_is_quantized) return own.weight;
    const bool in_float = options_.float_few_bits && bits <= kFewBits;
    const bool quantizes = options_.quantize && !in_float;
    if (own.epitome != nullptr) return own.epitome->kernel(own.weight, quantizes);
    if (quantizes) return fake_quantize_weight(own.weight, own.mask, bits);
    return own.mask.defined() ? own.weight * own.mask : own.weight;
  }

  /// As in training.
  bool normalises_by_batch() const {
    return options_.statistics == Statistics::kTracked || options_.statistics == Statistics::kBatch;
  }

  bool fuses_tail(const at::Tensor& convolution) const {
    return options_.fused_tails && options_.quantize && options_.crossbars == nullptr &&
           normalises_by_batch() && plan().tail && has_block_tail_kernel(convolution) &&
           (plan().tail->pool < 0 || convolution.size(0) > 1);  // a variance needs two pixels
  }

  /// Of a tail's Conv and Pool: the largest values are taken before the quantiser, which gives the
  /// same, of fewer values, and lets the gradient go where the largest was, not to the first of
  /// those that the quantiser makes equal. Crossbars give what is quantised.
  bool pools_before_quantizer() const {
    return options_.crossbars == nullptr && plan().tail && plan().tail->pool >= 0;
  }

  /// Whether the HardTanh that ends the layer's tail computes for it.
  bool in_fused_tail() const {
    return plan().tail && in_fused_tail_[static_cast<std::size_t>(plan().tail->conv)];
  }

  at::Tensor fused_tail(QuantizerGrid activation) {
    const TailLayers& tail = *plan().tail;
    const LayerTensors& norm = path_.layers[static_cast<std::size_t>(tail.norm)];
    const bool keeps = options_.statistics == Statistics::kTracked;
    const at::Tensor nothing;
    const at::Tensor& normalised =
        values_[static_cast<std::size_t>(tail.pool < 0 ? tail.conv : tail.pool)];
    return block_tail(normalised, tail_shortcut(tail), norm.gamma, norm.beta,
                      keeps ? norm.running_mean : nothing, keeps ? norm.running_variance : nothing,
                      {output_grid(tail), activation, norm.epsilon, kNormMomentum});
  }

  /// Of the tail's Conv, on this batch.
  QuantizerGrid output_grid(const TailLayers& tail) const {
    const auto conv = static_cast<std::size_t>(tail.conv);
    return quantizer_grid(path_.plans[conv].input_bits, static_cast<float>(used_ranges_[conv]));
  }

  at::Tensor tail_shortcut(const TailLayers& tail) const {
    if (tail.add < 0) return {};
    const nn::Layer& add = path_.network.layers()[static_cast<std::size_t>(tail.add)];
    return with_channels(value(add.inputs.back()), std::get<nn::Add>(add.parameters).channels);
  }

  at::Tensor quantized_output(const at::Tensor& output, int bits, ClampGradient gradient,
                              bool in_place = true) {
    return quantized(output, used_range(output), bits, gradient, in_place);
  }
  at::Tensor quantized(const at::Tensor& output, double range, int bits, ClampGradient gradient,
                       bool in_place = true) const {
    if (!options_.quantize) return output;
    return fake_quantize(output, quantizer_grid(bits, static_cast<float>(range)), gradient,
                         in_place);
  }
  /// For outputs that are views of others, which must not be overwritten.
  at::Tensor quantized_copy(const at::Tensor& output, int bits) {
    return quantized_output(output, bits, ClampGradient::kZero, false);
  }

  /// The range of the outputs, to which their noise is added then.
  double disturbed_range(const at::Tensor& output) {
    const double range = used_range(output);
    const double noise = tensors().output_noise;
    if (options_.noise != nullptr && noise > 0) options_.noise->add_to(output, noise * range);
    return range;
  }

  double used_range(const at::Tensor& output) {
    return used_ranges_[index_] = output_range(output);
  }

  double output_range(const at::Tensor& output) {
    double& kept = tensors().output_range;
    if (options_.statistics == Statistics::kFrozen || options_.crossbars != nullptr) return kept;
    if (options_.statistics == Statistics::kBatch && !options_.quantize) return kept;
    const double measured = batch_range(output);
    if (options_.statistics == Statistics::kTracked) {
      kept = kept <= 0 ? measured : kRangeKeep * kept + (1.0 - kRangeKeep) * measured;
      return kept;
    }
    if (options_.statistics == Statistics::kCalibrate) {
      const double weight = 1.0 / (options_.calibrated_batches + 1);
      kept = options_.calibrated_batches == 0 ? measured : kept + weight * (measured - kept);
    }
    return measured;
  }

  Path& path_;
  const at::Tensor& images_;
  RunOptions options_;
  std::size_t index_ = 0;
  std::vector<at::Tensor> values_;
  std::vector<bool> in_fused_tail_ = std::vector<bool>(values_.size(), false);  ///< of Convs
  std::vector<double> used_ranges_ = std::vector<double>(values_.size(), -1.0);
};

}  // namespace

at::Tensor run_network(Path& path, const at::Tensor& images, const RunOptions& options) {
  return Runner(path, images, options).run();
}

}  // namespace gibbon::train
