#pragma once

// For the .cpp files of this module, after <ATen/ATen.h>: no header names libtorch itself.

#include <cstdint>
#include <vector>

#include "gibbon/train/trainers/path.hpp"

namespace gibbon::train {

/// The mean of a path's trained tensors over some of its steps, which answers better than any of
/// them (stochastic weight averaging: Izmailov et al., UAI 2018, arXiv:1803.05407). Statistics of
/// batch norms are not averaged: they are to be measured anew.
class WeightAverage {
 public:
  /// The path's tensors as they are now; the same path each time.
  void add(const Path& path);
  /// Gives the path the mean; as it was where nothing was added.
  void put_into(Path& path) const;

 private:
  std::int64_t count_ = 0;
  std::vector<at::Tensor> means_;  ///< by tensor of Path::trained
};

}  // namespace gibbon::train
