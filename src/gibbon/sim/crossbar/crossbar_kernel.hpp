#pragma once

#include <cstddef>
#include <memory>

#include "gibbon/sim/crossbar/crossbar_layer.hpp"

namespace gibbon::sim {

/// Computes one prepared layer. const and thread-safe; the result of an image does not depend on
/// the others.
class CrossbarKernel {
 public:
  virtual ~CrossbarKernel() = default;
  /// `input` [images, in_channels, in_height, in_width] in real units; `output` [images,
  /// out_channels, out_height, out_width], quantised.
  virtual void run(const float* input, int images, float* output) const = 0;
};

/// The plain twin: loops over everything, each conversion by itself, as the model is written.
std::unique_ptr<CrossbarKernel> make_reference_kernel(CrossbarLayer layer);

/// kAuto as the best instruction set of this machine, another as it is. Throws base::Error naming
/// the available ones where it is not among them.
Isa resolve_isa(Isa isa);

/// The kernel for an instruction set that is available; the reference where the layer's digits are
/// too wide for the fast kernels.
std::unique_ptr<CrossbarKernel> make_crossbar_kernel(CrossbarLayer layer, Isa isa);

}  // namespace gibbon::sim
