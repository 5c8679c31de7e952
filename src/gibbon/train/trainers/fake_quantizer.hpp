#pragma once

#include <optional>

#include "gibbon/train/trainers/quantization_kernels.hpp"

namespace at {
class Tensor;
}

namespace gibbon::train {

/// Quantisation in the forward pass, straight-through gradients in the backward pass, each in one
/// pass over memory on the processor (float32 and bfloat16) and in libtorch's own operations
/// elsewhere. Thread-safe; results do not depend on the number of threads.

/// What happens to the gradient of values that the clamp cut.
enum class ClampGradient { kZero, kPass };

/// Quantises `values` on `grid`. `in_place` reuses the memory of `values`, which nothing else may
/// read afterwards, in the backward pass either.
at::Tensor fake_quantize(const at::Tensor& values, QuantizerGrid grid, ClampGradient gradient,
                         bool in_place);

/// At how many deviations from zero weights of `bits` are clamped; nothing: not at all.
std::optional<double> range_in_deviations(int bits);

/// The range S of a weight of `bits`, zeros (masked values) left out: max|w| from 9 bits on; with
/// fewer bits at most a multiple of the deviation from zero, as a single large weight would take
/// the levels from all others.
double weight_range(const at::Tensor& weight, int bits);

/// A weight as a crossbar holds it: masked (an undefined mask keeps all), clamped to its range S
/// and quantised to `bits`. The gradient passes where the mask is 1; S gets none.
at::Tensor fake_quantize_weight(const at::Tensor& weight, const at::Tensor& mask, int bits);

/// Sums over all values, in an order that depends on their number alone.
Moments moments_of(const at::Tensor& values);

/// MNSIM's output range of one batch: 3 standard deviations (n - 1) + |mean|. At least 1e-6, so
/// that a layer of zeros divides by something.
double batch_range(const at::Tensor& values);

}  // namespace gibbon::train
