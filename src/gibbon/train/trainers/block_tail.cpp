#include "gibbon/train/trainers/block_tail.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "gibbon/train/trainers/block_tail_kernels.hpp"
#include "gibbon/train/trainers/over_chunks.hpp"

namespace gibbon::train {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr auto kTogether = at::MemoryFormat::ChannelsLast;
constexpr std::int64_t kRowWidth = 512;  // long enough a loop, short enough for arrays in L1

/// How the kernels see a tensor: rows of `width` values, chunks of `chunk` values.
struct Tiling {
  explicit Tiling(const at::Tensor& tensor)
      : size(tensor.numel()),
        channels(tensor.size(1)),
        width(channels * ((kRowWidth + channels - 1) / channels)),
        chunk(width * std::max<std::int64_t>(1, kChunk / width)) {}

  double pixels() const {
    const std::int64_t whole = size / channels;
    return static_cast<double>(whole);
  }
  std::size_t row() const { return static_cast<std::size_t>(width); }

  std::int64_t size;
  std::int64_t channels;
  std::int64_t width;
  std::int64_t chunk;
};

/// A value for each place of a row, from one for each channel.
template <typename ValueOfChannel>
std::vector<float> row_of(const Tiling& tiling, const ValueOfChannel& value) {
  std::vector<float> row(tiling.row());
  const auto channels = static_cast<std::size_t>(tiling.channels);
  for (std::size_t c = 0; c < channels; ++c) row[c] = static_cast<float>(value(c));
  for (std::size_t i = channels; i < row.size(); ++i) row[i] = row[i - channels];
  return row;
}

/// Two sums for each channel. Every chunk has its own, which are added in the chunks' order.
struct ChannelSums {
  std::vector<double> values;
  std::vector<double> products;
};

/// Calls body(first, count, sums of a row) for each chunk, in parallel.
template <typename Body>
ChannelSums sum_over_chunks(const Tiling& tiling, const Body& body) {
  const auto channels = static_cast<std::size_t>(tiling.channels);
  const std::int64_t chunks = (tiling.size + tiling.chunk - 1) / tiling.chunk;
  std::vector<double> parts(static_cast<std::size_t>(chunks) * 2 * channels);
  over_chunks(tiling.size, tiling.chunk,
              [&](std::int64_t chunk, std::int64_t first, std::size_t count) {
                std::vector<float> row(2 * tiling.row());
                body(first, count, RowSums{row.data(), row.data() + tiling.row()});
                double* part = parts.data() + static_cast<std::size_t>(chunk) * 2 * channels;
                for (std::size_t i = 0; i < tiling.row(); ++i) {
                  part[i % channels] += row[i];
                  part[channels + i % channels] += row[tiling.row() + i];
                }
              });
  ChannelSums total{std::vector<double>(channels), std::vector<double>(channels)};
  for (std::size_t i = 0; i < parts.size(); i += 2 * channels) {
    for (std::size_t c = 0; c < channels; ++c) {
      total.values[c] += parts[i + c];
      total.products[c] += parts[i + channels + c];
    }
  }
  return total;
}

/// One channel's part of the way from a level to the normalised value, for the backward pass:
/// x_hat = (level - centre) * deviations, d output / d x_hat = gamma.
struct ChannelNorm {
  double centre = 0.0;      ///< mean level
  double deviations = 0.0;  ///< standard deviations that a level is
  double gain = 0.0;        ///< gamma / standard deviation
};

std::vector<ChannelNorm> normalization(const ChannelSums& sums, double pixels,
                                       const at::Tensor& gamma, const at::Tensor& running_mean,
                                       const at::Tensor& running_variance, const BlockTail& tail) {
  const double step = static_cast<double>(tail.output.range) / tail.output.threshold;
  const auto gammas = gamma.accessor<float, 1>();
  std::vector<ChannelNorm> norms(sums.values.size());
  const auto keep = [&](const at::Tensor& average, std::size_t channel, double now) {
    if (!average.defined()) return;
    float& kept = average.accessor<float, 1>()[static_cast<std::int64_t>(channel)];
    kept =
        static_cast<float>((1.0 - tail.momentum) * static_cast<double>(kept) + tail.momentum * now);
  };
  for (std::size_t c = 0; c < norms.size(); ++c) {
    const double mean = sums.values[c] / pixels;
    const double levels = std::max(0.0, sums.products[c] / pixels - mean * mean);
    const double variance = levels * step * step;
    const double inverse = 1.0 / std::sqrt(variance + tail.epsilon);
    norms[c] = {mean, step * inverse,
                static_cast<double>(gammas[static_cast<std::int64_t>(c)]) * inverse};
    keep(running_mean, c, mean * step);
    keep(running_variance, c, variance * pixels / (pixels - 1.0));
  }
  return norms;
}

at::Tensor to_tensor(const std::vector<double>& values) {
  return at::tensor(values, at::kDouble).to(at::kFloat);
}

/// What the forward pass leaves for the backward pass.
struct Saved : torch::CustomClassHolder {
  at::Tensor codes;
  at::Tensor inside;
  float limit = 0.0F;
  std::vector<ChannelNorm> norms;
  bool passes_to_shortcut = false;
};

struct Tail : public torch::autograd::Function<Tail> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& values,
                            const c10::optional<at::Tensor>& shortcut, const at::Tensor& gamma,
                            const at::Tensor& beta, const at::Tensor* running_mean,
                            const at::Tensor* running_variance, const BlockTail* tail) {
    const Tiling tiling(values);
    const at::Tensor codes = at::empty_like(values, values.options().dtype(at::kShort));
    float* elements = values.data_ptr<float>();
    auto* code = codes.data_ptr<LevelCode>();
    const ChannelSums sums =
        sum_over_chunks(tiling, [&](std::int64_t first, std::size_t count, RowSums row) {
          encode_levels(elements + first, code + first, count, tiling.row(), tail->output, row);
        });
    const std::vector<ChannelNorm> norms =
        normalization(sums, tiling.pixels(), gamma, *running_mean, *running_variance, *tail);

    const at::Tensor inside = at::empty_like(values, values.options().dtype(at::kByte));
    const at::Tensor added = shortcut ? shortcut->contiguous(kTogether) : at::Tensor();
    normalize(tiling, code, norms, beta, added, elements, inside.data_ptr<std::uint8_t>(), *tail);

    auto saved = c10::make_intrusive<Saved>();
    saved->codes = codes;
    saved->inside = inside;
    saved->limit = tail->output.threshold;
    saved->norms = norms;
    saved->passes_to_shortcut = shortcut && shortcut->requires_grad();
    context->saved_data["saved"] = c10::IValue::make_capsule(std::move(saved));
    context->mark_dirty({values});
    return values;
  }

  static void normalize(const Tiling& tiling, const LevelCode* codes,
                        const std::vector<ChannelNorm>& norms, const at::Tensor& beta,
                        const at::Tensor& added, float* output, std::uint8_t* inside,
                        const BlockTail& tail) {
    const auto betas = beta.accessor<float, 1>();
    const double step = static_cast<double>(tail.output.range) / tail.output.threshold;
    const std::vector<float> scale =
        row_of(tiling, [&](std::size_t c) { return norms[c].gain * step; });
    const std::vector<float> shift = row_of(tiling, [&](std::size_t c) {
      return static_cast<double>(betas[static_cast<std::int64_t>(c)]) -
             norms[c].gain * step * norms[c].centre;
    });
    const float* shortcut = added.defined() ? added.data_ptr<float>() : nullptr;
    over_chunks(tiling.size, tiling.chunk,
                [&](std::int64_t, std::int64_t first, std::size_t count) {
                  normalize_levels(codes + first, tail.output.threshold, scale.data(), shift.data(),
                                   shortcut == nullptr ? nullptr : shortcut + first, output + first,
                                   inside + first, count, tiling.row(), tail.activation);
                });
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto held = context->saved_data.at("saved").toCapsule();
    const auto& saved = *static_cast<const Saved*>(held.get());
    const at::Tensor gradient = gradients.front().to(at::kFloat).contiguous(kTogether);
    const Tiling tiling(gradient);
    const auto* code = saved.codes.data_ptr<LevelCode>();
    const auto* inside = saved.inside.data_ptr<std::uint8_t>();
    const auto* incoming = gradient.data_ptr<float>();

    const at::Tensor passed = saved.passes_to_shortcut ? at::empty_like(gradient) : at::Tensor();
    float* pass = passed.defined() ? passed.data_ptr<float>() : nullptr;
    const std::vector<float> centre =
        row_of(tiling, [&](std::size_t c) { return saved.norms[c].centre; });
    ChannelSums sums =
        sum_over_chunks(tiling, [&](std::int64_t first, std::size_t count, RowSums row) {
          sum_gradients(incoming + first, inside + first, code + first, saved.limit, centre.data(),
                        pass == nullptr ? nullptr : pass + first, count, tiling.row(), row);
        });
    for (std::size_t c = 0; c < saved.norms.size(); ++c) {
      sums.products[c] *= saved.norms[c].deviations;
    }

    at::Tensor result = at::empty_like(gradient);
    if (pass != nullptr) incoming = pass;
    normalize_backward(tiling, saved, sums, incoming, pass == nullptr ? inside : nullptr,
                       result.data_ptr<float>());
    return {
        result,       passed,      to_tensor(sums.products), to_tensor(sums.values), at::Tensor(),
        at::Tensor(), at::Tensor()};
  }

  /// d x = gain * (g - mean(g) - x_hat * mean(g * x_hat)): Ioffe and Szegedy, arXiv 1502.03167,
  /// section 3, as one line in g and the level.
  static void normalize_backward(const Tiling& tiling, const Saved& saved, const ChannelSums& sums,
                                 const float* gradient, const std::uint8_t* inside, float* result) {
    const double pixels = tiling.pixels();
    const std::vector<ChannelNorm>& norms = saved.norms;
    const auto slope_of = [&](std::size_t c) {
      return -norms[c].gain * norms[c].deviations * sums.products[c] / pixels;
    };
    const std::vector<float> gain = row_of(tiling, [&](std::size_t c) { return norms[c].gain; });
    const std::vector<float> slope = row_of(tiling, slope_of);
    const std::vector<float> offset = row_of(tiling, [&](std::size_t c) {
      return -norms[c].gain * sums.values[c] / pixels - slope_of(c) * norms[c].centre;
    });
    const auto* codes = saved.codes.data_ptr<LevelCode>();
    over_chunks(tiling.size, tiling.chunk,
                [&](std::int64_t, std::int64_t first, std::size_t count) {
                  normalize_gradient(gradient + first, inside == nullptr ? nullptr : inside + first,
                                     codes + first, saved.limit, gain.data(), slope.data(),
                                     offset.data(), result + first, count, tiling.row());
                });
  }
};

}  // namespace

bool has_block_tail_kernel(const at::Tensor& output) {
  return output.dim() == 4 && output.is_cpu() && output.scalar_type() == at::kFloat &&
         output.is_contiguous(kTogether) && output.numel() > output.size(1);
}

at::Tensor block_tail(const at::Tensor& output, const at::Tensor& shortcut, const at::Tensor& gamma,
                      const at::Tensor& beta, const at::Tensor& running_mean,
                      const at::Tensor& running_variance, const BlockTail& tail) {
  const auto added =
      shortcut.defined() ? c10::optional<at::Tensor>(shortcut) : c10::optional<at::Tensor>();
  return Tail::apply(output, added, gamma, beta, &running_mean, &running_variance, &tail);
}

}  // namespace gibbon::train
