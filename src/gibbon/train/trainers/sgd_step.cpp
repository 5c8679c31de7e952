#include "gibbon/train/trainers/sgd_step.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <cmath>

#include "gibbon/train/trainers/fake_quantizer.hpp"
#include "gibbon/train/trainers/kernel_support.hpp"
#include "gibbon/train/trainers/over_chunks.hpp"

namespace gibbon::train {

namespace {

struct Factors {
  float rate;
  float momentum;
  float decay;
  float scale;  ///< of the gradient
};

GIBBON_TRAIN_CLONES void step_values(float* value, float* momentum, const float* gradient,
                                     std::size_t count, Factors factors) {
  for (std::size_t i = 0; i < count; ++i) {
    const float change = factors.scale * gradient[i] + factors.decay * value[i];
    momentum[i] = factors.momentum * momentum[i] + change;
    value[i] -= factors.rate * (change + factors.momentum * momentum[i]);
  }
}

double norm_of(const at::Tensor& values) {
  return std::sqrt(moments_of(values).squares);
}

bool lie_alike(const at::Tensor& a, const at::Tensor& b) {
  return a.strides() == b.strides() && a.scalar_type() == b.scalar_type();
}

bool takes_passes(const at::Tensor& value, const at::Tensor& momentum, const at::Tensor& gradient) {
  return value.is_cpu() && value.scalar_type() == at::kFloat &&
         value.is_non_overlapping_and_dense() && lie_alike(value, momentum) &&
         lie_alike(value, gradient);
}

}  // namespace

void sgd_step(at::Tensor& value, at::Tensor& momentum, at::Tensor gradient, const SgdStep& step) {
  if (!takes_passes(value, momentum, gradient)) {
    return plain_sgd_step(value, momentum, gradient, step);
  }
  const std::int64_t count = value.numel();
  float* values = value.data_ptr<float>();
  float* momenta = momentum.data_ptr<float>();
  const float* gradients = gradient.data_ptr<float>();
  double scale = 1;
  if (step.largest_share > 0) {
    const double limit = step.largest_share * norm_of(value);
    const double size = norm_of(gradient);
    if (size > limit) scale = limit / size;
  }
  const Factors factors = {static_cast<float>(step.rate), static_cast<float>(step.momentum),
                           static_cast<float>(step.decay), static_cast<float>(scale)};
  over_chunks(count, kChunk, [&](std::int64_t, std::int64_t first, std::size_t size) {
    step_values(values + first, momenta + first, gradients + first, size, factors);
  });
}

void plain_sgd_step(at::Tensor& value, at::Tensor& momentum, at::Tensor gradient,
                    const SgdStep& step) {
  if (step.largest_share > 0) {
    const double limit = step.largest_share * value.norm().item<double>();
    const double size = gradient.norm().item<double>();
    if (size > limit) gradient.mul_(limit / size);
  }
  if (step.decay != 0) gradient.add_(value, step.decay);
  momentum.mul_(step.momentum).add_(gradient);
  value.add_(gradient, -step.rate).add_(momentum, -step.rate * step.momentum);
}

}  // namespace gibbon::train
