#pragma once

// For the .cpp files of this module, after <ATen/ATen.h>: no header names libtorch itself.

#include <cstdint>

#include "gibbon/train/supernet.hpp"
#include "gibbon/train/trainers/path.hpp"

namespace gibbon::train {

/// The learning rate of step `step` of `total`: linear up to `peak` over the first 30 percent, then
/// half a cosine down to zero (Smith and Topin, arXiv:1708.07120, one cycle).
double one_cycle_rate(double peak, std::int64_t step, std::int64_t total);

/// That of Muon: linear up to `peak` over the first 5 percent, then in a straight line to zero.
double straight_rate(double peak, std::int64_t step, std::int64_t total);

/// The steps of a schedule whose rates have fallen to `share`, more than 0 and at most 1, of their
/// peak at step `step`.
std::int64_t schedule_falling_to(double share, std::int64_t step, const TrainOptions& options);

struct Rates {
  double descent = 0;
  double muon = 0;  ///< 0: all tensors descend
};
Rates rates_at(std::int64_t step, std::int64_t total, const TrainOptions& options);

/// Changes the tensor as its gradient, which it takes away, and the rates say. `bfloat16`: Muon's
/// products.
void update(TrainedTensor& tensor, Rates rates, const TrainOptions& options, bool bfloat16);

}  // namespace gibbon::train
