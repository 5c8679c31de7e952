#include "gibbon/train/trainers/tile_conv.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "gibbon/train/trainers/amx_conv_kernels.hpp"
#include "gibbon/train/trainers/over_chunks.hpp"

namespace gibbon::train {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr auto kInputsTogether = at::MemoryFormat::ChannelsLast;
constexpr std::int64_t kFewestOfTiles = 16;  // below, whole tiles are mostly zeros

at::Tensor channels_last(at::IntArrayRef sizes) {
  return at::empty(sizes, at::TensorOptions(at::kFloat).memory_format(kInputsTogether));
}

/// Whether `input` wants no gradient and all that an output reads of it is one row of channels: a
/// network's first convolution.
bool is_first_conv(const at::Tensor& input, const at::Tensor& kernel) {
  return !input.requires_grad() && fits_one_row(kernel.size(2), input.size(1));
}

/// A convolution's tensors in the orders of amx_conv_layout.hpp, and their products.
class TileConv {
 public:
  TileConv(at::IntArrayRef input, const at::Tensor& kernel, std::int64_t stride)
      : outputs_{input[0], input[2] / stride, input[3] / stride,
                 (kernel.size(2) / 2 + stride - 1) / stride},
        inputs_(outputs_) {
    inputs_.stride = stride;
    const std::int64_t side = kernel.size(2);
    kernel_ = {side, kernel.size(0), kernel.size(1), taps_of_output(inputs_, side)};
  }

  /// Where the kernel is one of 1 x 1 over what outputs read of `images`.
  at::Tensor rows_of_reads(const at::Tensor& images, std::int64_t side, std::int64_t stride) const {
    PixelGrid reads = outputs_;
    reads.stride = stride;
    return filled_rows(outputs_, kernel_.in, images, [&](const auto&... chunk) {
      fill_reads(reads, side, images.size(1), chunk...);
    });
  }

  /// Pixels in the kernels' order, with zeros between them.
  at::Tensor rows_of_input(const at::Tensor& images) const { return rows_of(inputs_, images); }
  at::Tensor rows_of_gradient(const at::Tensor& images) const { return rows_of(outputs_, images); }

  at::Tensor forward(const at::Tensor& rows, const at::Tensor& kernel) const {
    const at::Tensor result = images(kernel_.out, 1);
    multiply(inputs_, rows, packed(kernel_, kernel, false), kernel_, {}, result);
    return result;
  }

  at::Tensor input_gradient(const at::Tensor& gradient_rows, const at::Tensor& kernel) const {
    const std::int64_t stride = inputs_.stride;
    const at::Tensor result = images(kernel_.in, stride);
    for (std::int64_t phase = 0; phase < inputs_.phases(); ++phase) {
      TapKernel part = kernel_;
      part.taps = taps_of_gradient(inputs_, kernel_.side, phase);
      const at::Tensor turned = packed(part, kernel, true);
      std::swap(part.in, part.out);
      multiply(outputs_, gradient_rows, turned, part, {stride, phase / stride, phase % stride},
               result);
    }
    return result;
  }

  at::Tensor kernel_gradient(const at::Tensor& rows, const at::Tensor& gradient_rows) const {
    const at::Tensor columns = words(columns_size(outputs_, kernel_.out));
    over_chunks(channel_steps(outputs_), kStepsAtOnce,
                [&](std::int64_t, std::int64_t first, std::size_t count) {
                  fill_columns(outputs_, kernel_.out, data(gradient_rows), first,
                               first + static_cast<std::int64_t>(count), data(columns));
                });
    const at::Tensor pairs = words(pairs_size(inputs_, kernel_.in));
    over_chunks(pixel_pairs(inputs_), kPairsAtOnce,
                [&](std::int64_t, std::int64_t first, std::size_t count) {
                  fill_pairs(inputs_, kernel_.in, data(rows), first,
                             first + static_cast<std::int64_t>(count), data(pairs));
                });
    const at::Tensor result = channels_last({kernel_.out, kernel_.in, kernel_.side, kernel_.side});
    const std::int64_t across = (kernel_.in + kInputsAtOnce - 1) / kInputsAtOnce;
    const std::int64_t down = (kernel_.out + kOutputsAtOnce - 1) / kOutputsAtOnce;
    over_chunks(across * down, 1, [&](std::int64_t block, std::int64_t, std::size_t) {
      multiply_channels(inputs_, kernel_, data(columns), data(pairs),
                        block % across * kInputsAtOnce, block / across * kOutputsAtOnce,
                        result.data_ptr<float>());
    });
    return result;
  }

 private:
  static constexpr std::int64_t kRowsAtOnce = 16;
  static constexpr std::int64_t kStepsAtOnce = 32;
  static constexpr std::int64_t kPairsAtOnce = 512;

  static at::Tensor words(std::int64_t size) { return at::empty({size}, at::kBFloat16); }
  static std::uint16_t* data(const at::Tensor& words) { return &words.data_ptr<at::BFloat16>()->x; }

