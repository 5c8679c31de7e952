#include "gibbon/train/trainers/bfloat16_conv.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <tuple>

#include "gibbon/train/trainers/amx_conv_kernels.hpp"
#include "gibbon/train/trainers/over_chunks.hpp"

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

/// With AMX's tiles, where the output is as large as the input; up to 1.6 times as fast as
/// libtorch's kernels, and the same for any number of threads (decision 0010).
class TileConv {
 public:
  TileConv(at::IntArrayRef input, const at::Tensor& kernel)
      : grid_{input[0], input[2], input[3], kernel.size(2) / 2},
        kernel_{kernel.size(2), kernel.size(0), kernel.size(1)} {}

  static bool takes(const at::Tensor& input, const at::Tensor& kernel, std::int64_t stride,
                    std::int64_t padding) {
    constexpr std::int64_t kFewestChannels = 16;  // below, whole tiles are mostly zeros
    return amx_conv_available() && is_same_convolution(kernel, stride, padding) && input.is_cpu() &&
           input.size(1) >= kFewestChannels && kernel.size(0) >= kFewestChannels;
  }

  /// The images' pixels in the kernels' order, with zeros between them.
  at::Tensor rows_of(const at::Tensor& images) const {
    const at::Tensor source = images.to(at::kFloat).contiguous(kChannelsLast);
    const std::int64_t channels = source.size(1);
    const at::Tensor rows = words(pixel_rows_size(grid_, channels));
    fill_zeros(grid_, channels, data(rows));
    over_chunks(grid_.count * grid_.height, kRowsAtOnce,
                [&](std::int64_t, std::int64_t first, std::size_t count) {
                  fill_rows(grid_, channels, source.data_ptr<float>(), first,
                            first + static_cast<std::int64_t>(count), data(rows));
                });
    return rows;
  }

  at::Tensor forward(const at::Tensor& rows, const at::Tensor& kernel) const {
    return product(rows, kernel, kernel_, false);
  }
  at::Tensor input_gradient(const at::Tensor& gradient_rows, const at::Tensor& kernel) const {
    return product(gradient_rows, kernel, {kernel_.side, kernel_.in, kernel_.out}, true);
  }

  at::Tensor kernel_gradient(const at::Tensor& rows, const at::Tensor& gradient_rows) const {
    const at::Tensor columns = words(columns_size(grid_, kernel_.out));
    over_chunks(channel_steps(grid_), kStepsAtOnce,
                [&](std::int64_t, std::int64_t first, std::size_t count) {
                  fill_columns(grid_, kernel_.out, data(gradient_rows), first,
                               first + static_cast<std::int64_t>(count), data(columns));
                });
    const at::Tensor pairs = words(pairs_size(grid_, kernel_.in));
    over_chunks(pixel_pairs(grid_), kPairsAtOnce,
                [&](std::int64_t, std::int64_t first, std::size_t count) {
                  fill_pairs(grid_, kernel_.in, data(rows), first,
                             first + static_cast<std::int64_t>(count), data(pairs));
                });
    const at::Tensor result =
        at::empty({kernel_.out, kernel_.in, kernel_.side, kernel_.side}, at::kFloat);
    const std::int64_t across = (kernel_.in + kInputsAtOnce - 1) / kInputsAtOnce;
    const std::int64_t down = (kernel_.out + kOutputsAtOnce - 1) / kOutputsAtOnce;
    over_chunks(across * down, 1, [&](std::int64_t block, std::int64_t, std::size_t) {
      multiply_channels(grid_, kernel_, data(columns), data(pairs), block % across * kInputsAtOnce,
                        block / across * kOutputsAtOnce, result.data_ptr<float>());
    });
    return result;
  }

 private:
  static constexpr std::int64_t kRowsAtOnce = 16;
  static constexpr std::int64_t kStepsAtOnce = 32;
  static constexpr std::int64_t kPairsAtOnce = 512;

  static at::Tensor words(std::int64_t size) { return at::empty({size}, at::kBFloat16); }
  static std::uint16_t* data(const at::Tensor& words) { return &words.data_ptr<at::BFloat16>()->x; }

  at::Tensor product(const at::Tensor& rows, const at::Tensor& kernel, const TapKernel& taps,
                     bool turned) const {
    const at::Tensor values = kernel.to(at::kFloat).contiguous();
    const at::Tensor packed = words(packed_kernel_size(taps));
    over_chunks(packed_outputs(kernel_, turned), kPackedAtOnce,
                [&](std::int64_t, std::int64_t first, std::size_t count) {
                  pack_kernel(kernel_, values.data_ptr<float>(), turned, first,
                              first + static_cast<std::int64_t>(count), data(packed));
                });
    at::Tensor result = at::empty({grid_.count, taps.out, grid_.height, grid_.width},
                                  at::TensorOptions(at::kFloat).memory_format(kChannelsLast));
    over_chunks(grid_.pixels(), kPixelsAtOnce, [&](std::int64_t, std::int64_t first, std::size_t) {
      multiply_pixels(grid_, taps, data(rows), data(packed), first, result.data_ptr<float>());
    });
    return result;
  }

  PixelGrid grid_;
  TapKernel kernel_;
};

struct Bfloat16TileConv : public torch::autograd::Function<Bfloat16TileConv> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& input,
                            const at::Tensor& kernel) {
    const TileConv convolution(input.sizes(), kernel);
    const at::Tensor rows = convolution.rows_of(input);
    context->save_for_backward({rows, kernel.detach()});
    context->saved_data["input"] = input.sizes();
    return convolution.forward(rows, kernel);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor& rows = saved[0];
    const at::Tensor& kernel = saved[1];
    const std::vector<std::int64_t> sizes = context->saved_data["input"].toIntVector();
    const TileConv convolution(sizes, kernel);
    const at::Tensor gradient_rows = convolution.rows_of(gradients.front());
    at::Tensor to_input;
    if (context->needs_input_grad(0)) {
      to_input = convolution.input_gradient(gradient_rows, kernel);
    }
    return {to_input, convolution.kernel_gradient(rows, gradient_rows)};
  }
};

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
  if (TileConv::takes(input, kernel, stride, padding)) {
    return Bfloat16TileConv::apply(input, kernel);
  }
  return Bfloat16Conv::apply(input, kernel, static_cast<std::int64_t>(stride),
                             static_cast<std::int64_t>(padding));
}

}  // namespace gibbon::train
