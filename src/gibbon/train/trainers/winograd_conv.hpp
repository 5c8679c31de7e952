#pragma once

namespace at {
class Tensor;
}

namespace gibbon::train {

/// 3x3 convolutions of stride 1 by Winograd's F(4x4, 3x3) (Lavin and Gray, "Fast Algorithms for
/// Convolutional Neural Networks", CVPR 2016, arXiv 1509.09308): a quarter of the multiplications.
/// The kernels are oneDNN's, which libtorch never asks for; in float32 with AVX-512 they take half
/// of the direct kernels' time, forward and backward (decision 0009). Results differ from the
/// direct ones by about 1e-6 of their norm.

/// Whether a convolution, padded by `padding` on each side, is 3x3 of stride 1 and padding 1 on a
/// processor, in float32, the channels of `input` [n, in, h, w] together in memory; `kernel`
/// [out, in, 3, 3].
bool has_winograd_shape(const at::Tensor& input, const at::Tensor& kernel, int stride, int padding);

/// Whether winograd_conv() computes this convolution, padded by `padding` on each side: of
/// has_winograd_shape(), on a processor for which oneDNN has the kernels, at least 32 channels in
/// and out and 4x4 pixels.
bool has_winograd_kernel(const at::Tensor& input, const at::Tensor& kernel, int stride,
                         int padding);

/// The convolution, [n, out, h, w] with its channels together. Gradients reach both tensors.
/// Thread-safe; the last bits may depend on the number of threads.
at::Tensor winograd_conv(const at::Tensor& input, const at::Tensor& kernel);

}  // namespace gibbon::train
