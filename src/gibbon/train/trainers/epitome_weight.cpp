#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "gibbon/train/trainers/dense_weight.hpp"
#include "gibbon/train/trainers/epitome_weight.hpp"
#include "gibbon/train/trainers/fake_quantizer.hpp"

namespace gibbon::train {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Of a crossbar of zeros: the crossbar simulation divides by it.
constexpr double kSmallestScale = 1e-9;

struct QuantizeEpitome : public torch::autograd::Function<QuantizeEpitome> {
  static at::Tensor forward(AutogradContext* /*context*/, const at::Tensor& trained,
                            const EpitomeWeight* weight) {
    return weight->quantized(trained);
  }
  static variable_list backward(AutogradContext* /*context*/, variable_list gradients) {
    return {gradients.front(), at::Tensor()};
  }
};

/// Its height and width are the epitome's, of which to_dense() and from_dense() read none.
nn::Conv stored_conv(const nn::Conv& conv) {
  nn::Conv stored = conv;
  stored.out_channels = conv.epitome->shape.out_channels;
  stored.in_channels = conv.epitome->shape.in_channels;
  stored.epitome.reset();
  return stored;
}

nn::EpitomeQuantization quantization_of(const nn::Conv& conv, const EpitomeScales& scales) {
  nn::EpitomeQuantization how;
  how.bits = conv.weight_bits;
  how.overlap_weight = scales.overlap_weight;
  if (scales.clips) how.clip_deviations = range_in_deviations(conv.weight_bits);
  if (scales.per_crossbar) {
    how.per_crossbar = nn::CrossbarTiling{scales.crossbar_rows, scales.crossbar_columns,
                                          std::max(1, conv.weight_bits - 1)};
  }
  return how;
}

/// Its channels together in memory, as [out, h, w, in].
at::Tensor channels_last(const at::Tensor& kernel) {
  return kernel.permute({0, 2, 3, 1}).contiguous();
}

std::vector<std::int64_t> sizes_of(const nn::EpitomeShape& shape) {
  return {shape.out_channels, shape.in_channels, shape.height, shape.width};
}

/// For each element of the epitome (row-major) 1 + its place in the trained tensor as memory has
/// it with the channels together.
at::Tensor places_in_trained(const nn::Conv& stored, const nn::EpitomeShape& shape) {
  const std::int64_t elements = shape.elements();
  const at::Tensor ids = at::arange(1, elements + 1, at::kLong).reshape(sizes_of(shape));
  const at::Tensor laid_out = channels_last(to_dense(stored, ids)).flatten();
  at::Tensor places = at::zeros({elements + 1}, at::kLong);
  places.index_copy_(0, laid_out, at::arange(1, laid_out.numel() + 1, at::kLong));
  return places.narrow(0, 1, elements);
}

at::Tensor index_of(const nn::Conv& conv, const nn::Conv& stored, const nn::EpitomePlan& plan) {
  const at::Tensor sources = at::tensor(plan.sources(), at::kLong);
  const at::Tensor places =
      places_in_trained(stored, plan.epitome())
          .index_select(0, sources)
          .reshape({conv.out_channels, conv.in_channels, conv.kernel, conv.kernel});
  return channels_last(to_dense(conv, places));
}

}  // namespace

EpitomeWeight::EpitomeWeight(const nn::Conv& conv, const EpitomeScales& scales,
                             const std::string& device)
    : conv_(conv),
      stored_(stored_conv(conv)),
      plan_(nn::epitome_plan(conv)),
      quantizer_(plan_, quantization_of(conv, scales)),
      index_(index_of(conv_, stored_, plan_).to(at::Device(device))) {}

at::Tensor EpitomeWeight::kernel(const at::Tensor& trained, bool quantized) const {
  const at::Tensor values = quantized ? QuantizeEpitome::apply(trained, this) : trained;
  const at::Tensor flat = values.permute({0, 2, 3, 1}).reshape({-1});
  const at::Tensor with_zero = at::cat({at::zeros({1}, flat.options()), flat});
  return with_zero.index_select(0, index_.flatten()).view(index_.sizes()).permute({0, 3, 1, 2});
}

at::Tensor EpitomeWeight::quantized(const at::Tensor& trained) const {
  const c10::NoGradGuard no_grad;
  return trained_tensor(quantizer_.quantize(row_major(trained)).values).to(trained.device());
}

at::Tensor EpitomeWeight::nearest(const std::vector<float>& weight) const {
  return trained_tensor(nn::nearest_epitome(plan_, weight));
}

void EpitomeWeight::describe(const at::Tensor& trained, nn::LayerState& state) const {
  const std::vector<float> epitome = row_major(trained);
  const nn::QuantizedEpitome quantized = quantizer_.quantize(epitome);
  const std::vector<float> clamped = quantizer_.clamped(epitome, quantized);
  state.weight = nn::reconstruct<float>(plan_, clamped);
  const double largest = *std::max_element(quantized.scales.begin(), quantized.scales.end());
  state.weights = {conv_.weight_bits, std::max(largest, kSmallestScale)};
  state.pair_scales.clear();
  if (quantized.scales.size() > 1) state.pair_scales = pair_scales(quantized);
}

std::vector<float> EpitomeWeight::pair_scales(const nn::QuantizedEpitome& quantized) const {
  const std::vector<std::int32_t> sources = plan_.sources();
  const auto window =
      static_cast<std::size_t>(conv_.kernel) * static_cast<std::size_t>(conv_.kernel);
  std::vector<float> scales;
  for (std::size_t first = 0; first < sources.size(); first += window) {
    const auto element = static_cast<std::size_t>(sources[first]);
    const auto crossbar = static_cast<std::size_t>(quantized.scale_of[element]);
    scales.push_back(static_cast<float>(quantized.scales[crossbar]));
  }
  return scales;
}

std::vector<float> EpitomeWeight::row_major(const at::Tensor& trained) const {
  const at::Tensor plain =
      from_dense(stored_, trained.detach().to(at::kCPU, at::kFloat)).contiguous();
  const float* values = plain.data_ptr<float>();
  return {values, values + plain.numel()};
}

at::Tensor EpitomeWeight::trained_tensor(const std::vector<float>& epitome) const {
  at::Tensor plain = at::empty(sizes_of(plan_.epitome()));
  std::copy(epitome.begin(), epitome.end(), plain.data_ptr<float>());
  return to_dense(stored_, plain).contiguous(at::MemoryFormat::ChannelsLast);
}

std::vector<std::int64_t> trained_sizes(const nn::Conv& conv) {
  const std::int64_t side = dense_kernel(conv);
  if (!conv.epitome) return {conv.out_channels, conv.in_channels, side, side};
  std::vector<std::int64_t> sizes = sizes_of(conv.epitome->shape);
  if (side != conv.kernel) sizes[2] = sizes[3] = side;
  return sizes;
}

}  // namespace gibbon::train
