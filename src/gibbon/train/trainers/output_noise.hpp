#pragma once

// For the .cpp files of this module, after <ATen/ATen.h>: no header names libtorch itself.

#include <cstdint>
#include <string>

#include "gibbon/base/rng.hpp"

namespace gibbon::train {

/// Disturbs the outputs of layers as rounding converters do: each value by a normal number. The
/// numbers are read from a store that is drawn once, each time from another place of it, as drawing
/// them anew costs as much as the layer. Same seed, same order of calls: same noise. A copy shares
/// the store and goes on alone. Not thread-safe.
class OutputNoise {
 public:
  OutputNoise(std::uint64_t seed, const std::string& device);

  /// In place, unseen by autograd.
  void add_to(const at::Tensor& output, double deviation);

 private:
  base::Rng place_;
  at::Tensor numbers_;
};

}  // namespace gibbon::train