  static at::Tensor rows_of(const PixelGrid& grid, const at::Tensor& images) {
    return filled_rows(grid, images.size(1), images,
                       [&](const auto&... chunk) { fill_rows(grid, images.size(1), chunk...); });
  }

  /// fill(images, first row, last row, rows) writes what stands between the zeros.
  template <typename Fill>
  static at::Tensor filled_rows(const PixelGrid& grid, std::int64_t channels,
                                const at::Tensor& images, const Fill& fill) {
    const at::Tensor source = images.to(at::kFloat).contiguous(kInputsTogether);
    const at::Tensor rows = words(pixel_rows_size(grid, channels));
    fill_zeros(grid, channels, data(rows));
    over_chunks(grid.rows(), kRowsAtOnce, [&](std::int64_t, std::int64_t first, std::size_t count) {
      fill(source.data_ptr<float>(), first, first + static_cast<std::int64_t>(count), data(rows));
    });
    return rows;
  }

  static at::Tensor packed(const TapKernel& taps, const at::Tensor& kernel, bool turned) {
    const at::Tensor values = kernel.to(at::kFloat).contiguous(kInputsTogether);
    const at::Tensor result = words(packed_kernel_size(taps));
    over_chunks(packed_outputs(taps, turned), kPackedAtOnce,
                [&](std::int64_t, std::int64_t first, std::size_t count) {
                  pack_kernel(taps, values.data_ptr<float>(), turned, first,
                              first + static_cast<std::int64_t>(count), data(result));
                });
    return result;
  }

  at::Tensor images(std::int64_t channels, std::int64_t stride) const {
    return channels_last(
        {outputs_.count, channels, outputs_.height * stride, outputs_.width * stride});
  }

  static void multiply(const PixelGrid& grid, const at::Tensor& rows, const at::Tensor& packed,
                       const TapKernel& taps, const Lattice& lattice, const at::Tensor& result) {
    over_chunks(grid.pixels(), kPixelsAtOnce, [&](std::int64_t, std::int64_t first, std::size_t) {
      multiply_pixels(grid, taps, data(rows), data(packed), first, lattice,
                      result.data_ptr<float>());
    });
  }

  PixelGrid outputs_;
  PixelGrid inputs_;
  TapKernel kernel_;
};

/// `reads_side`: 0, or the side of a first convolution's kernel, given as [out, side * side * in,
/// 1, 1].
struct TiledFunction : public torch::autograd::Function<TiledFunction> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& input,
                            const at::Tensor& kernel, std::int64_t stride,
                            std::int64_t reads_side) {
    const bool first = reads_side > 0;
    std::vector<std::int64_t> sizes = input.sizes().vec();
    if (first) sizes = {sizes[0], kernel.size(1), sizes[2] / stride, sizes[3] / stride};
    const std::int64_t own_stride = first ? 1 : stride;
    const TileConv convolution(sizes, kernel, own_stride);
    const at::Tensor rows = first ? convolution.rows_of_reads(input, reads_side, stride)
                                  : convolution.rows_of_input(input);
    context->save_for_backward({rows, kernel.detach()});
    context->saved_data["sizes"] = sizes;
    context->saved_data["stride"] = own_stride;
    return convolution.forward(rows, kernel);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor& rows = saved[0];
    const at::Tensor& kernel = saved[1];
    const std::vector<std::int64_t> sizes = context->saved_data["sizes"].toIntVector();
    const TileConv convolution(sizes, kernel, context->saved_data["stride"].toInt());
    const at::Tensor gradient_rows = convolution.rows_of_gradient(gradients.front());
    at::Tensor to_input;
    if (context->needs_input_grad(0)) {
      to_input = convolution.input_gradient(gradient_rows, kernel);
    }
    return {to_input, convolution.kernel_gradient(rows, gradient_rows), at::Tensor(), at::Tensor()};
  }
};

}  // namespace

bool has_tile_conv(const at::Tensor& input, const at::Tensor& kernel, int stride, int padding) {
  const std::int64_t side = kernel.size(2);
  if (!amx_conv_available() || !input.is_cpu()) return false;
  if (side != kernel.size(3) || side != 2 * padding + 1) return false;
  if (input.size(2) % stride != 0 || input.size(3) % stride != 0) return false;
  return kernel.size(0) >= kFewestOfTiles &&
         (input.size(1) >= kFewestOfTiles || is_first_conv(input, kernel));
}

at::Tensor tile_conv(const at::Tensor& input, const at::Tensor& kernel, int stride) {
  const auto step = static_cast<std::int64_t>(stride);
  if (!is_first_conv(input, kernel)) {
    return TiledFunction::apply(input, kernel, step, std::int64_t{0});
  }
  const at::Tensor over_reads =
      kernel.permute({0, 2, 3, 1}).reshape({kernel.size(0), kernel[0].numel(), 1, 1});
  return TiledFunction::apply(input, over_reads, step, kernel.size(2));
}

}  // namespace gibbon::train
