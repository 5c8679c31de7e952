#include "gibbon/train/trainers/bfloat16_winograd.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>
#include <oneapi/dnnl/dnnl.hpp>

#include <algorithm>

#include "gibbon/base/processor.hpp"
#include "gibbon/train/trainers/onednn.hpp"
#include "gibbon/train/trainers/over_chunks.hpp"
#include "gibbon/train/trainers/winograd_conv.hpp"
#include "gibbon/train/trainers/winograd_tile_kernels.hpp"

namespace gibbon::train {

namespace {

using dnnl::memory;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr std::int64_t kFewestTiled = 16;  // channels; below, a register is mostly empty
constexpr std::int64_t kTilesASum = 512;   // of a kernel's gradient: so many in one product
constexpr std::int64_t kTilesATask = 64;   // that a thread transforms at a time
constexpr auto kInputsLast = at::MemoryFormat::ChannelsLast;

/// G of g G^T, for a kernel's 3 taps a side.
at::Tensor transform_of_taps() {
  return at::tensor({1.0F, 0.0F, 0.0F, 0.5F, 0.5F, 0.5F, 0.5F, -0.5F, 0.5F, 0.0F, 0.0F, 1.0F})
      .view({4, 3});
}

/// [16, 9]: of all taps of a kernel at once.
at::Tensor transform_of_kernels() {
  static const at::Tensor transform = [] {
    const at::Tensor g = transform_of_taps();
    return at::kron(g, g).contiguous();
  }();
  return transform;
}

/// [out, in, 3, 3] as [16, in, out] in bfloat16.
at::Tensor transformed_kernel(const at::Tensor& kernel) {
  const at::Tensor taps = kernel.permute({2, 3, 1, 0}).reshape({9, -1});
  return at::mm(transform_of_kernels(), taps)
      .view({kWinogradValues, kernel.size(1), kernel.size(0)})
      .to(at::kBFloat16);
}

/// The transpose of the above: [16, in, out] as [out, in, 3, 3].
at::Tensor kernel_of(const at::Tensor& values) {
  const at::Tensor taps = at::mm(transform_of_kernels().t(), values.reshape({kWinogradValues, -1}));
  return taps.view({3, 3, values.size(1), values.size(2)})
      .permute({3, 2, 0, 1})
      .contiguous(kInputsLast);
}

at::Tensor turned_by_half(const at::Tensor& kernel) {
  return kernel.flip({2, 3}).transpose(0, 1);
}

TileGrid grid_of(const at::Tensor& images) {
  return {images.size(0), images.size(2), images.size(3)};
}

std::uint16_t* words_of(const at::Tensor& values) {
  return &values.data_ptr<at::BFloat16>()->x;
}

/// From one of the 16 matrices of transformed tiles to the next. Not a power of two, whose
/// multiples would share few lines of the first cache.
std::int64_t distance_of(std::int64_t tiles, std::int64_t channels) {
  constexpr std::int64_t kBetween = 32;
  return tiles * channels + kBetween;
}

at::Tensor tile_values(std::int64_t tiles, std::int64_t channels, at::ScalarType type) {
  return at::empty({kWinogradValues, distance_of(tiles, channels)}, type);
}

memory::desc layout_of_tiles(std::int64_t tiles, std::int64_t channels, memory::data_type type) {
  return {{kWinogradValues, tiles, channels}, type, {distance_of(tiles, channels), channels, 1}};
}

memory::desc transposed_layout_of_tiles(std::int64_t tiles, std::int64_t channels,
                                        memory::data_type type) {
  return {{kWinogradValues, channels, tiles}, type, {distance_of(tiles, channels), 1, channels}};
}

memory::desc layout_of_kernel(std::int64_t in, std::int64_t out, memory::data_type type) {
  return {{kWinogradValues, in, out}, type, memory::format_tag::abc};
}

/// left * right, one product for each of the 16 values. Made anew each time, which oneDNN's cache
/// makes cheap: its scratchpad is that of the thread that makes one.
void multiply(const memory::desc& left_matrices, const at::Tensor& left,
              const memory::desc& right_matrices, const at::Tensor& right,
              const memory::desc& sum_matrices, const at::Tensor& sums, bool adds) {
  dnnl::primitive_attr attributes;
  if (adds) {
    dnnl::post_ops add;
    add.append_sum(1.0F);
    attributes.set_post_ops(add);
  }
  const dnnl::matmul product(
      {{left_matrices, right_matrices, sum_matrices}, attributes, processor()});
  const auto view = [](const memory::desc& layout, const at::Tensor& values) {
    return memory(layout, processor(), values.data_ptr());
  };
  execute(product, {{DNNL_ARG_SRC, view(left_matrices, left)},
                    {DNNL_ARG_WEIGHTS, view(right_matrices, right)},
                    {DNNL_ARG_DST, view(sum_matrices, sums)}});
}

/// Tiles whose values a thread keeps in its caches; enough of them where channels are few, that
/// products cost more than their setting up.
std::int64_t tiles_at_once(std::int64_t channels) {
  constexpr std::int64_t kChannelsAtOnce = 1 << 15;
  return std::clamp<std::int64_t>(kChannelsAtOnce / channels, 64, 1024);
}

/// `images` have their channels together.
at::Tensor convolution(const at::Tensor& images, const at::Tensor& kernel) {
  const TileGrid grid = grid_of(images);
  const std::int64_t in = kernel.size(1);
  const std::int64_t out = kernel.size(0);
  const at::Tensor result = at::empty({grid.count, out, grid.height, grid.width},
                                      images.options().memory_format(kInputsLast));
  const at::Tensor transformed = transformed_kernel(kernel);
  const std::int64_t at_once = tiles_at_once(std::max(in, out));
  over_chunks(grid.tiles(), at_once, [&](std::int64_t, std::int64_t first, std::size_t size) {
    const auto tiles = static_cast<std::int64_t>(size);
    const at::Tensor read = tile_values(tiles, in, at::kBFloat16);
    const at::Tensor products = tile_values(tiles, out, at::kFloat);
    transform_read_tiles(grid, in, images.data_ptr<float>(), first, tiles, words_of(read),
                         distance_of(tiles, in));
    multiply(layout_of_tiles(tiles, in, memory::data_type::bf16), read,
             layout_of_kernel(in, out, memory::data_type::bf16), transformed,
             layout_of_tiles(tiles, out, memory::data_type::f32), products, false);
    write_tiles(grid, out, products.data_ptr<float>(), distance_of(tiles, out), first, tiles,
                result.data_ptr<float>());
  });
  return result;
}

/// Both have their channels together.
at::Tensor kernel_gradient(const at::Tensor& images, const at::Tensor& gradient) {
  const TileGrid grid = grid_of(images);
  const std::int64_t in = images.size(1);
  const std::int64_t out = gradient.size(1);
  const at::Tensor sums = at::empty({kWinogradValues, in, out}, at::kFloat);
  for (std::int64_t begin = 0; begin < grid.tiles(); begin += kTilesASum) {
    const std::int64_t tiles = std::min(kTilesASum, grid.tiles() - begin);
    const at::Tensor read = tile_values(tiles, in, at::kBFloat16);
    const at::Tensor own = tile_values(tiles, out, at::kBFloat16);
    over_chunks(tiles, kTilesATask, [&](std::int64_t, std::int64_t first, std::size_t size) {
      const auto count = static_cast<std::int64_t>(size);
      transform_read_tiles(grid, in, images.data_ptr<float>(), begin + first, count,
                           words_of(read) + first * in, distance_of(tiles, in));
      transform_own_tiles(grid, out, gradient.data_ptr<float>(), begin + first, count,
                          words_of(own) + first * out, distance_of(tiles, out));
    });
    multiply(transposed_layout_of_tiles(tiles, in, memory::data_type::bf16), read,
             layout_of_tiles(tiles, out, memory::data_type::bf16), own,
             layout_of_kernel(in, out, memory::data_type::f32), sums, begin > 0);
  }
  return kernel_of(sums);
}

struct Bfloat16Winograd : public torch::autograd::Function<Bfloat16Winograd> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& input,
                            const at::Tensor& kernel) {
    context->save_for_backward({input, kernel});
    return convolution(input, kernel);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor gradient = gradients.front().to(at::kFloat).contiguous(kInputsLast);
    at::Tensor to_input;
    if (context->needs_input_grad(0)) to_input = convolution(gradient, turned_by_half(saved[1]));
    return {to_input, kernel_gradient(saved[0], gradient)};
  }
};

}  // namespace

bool has_bfloat16_winograd(const at::Tensor& input, const at::Tensor& kernel, int stride,
                           int padding) {
  if (!base::processor_has_fast_bfloat16_vectors()) return false;
  if (!has_winograd_shape(input, kernel, stride, padding)) return false;
  if (std::min(input.size(1), kernel.size(0)) < kFewestTiled) return false;
  return input.size(2) % 2 == 0 && input.size(3) % 2 == 0;
}

at::Tensor bfloat16_winograd(const at::Tensor& input, const at::Tensor& kernel) {
  return Bfloat16Winograd::apply(input, kernel);
}

}  // namespace gibbon::train
