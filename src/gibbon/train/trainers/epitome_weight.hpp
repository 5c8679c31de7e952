#pragma once

// For the .cpp files of this module, after <ATen/ATen.h>: no header names libtorch itself.

#include <memory>
#include <string>
#include <vector>

#include "gibbon/nn/epitome.hpp"
#include "gibbon/nn/epitome_quantization.hpp"
#include "gibbon/nn/trained_network.hpp"
#include "gibbon/train/supernet.hpp"

namespace gibbon::train {

/// How a convolution's dense kernel (dense_weight.hpp) comes from the epitome that is trained. The
/// trained tensor is the epitome's own dense kernel [Coe, Cie, h, w]: with symmetric padding 3x3
/// with the taps of its input channels. const use is safe from any thread.
class EpitomeWeight {
 public:
  /// `conv` has an epitome. Throws base::Error where its plan is impossible, or a channel's rows
  /// do not fit the crossbars that have scales of their own.
  EpitomeWeight(const nn::Conv& conv, const EpitomeScales& scales, const std::string& device);

  /// The convolution's dense kernel, its channels together in memory, quantised or not. The
  /// gradient of an element is the sum over its uses; it passes the quantiser everywhere.
  at::Tensor kernel(const at::Tensor& trained, bool quantized) const;
  /// The trained tensor on its grids; no gradient.
  at::Tensor quantized(const at::Tensor& trained) const;

  /// The trained tensor nearest to a convolution's real weights (nn::nearest_epitome).
  at::Tensor nearest(const std::vector<float>& weight) const;
  /// Writes the convolution's weights, clamped to their ranges, and their grids into `state`.
  void describe(const at::Tensor& trained, nn::LayerState& state) const;

 private:
  std::vector<float> row_major(const at::Tensor& trained) const;
  at::Tensor trained_tensor(const std::vector<float>& epitome) const;
  std::vector<float> pair_scales(const nn::QuantizedEpitome& quantized) const;

  nn::Conv conv_;
  nn::Conv stored_;  ///< the convolution whose kernel the epitome is
  nn::EpitomePlan plan_;
  nn::EpitomeQuantizer quantizer_;
  at::Tensor index_;  ///< of the dense kernel [out, h, w, in]: 1 + place in the epitome's; 0: zero
};

/// Sizes [out, in, height, width] of the tensor that is trained for a convolution: its dense kernel
/// or its epitome's.
std::vector<std::int64_t> trained_sizes(const nn::Conv& conv);

}  // namespace gibbon::train
