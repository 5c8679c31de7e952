#include "gibbon/train/trainers/fake_quantizer.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "gibbon/train/trainers/over_chunks.hpp"

namespace gibbon::train {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// By bits: where the clamp of a uniform quantiser costs a normal distribution least (J. Max,
/// "Quantizing for minimum distortion", IRE Trans. Inf. Theory 6, 1960: 1.22, 1.95, 2.5, 2.9 for 3,
/// 7, 15, 31 levels), and a little beyond, as trained weights have longer tails.
constexpr std::array<double, 9> kRangeInDeviations = {0, 0, 1.25, 2.0, 2.6, 3.1, 3.6, 4.1, 4.6};
constexpr int kFirstUnclippedBits = static_cast<int>(kRangeInDeviations.size());
constexpr double kSmallestRange = 1e-6;

bool has_kernel(const at::Tensor& tensor) {
  return tensor.is_cpu() && tensor.is_non_overlapping_and_dense() &&
         (tensor.scalar_type() == at::kFloat || tensor.scalar_type() == at::kBFloat16);
}

/// Calls body(pointer type tag) with float or Bfloat16Bits as the tensor's elements.
template <typename Body>
void with_element(const at::Tensor& tensor, const Body& body) {
  if (tensor.scalar_type() == at::kFloat) return body(float{});
  body(Bfloat16Bits{});
}

template <typename T>
T* elements(const at::Tensor& tensor) {
  return static_cast<T*>(tensor.data_ptr());
}

void quantize_tensor(const at::Tensor& input, const at::Tensor& output, const at::Tensor& inside,
                     QuantizerGrid grid) {
  with_element(input, [&](auto tag) {
    using T = decltype(tag);
    std::uint8_t* mask = inside.defined() ? elements<std::uint8_t>(inside) : nullptr;
    over_chunks(input.numel(), kChunk, [&](std::int64_t, std::int64_t first, std::size_t count) {
      quantize(elements<T>(input) + first, elements<T>(output) + first,
               mask == nullptr ? nullptr : mask + first, count, grid);
    });
  });
}

at::Tensor quantize_plainly(const at::Tensor& values, QuantizerGrid grid) {
  const at::Tensor levels =
      (values.to(at::kFloat) * (grid.threshold / grid.range)).clamp(grid.lowest, grid.threshold);
  return (levels.round() * grid.range / grid.threshold).to(values.scalar_type());
}

struct FakeQuantize : public torch::autograd::Function<FakeQuantize> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& values, double range,
                            double threshold, double lowest, bool masked, bool in_place) {
    const QuantizerGrid grid{static_cast<float>(threshold), static_cast<float>(range),
                             static_cast<float>(lowest)};
    at::Tensor inside;
    at::Tensor output;
    if (has_kernel(values)) {
      if (masked) inside = at::empty_like(values, values.options().dtype(at::kByte));
      output = in_place ? values : at::empty_like(values);
      quantize_tensor(values, output, inside, grid);
    } else {
      if (masked) {
        const float smallest = grid.lowest / grid.threshold * grid.range;
        inside = values.lt(grid.range).logical_and(values.gt(smallest));
      }
      output = quantize_plainly(values, grid);
      if (in_place) output = values.copy_(output);
    }
    if (in_place) context->mark_dirty({values});
    if (masked) context->saved_data["inside"] = inside;
    return output;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    at::Tensor gradient = gradients.front();
    const auto saved = context->saved_data.find("inside");
    if (saved != context->saved_data.end()) {
      gradient = masked_gradient(gradient, saved->second.toTensor());
    }
    return {gradient, at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor()};
  }

  static at::Tensor masked_gradient(const at::Tensor& gradient, const at::Tensor& inside) {
    if (!has_kernel(gradient) || gradient.strides() != inside.strides()) return gradient * inside;
    at::Tensor result = at::empty_like(gradient);
    with_element(gradient, [&](auto tag) {
      using T = decltype(tag);
      over_chunks(
          gradient.numel(), kChunk, [&](std::int64_t, std::int64_t first, std::size_t count) {
            mask_gradient(elements<T>(gradient) + first, elements<std::uint8_t>(inside) + first,
                          elements<T>(result) + first, count);
          });
    });
    return result;
  }
};

