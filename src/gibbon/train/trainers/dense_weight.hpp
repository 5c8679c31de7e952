#pragma once

#include "gibbon/nn/network.hpp"

namespace at {
class Tensor;
}

namespace gibbon::train {

/// How a convolution is trained: as one dense kernel, because a symmetric 2x2 convolution of four
/// padded parts, and grouped ones in bfloat16, cost more than the products with zero that they save
/// (measured: up to twice). Groups are the diagonal blocks of a mask; the symmetric 2x2 kernel is a
/// 3x3 one whose taps are zero but for 2x2 at the corner nn::symmetric_corner(input channel).

/// Side of the dense kernel: 3 for symmetric padding, else the convolution's own.
int dense_kernel(const nn::Conv& conv);
/// Zeros on each side with which the dense kernel gives the convolution's output size.
int dense_padding(const nn::Conv& conv);

/// 1 where the dense kernel [out, in, k, k] may be non-zero; undefined if that is everywhere.
at::Tensor dense_mask(const nn::Conv& conv);

/// The dense kernel of real weights [out, in/groups, kernel, kernel], and back.
at::Tensor to_dense(const nn::Conv& conv, const at::Tensor& real);
at::Tensor from_dense(const nn::Conv& conv, const at::Tensor& dense);

/// The diagonal blocks [out, in/groups, k, k] of a dense kernel, differentiable: what libtorch's
/// own grouped convolution takes.
at::Tensor grouped_kernel(const at::Tensor& dense, int groups);

}  // namespace gibbon::train
