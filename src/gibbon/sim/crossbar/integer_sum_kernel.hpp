#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "gibbon/sim/crossbar/crossbar_kernel.hpp"
#include "gibbon/sim/crossbar/pixel_tiles.hpp"

namespace gibbon::sim {

/// Makes the kernel of a layer, any layer that a kernel with narrower limits is asked for.
using KernelMaker = std::function<std::unique_ptr<CrossbarKernel>(const CrossbarLayer& layer)>;

/// The frame of kernels that add converter codes as integers, which is exact where float32 would
/// round no sum, and that take inputs that are not negative. All other images go to the kernel that
/// `general` makes, once it is needed, and which gives the same results.
class IntegerSumKernel : public CrossbarKernel {
 public:
  void run(const float* input, int images, float* output) const final;

 protected:
  /// `unit`: of the sums, in units of the output range.
  IntegerSumKernel(const CrossbarLayer& layer, int tile_pixels, float unit, KernelMaker general);

  /// Computes padded images of integers from 0. False, with some of the output written, where a sum
  /// left the range of exact float32 integers.
  virtual bool run_exact(const std::vector<std::int16_t>& padded, int images,
                         float* output) const = 0;

  const CrossbarLayer& layer() const { return layer_; }
  const PixelTiles& tiles() const { return tiles_; }
  /// Writes the outputs of a tile's sums [output][pixel].
  void write(const std::vector<std::int32_t>& sums, int first, int count, float* output) const;

 private:
  CrossbarLayer layer_;
  PixelTiles tiles_;
  float unit_;
  KernelMaker make_general_;
  mutable std::once_flag general_made_;
  mutable std::unique_ptr<CrossbarKernel> general_;
};

}  // namespace gibbon::sim