/// Without gaps, in the order that it has.
at::Tensor dense(const at::Tensor& weight) {
  if (weight.is_non_overlapping_and_dense()) return weight;
  return weight.contiguous(weight.suggest_memory_format());
}

struct FakeQuantizeWeight : public torch::autograd::Function<FakeQuantizeWeight> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& weight,
                            const at::Tensor* mask_or_undefined, std::int64_t bits) {
    const at::Tensor& mask = *mask_or_undefined;
    if (mask.defined()) context->saved_data["mask"] = mask;
    const at::Tensor kept = mask.defined() ? weight * mask : dense(weight);
    const double range = weight_range(kept, static_cast<int>(bits));
    if (!has_kernel(kept)) {
      const double threshold = static_cast<double>((1 << (bits - 1)) - 1);
      return (kept.clamp(-range, range) / range * threshold).round() * range / threshold;
    }
    at::Tensor output = at::empty_like(kept);
    quantize_tensor(kept, output, at::Tensor(),
                    quantizer_grid(static_cast<int>(bits), static_cast<float>(range)));
    return output;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->saved_data.find("mask");
    at::Tensor gradient = gradients.front();
    if (saved != context->saved_data.end()) gradient = gradient * saved->second.toTensor();
    return {gradient, at::Tensor(), at::Tensor()};
  }
};

}  // namespace

at::Tensor fake_quantize(const at::Tensor& values, QuantizerGrid grid, ClampGradient gradient,
                         bool in_place) {
  const bool recorded = at::GradMode::is_enabled() && values.requires_grad();
  return FakeQuantize::apply(values, static_cast<double>(grid.range),
                             static_cast<double>(grid.threshold), static_cast<double>(grid.lowest),
                             recorded && gradient == ClampGradient::kZero,
                             in_place && !(recorded && values.is_leaf()));
}

at::Tensor fake_quantize_weight(const at::Tensor& weight, const at::Tensor& mask, int bits) {
  // By pointer: the graph refuses undefined tensors among its inputs.
  return FakeQuantizeWeight::apply(weight, &mask, static_cast<std::int64_t>(bits));
}

std::optional<double> range_in_deviations(int bits) {
  if (bits >= kFirstUnclippedBits) return std::nullopt;
  return kRangeInDeviations[static_cast<std::size_t>(bits)];
}

Moments moments_of(const at::Tensor& values) {
  Moments total;
  if (has_kernel(values)) {
    const auto chunks = static_cast<std::size_t>((values.numel() + kChunk - 1) / kChunk);
    std::vector<Moments> parts(chunks);
    with_element(values, [&](auto tag) {
      using T = decltype(tag);
      over_chunks(values.numel(), kChunk,
                  [&](std::int64_t chunk, std::int64_t first, std::size_t size) {
                    parts[static_cast<std::size_t>(chunk)] =
                        moments(elements<const T>(values) + first, size);
                  });
    });
    for (const Moments& part : parts) {
      total.sum += part.sum;
      total.squares += part.squares;
    }
  } else {
    const at::Tensor flat = values.detach().to(at::kFloat).flatten();
    total.sum = flat.sum(at::kDouble).item<double>();
    total.squares = flat.square().sum(at::kDouble).item<double>();
  }
  return total;
}

double weight_range(const at::Tensor& weight, int bits) {
  const float largest = has_kernel(weight)
                            ? largest_magnitude(elements<const float>(weight),
                                                static_cast<std::size_t>(weight.numel()))
                            : weight.abs().max().item<float>();
  const double whole = std::max(static_cast<double>(largest), kSmallestRange);
  const std::optional<double> deviations = range_in_deviations(bits);
  if (!deviations) return whole;
  const Moments total = moments_of(weight);
  const auto used = static_cast<double>(at::count_nonzero(weight).item<std::int64_t>());
  const double deviation = std::sqrt(total.squares / std::max(1.0, used));
  return std::min(whole, std::max(kSmallestRange, *deviations * deviation));
}

double batch_range(const at::Tensor& values) {
  const auto count = static_cast<double>(values.numel());
  const Moments total = moments_of(values);
  const double mean = total.sum / count;
  const double variance =
      std::max(0.0, (total.squares - total.sum * mean) / std::max(1.0, count - 1.0));
  return std::max(kSmallestRange, 3.0 * std::sqrt(variance) + std::fabs(mean));
}

}  // namespace gibbon::train
