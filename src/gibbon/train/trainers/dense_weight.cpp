#include "gibbon/train/trainers/dense_weight.hpp"

#include <ATen/ATen.h>

namespace gibbon::train {

namespace {

bool is_symmetric(const nn::Conv& conv) {
  return conv.padding_mode == nn::PaddingMode::kSymmetric;
}

/// [groups, out/groups, in/groups, ...] view of the diagonal blocks of [out, in, ...].
at::Tensor diagonal_blocks(const at::Tensor& dense, std::int64_t groups) {
  const std::int64_t kernel = dense.size(2);
  return dense
      .view({groups, dense.size(0) / groups, groups, dense.size(1) / groups, kernel, kernel})
      .diagonal(0, 0, 2)
      .permute({4, 0, 1, 2, 3});
}

/// The view of the taps [., ., 2, 2] that input channels with `corner` use, of [out, in, 3, 3].
/// Channels c, c + 4, c + 8 ... share a corner.
at::Tensor corner_taps(const at::Tensor& kernel3, int corner) {
  const nn::CornerOffset offset = nn::symmetric_corner(corner);
  return kernel3.slice(1, corner, kernel3.size(1), 4)
      .narrow(2, offset.row, 2)
      .narrow(3, offset.column, 2);
}

at::Tensor without_groups(const nn::Conv& conv, const at::Tensor& real) {
  if (conv.groups == 1) return real;
  at::Tensor full =
      at::zeros({conv.out_channels, conv.in_channels, conv.kernel, conv.kernel}, real.options());
  diagonal_blocks(full, conv.groups)
      .copy_(real.reshape({conv.groups, conv.out_channels / conv.groups,
                           conv.in_channels / conv.groups, conv.kernel, conv.kernel}));
  return full;
}

}  // namespace

int dense_kernel(const nn::Conv& conv) {
  return is_symmetric(conv) ? 3 : conv.kernel;
}

int dense_padding(const nn::Conv& conv) {
  return is_symmetric(conv) ? 1 : conv.padding;
}

at::Tensor dense_mask(const nn::Conv& conv) {
  if (conv.groups == 1 && !is_symmetric(conv)) return {};
  return to_dense(conv, at::ones({conv.out_channels, conv.in_channels / conv.groups, conv.kernel,
                                  conv.kernel}));
}

at::Tensor to_dense(const nn::Conv& conv, const at::Tensor& real) {
  const at::Tensor full = without_groups(conv, real);
  if (!is_symmetric(conv)) return full;
  at::Tensor dense = at::zeros({conv.out_channels, conv.in_channels, 3, 3}, real.options());
  for (int corner = 0; corner < std::min(4, conv.in_channels); ++corner) {
    corner_taps(dense, corner).copy_(full.slice(1, corner, conv.in_channels, 4));
  }
  return dense;
}

at::Tensor from_dense(const nn::Conv& conv, const at::Tensor& dense) {
  at::Tensor taps = dense.contiguous();
  if (is_symmetric(conv)) {
    taps = at::empty({conv.out_channels, conv.in_channels, 2, 2}, dense.options());
    for (int corner = 0; corner < std::min(4, conv.in_channels); ++corner) {
      taps.slice(1, corner, conv.in_channels, 4).copy_(corner_taps(dense, corner));
    }
  }
  if (conv.groups == 1) return taps.contiguous();
  return grouped_kernel(taps, conv.groups).contiguous();
}

at::Tensor grouped_kernel(const at::Tensor& dense, int groups) {
  return diagonal_blocks(dense.contiguous(), groups)
      .reshape({dense.size(0), dense.size(1) / groups, dense.size(2), dense.size(3)});
}

}  // namespace gibbon::train
