#pragma once

namespace at {
class Tensor;
}

namespace gibbon::train {

/// A convolution whose products are of bfloat16 and whose sums and results are float32, forward and
/// backward, for processors with AMX: our own kernels where there are any (tile_conv.hpp), else
/// libtorch's (decision 0010). `input` [n, in, h, w], its channels
/// together; `kernel` [out, in, k, k]; both are rounded to bfloat16, as are gradients. The output
/// has its channels together. Gradients reach both tensors. Thread-safe; where libtorch computes,
/// the last bits may depend on the number of threads.
at::Tensor bfloat16_conv(const at::Tensor& input, const at::Tensor& kernel, int stride,
                         int padding);

}  // namespace gibbon::train
