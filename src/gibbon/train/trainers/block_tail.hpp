#pragma once

#include "gibbon/train/trainers/quantization_kernels.hpp"

namespace at {
class Tensor;
}

namespace gibbon::train {

/// What stands behind a convolution in a block, in training: its output is quantised, normalised by
/// the batch's statistics, summed with a shortcut, maybe rectified, and quantised by a HardTanh.
/// The same as fake_quantize, at::batch_norm, a sum and fake_quantize, up to rounding, with half of
/// their traffic to memory: two passes forward, two backward. In between it keeps the levels of the
/// convolution's output (16 bits) and whether the HardTanh cut (8 bits), not the values.
struct BlockTail {
  QuantizerGrid output;      ///< of the convolution's output: -thr to thr, at most 15 bits
  QuantizerGrid activation;  ///< of the HardTanh, rectifying_grid behind a ReLU
  double epsilon = 1e-5;     ///< of the batch norm
  double momentum = 0.1;     ///< of its running averages
};

/// Whether block_tail() computes with this output of a convolution: float32 on the processor, its
/// channels together in memory, two pixels or more.
bool has_block_tail_kernel(const at::Tensor& output);

/// The block's output, in the memory of `output`, which nothing else may read afterwards, in the
/// backward pass either. `shortcut` has the same shape, or is undefined: no sum. The running
/// averages (biased mean, unbiased variance, as libtorch keeps them) are updated, or undefined.
/// Gradients reach output, shortcut, gamma and beta. Thread-safe; results do not depend on the
/// number of threads.
at::Tensor block_tail(const at::Tensor& output, const at::Tensor& shortcut, const at::Tensor& gamma,
                      const at::Tensor& beta, const at::Tensor& running_mean,
                      const at::Tensor& running_variance, const BlockTail& tail);

}  // namespace gibbon::train
