#pragma once

namespace at {
class Tensor;
}

namespace gibbon::train {

/// Convolutions on AMX's tiles (amx_conv_kernels.hpp): products of bfloat16, sums and results in
/// float32. Up to 1.6 times as fast as libtorch's kernels (decision 0010).

/// Whether tile_conv() computes this convolution, padded by `padding` on each side: on a processor
/// with the tiles; `kernel` [out, in, k, k] padded by half its side, sides of `input` [n, in, h, w]
/// that the stride divides, and at least 16 channels in and out, or so few in, of images without a
/// gradient, that one row of 32 values holds what an output reads.
bool has_tile_conv(const at::Tensor& input, const at::Tensor& kernel, int stride, int padding);

/// The convolution, [n, out, h / stride, w / stride] with its channels together. Gradients reach
/// both tensors. Thread-safe, and the same for any number of threads.
at::Tensor tile_conv(const at::Tensor& input, const at::Tensor& kernel, int stride);

}  // namespace gibbon::train
