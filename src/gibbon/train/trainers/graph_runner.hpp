#pragma once

// For the .cpp files of this module, after <ATen/ATen.h>: no header names libtorch itself.

#include "gibbon/train/trainers/path.hpp"

namespace gibbon::train {

/// Where batch norms take their mean and variance from, and quantisers their output range v.
enum class Statistics {
  kBatch,      ///< this batch; nothing is kept (a supernet, where they differ for each network)
  kTracked,    ///< norms: this batch, and a running average of 0.1 a step is kept; ranges: MNSIM's
               ///< average v <- 0.707 v + 0.293 (3 std + |mean|), used after it is updated
  kCalibrate,  ///< as kBatch, and the plain average over the batches so far is kept
  kFrozen,     ///< what was kept
};

class OutputNoise;
class PimForward;

/// Weights of so many bits, sign included, have few enough levels (3 or 7) to hold up a training.
inline constexpr int kFewBits = 3;

/// By which functions convolutions are computed; the values differ by rounding only.
enum class ConvKernels {
  kLibtorch,  ///< at::conv2d, in the arithmetic of the tensors or of autocast
  kFloat32,   ///< on a processor: many groups as libtorch's grouped convolution and not as a dense
              ///< one (x1.4 at 8 groups; half as fast in bfloat16), 3x3 ones in training by
              ///< winograd_conv.hpp
  kMixed,     ///< as kFloat32, 3x3 ones in training by bfloat16_winograd.hpp
  kBfloat16,  ///< on a processor: bfloat16_conv.hpp
};

struct RunOptions {
  Statistics statistics = Statistics::kFrozen;
  int calibrated_batches = 0;  ///< kCalibrate: batches that the kept averages hold already
  bool quantize = true;        ///< weights, inputs, activations and outputs on their grids
  ConvKernels conv_kernels = ConvKernels::kLibtorch;
  /// Outputs of Conv and Linear are replaced by what crossbars give, at the output ranges that the
  /// path holds already; needs `quantize`. Null: no crossbars.
  PimForward* crossbars = nullptr;
  /// Weights of at most kFewBits stay in single precision, also with `quantize`.
  bool float_few_bits = false;
  /// Block tails (block_tail.hpp) as one function where the layers, the tensors and the statistics
  /// (kBatch, kTracked) allow; else layer after layer, which gives the same up to rounding.
  bool fused_tails = true;
  /// Adds the path's output_noise to the outputs of Conv and Linear, in units of the range that
  /// they have without it; needs `quantize`. Null: nothing does.
  OutputNoise* noise = nullptr;
};

/// Logits [count, classes] of images [count, channels, height, width] (pixel/255), as the crossbar
/// simulation with an ideal converter computes them: conv and linear weights at weight_range(),
/// inputs on their producer's grid, outputs at the input's bits and range v. Updates the averages
/// in `path`.
at::Tensor run_network(Path& path, const at::Tensor& images, const RunOptions& options);

}  // namespace gibbon::train
