#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "gibbon/train/trainers/muon_step.hpp"
#include "gibbon/train/trainers/optimizer.hpp"
#include "gibbon/train/trainers/sgd_step.hpp"

namespace gibbon::train {

namespace {

constexpr double kLargestGradientShare = 0.2;  // of the weights' norm; measured, decision 0003
constexpr double kWarmUpShare = 0.3;
constexpr double kStraightWarmUpShare = 0.05;

/// Of a step's middle in the schedule, 0 to 1; more behind its end.
double position_of(std::int64_t step, std::int64_t total) {
  return (static_cast<double>(step) + 0.5) / static_cast<double>(std::max<std::int64_t>(1, total));
}

/// Behind a batch norm the gradient grows as 1/|w|: a slice of few weights, which a path with many
/// groups or a 1x1 kernel takes from the shared ones, would take steps that wreck them for every
/// other path. So tensors that decay have theirs clipped.
void descend(TrainedTensor& tensor, const at::Tensor& gradient, double rate,
             const TrainOptions& options) {
  SgdStep step = {.rate = rate, .momentum = options.momentum};
  if (tensor.decays) {
    step.decay = options.weight_decay;
    step.largest_share = kLargestGradientShare;
  }
  sgd_step(tensor.value, tensor.momentum, gradient, step);
}

void step_all(TrainedTensor& tensor, const at::Tensor& gradient, Rates rates,
              const TrainOptions& options, bool bfloat16) {
  if (rates.muon > 0 && tensor.scale_is_free) {
    muon_step(tensor.value, tensor.momentum, gradient, {rates.muon, options.momentum, bfloat16});
  } else {
    descend(tensor, gradient, rates.descent, options);
  }
}

/// As if the rest of the kernel were zero, so that norms are those of what is used; the rest keeps
/// its value and momentum, which are other paths'.
void step_used(TrainedTensor& tensor, const at::Tensor& gradient, Rates rates,
               const TrainOptions& options, bool bfloat16) {
  TrainedTensor used = tensor;
  used.value = tensor.value * tensor.mask;
  used.momentum = tensor.momentum * tensor.mask;
  step_all(used, gradient, rates, options, bfloat16);
  const at::Tensor is_used = tensor.mask.to(at::kBool);
  const auto put_back = [&](const at::Tensor& whole, const at::Tensor& changed) {
    whole.copy_(at::where(is_used, changed, whole));
  };
  put_back(tensor.value, used.value);
  put_back(tensor.momentum, used.momentum);
}

}  // namespace

double one_cycle_rate(double peak, std::int64_t step, std::int64_t total) {
  const double position = position_of(step, total);
  if (position < kWarmUpShare) return peak * position / kWarmUpShare;
  const double descent = std::min(1.0, (position - kWarmUpShare) / (1.0 - kWarmUpShare));
  return peak * 0.5 * (1.0 + std::cos(std::numbers::pi * descent));
}

double straight_rate(double peak, std::int64_t step, std::int64_t total) {
  const double position = position_of(step, total);
  const double rise = position / kStraightWarmUpShare;
  const double fall = (1.0 - position) / (1.0 - kStraightWarmUpShare);
  return peak * std::max(0.0, std::min(rise, fall));
}

std::int64_t schedule_falling_to(double share, std::int64_t step, const TrainOptions& options) {
  const double position =
      options.muon_rate == 0
          ? kWarmUpShare + (1.0 - kWarmUpShare) * std::acos(2.0 * share - 1.0) / std::numbers::pi
          : 1.0 - (1.0 - kStraightWarmUpShare) * share;
  return std::llround(static_cast<double>(step) / position);
}

Rates rates_at(std::int64_t step, std::int64_t total, const TrainOptions& options) {
  if (options.muon_rate == 0) return {one_cycle_rate(options.learning_rate, step, total), 0};
  return {straight_rate(options.learning_rate, step, total),
          straight_rate(options.muon_rate, step, total)};
}

void update(TrainedTensor& tensor, Rates rates, const TrainOptions& options, bool bfloat16) {
  const at::Tensor gradient = tensor.value.grad();
  if (!gradient.defined()) return;
  const auto step = tensor.mask.defined() ? step_used : step_all;
  step(tensor, gradient, rates, options, bfloat16);
  tensor.value.mutable_grad() = at::Tensor();
}

}  // namespace gibbon::train
