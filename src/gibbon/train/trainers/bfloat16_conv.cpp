#include "gibbon/train/trainers/bfloat16_conv.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <tuple>

#include "gibbon/train/trainers/tile_conv.hpp"

namespace gibbon::train {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr auto kChannelsLast = at::MemoryFormat::ChannelsLast;

// Where unfolded pixels pay: measured, decision 0010.
constexpr std::int64_t kMostUnfolded = 64;
constexpr std::int64_t kFewestUnfolded = 64;

/// [n * height * width, channels], whose rows are pixels.
at::Tensor pixel_rows(const at::Tensor& images) {
  return images.permute({0, 2, 3, 1}).reshape({-1, images.size(1)});
}

/// What each of the pixels of a convolution's output reads: [n * height * width, k * k * in].
at::Tensor unfolded(const at::Tensor& input, const at::Tensor& output, std::int64_t side,
                    std::int64_t stride, std::int64_t padding) {
  const at::Tensor padded =
      at::constant_pad_nd(input.permute({0, 2, 3, 1}), {0, 0, padding, padding, padding, padding})
          .contiguous();
  const std::int64_t pixel = padded.stride(2);
  const std::int64_t row = padded.stride(1);
  return padded
      .as_strided({padded.size(0), output.size(2), output.size(3), side, side, padded.size(3)},
                  {padded.stride(0), stride * row, stride * pixel, row, pixel, 1})
      .reshape({-1, side * side * padded.size(3)});
}

/// Where libtorch's kernel gradient is not taken: it is slow for few pixels of many channels, and
/// where the stride jumps over the image oneDNN 2.6 adds what another call left in its scratchpad.
bool takes_unfolded_pixels(const at::Tensor& images, const at::Tensor& gradient,
                           std::int64_t stride) {
  if (std::min(images.size(2), images.size(3)) < stride) return true;
  return gradient.size(2) * gradient.size(3) <= kMostUnfolded && images.size(1) >= kFewestUnfolded;
}

/// Whether the input's gradient is a convolution of the same sizes, with the kernel turned round.
bool is_same_convolution(const at::Tensor& kernel, std::int64_t stride, std::int64_t padding) {
  return stride == 1 && kernel.size(2) == kernel.size(3) && kernel.size(2) == 2 * padding + 1;
}

at::Tensor turned_round(const at::Tensor& kernel) {
  return kernel.flip({2, 3}).transpose(0, 1).contiguous(kChannelsLast);
}

struct Bfloat16Conv : public torch::autograd::Function<Bfloat16Conv> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& input,
                            const at::Tensor& kernel, std::int64_t stride, std::int64_t padding) {
    const at::Tensor images = input.to(at::kBFloat16).contiguous(kChannelsLast);
    const at::Tensor weights = kernel.to(at::kBFloat16);
    context->save_for_backward({images, weights});
    context->saved_data["stride"] = stride;
    context->saved_data["padding"] = padding;
    return at::conv2d(images, weights, {}, stride, padding)
        .to(at::kFloat)
        .contiguous(kChannelsLast);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor& images = saved[0];
    const at::Tensor& weights = saved[1];
    const std::int64_t stride = context->saved_data["stride"].toInt();
    const std::int64_t padding = context->saved_data["padding"].toInt();
    const at::Tensor gradient = gradients.front().to(at::kBFloat16).contiguous(kChannelsLast);
    const bool unfolds = takes_unfolded_pixels(images, gradient, stride);
    const bool wanted = context->needs_input_grad(0);
    const bool turns = is_same_convolution(weights, stride, padding);
    at::Tensor to_input;
    at::Tensor to_kernel;
    if (!unfolds || (wanted && !turns)) {
      std::tie(to_input, to_kernel, std::ignore) = at::convolution_backward(
          gradient, images, weights, at::nullopt, {stride, stride}, {padding, padding}, {1, 1},
          false, {0, 0}, 1, {wanted && !turns, !unfolds, false});
    }
    if (wanted && turns) {
      to_input = at::conv2d(gradient, turned_round(weights), {}, 1, padding);
    }
    if (unfolds) {
      const std::int64_t side = weights.size(2);
      to_kernel =
          at::mm(pixel_rows(gradient).t(), unfolded(images, gradient, side, stride, padding))
              .view({weights.size(0), side, side, weights.size(1)})
              .permute({0, 3, 1, 2});
    }
    if (to_input.defined()) to_input = to_input.to(at::kFloat);
    return {to_input, to_kernel.to(at::kFloat), at::Tensor(), at::Tensor()};
  }
};

}  // namespace

at::Tensor bfloat16_conv(const at::Tensor& input, const at::Tensor& kernel, int stride,
                         int padding) {
  if (has_tile_conv(input, kernel, stride, padding)) return tile_conv(input, kernel, stride);
  return Bfloat16Conv::apply(input, kernel, static_cast<std::int64_t>(stride),
                             static_cast<std::int64_t>(padding));
}

}  // namespace gibbon::train
