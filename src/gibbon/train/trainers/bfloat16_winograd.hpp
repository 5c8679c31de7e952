#pragma once

namespace at {
class Tensor;
}

namespace gibbon::train {

/// 3x3 convolutions of stride 1 by Winograd's F(2x2, 3x3), whose products are in bfloat16 and whose
/// sums are in float32, for processors whose vectors multiply bfloat16 twice as fast as float32
/// (decision 0009). Exact where inputs and kernels are small whole numbers; else results differ
/// from the direct ones by about 3e-3 of their norm.

/// Whether bfloat16_winograd() computes this convolution, padded by `padding` on each side, and is
/// fast on this processor: of has_winograd_shape() (winograd_conv.hpp), at least 16 channels in and
/// out, even sides.
bool has_bfloat16_winograd(const at::Tensor& input, const at::Tensor& kernel, int stride,
                           int padding);

/// The convolution, [n, out, h, w] with its channels together. Gradients reach both tensors.
/// Thread-safe; the last bits of the kernel's gradient may depend on the number of threads.
at::Tensor bfloat16_winograd(const at::Tensor& input, const at::Tensor& kernel);

}  // namespace gibbon::train
