#include "gibbon/nn/epitome_quantization.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "gibbon/base/error.hpp"

namespace gibbon::nn {

namespace {

void require_values(std::size_t got, std::size_t needed) {
  if (got == needed) return;
  throw base::Error(fmt::format("epitome: got {} values, the epitome has {}", got, needed));
}

void require_values(const EpitomePlan& plan, std::size_t got) {
  require_values(got, static_cast<std::size_t>(plan.epitome().elements()));
}

void require_options(const EpitomeQuantization& how) {
  if (how.bits < 2 || how.bits > 16) {
    throw base::Error(fmt::format("epitome of {} bits, allowed are 2 to 16", how.bits));
  }
  const double weight = how.overlap_weight.value_or(1);
  if (!(weight >= 0.5 && weight <= 1)) {
    throw base::Error(fmt::format("epitome: overlap weight {}, allowed are 0.5 to 1", weight));
  }
  if (!(how.clip_deviations.value_or(1) > 0)) {
    throw base::Error(
        fmt::format("epitome: clip at {} deviations, allowed are > 0", *how.clip_deviations));
  }
}

/// The magnitudes of some elements.
struct Magnitudes {
  double largest = 0;
  double squares = 0;
  double count = 0;

  void add(float value) {
    const double size = std::abs(static_cast<double>(value));
    largest = std::max(largest, size);
    squares += size * size;
    count += 1;
  }
  double range(const std::optional<double>& clip_deviations) const {
    if (!clip_deviations || count == 0) return largest;
    return std::min(largest, *clip_deviations * std::sqrt(squares / count));
  }
};

/// What one crossbar holds.
struct Crossbar {
  Magnitudes often;
  Magnitudes rest;

  double range(const EpitomeQuantization& how) const {
    if (often.count == 0) return rest.range(how.clip_deviations);
    const double w = *how.overlap_weight;
    return w * often.range(how.clip_deviations) + (1 - w) * rest.range(how.clip_deviations);
  }
};

double highest_level(int bits) {
  return (1 << (bits - 1)) - 1;
}

float on_grid(float value, double scale, int bits) {
  if (scale == 0) return 0;
  const double highest = highest_level(bits);
  const double level = std::round(static_cast<double>(value) / scale);
  return static_cast<float>(std::clamp(level, -highest, highest) * scale);
}

}  // namespace

std::vector<std::int32_t> crossbar_of_elements(const EpitomeShape& epitome,
                                               const CrossbarTiling& tiling) {
  const int window = epitome.height * epitome.width;
  if (tiling.rows < 1 || tiling.columns < 1 || tiling.slices < 1 || window < 1) {
    throw base::Error(fmt::format("crossbars of {}x{} and {} slices are not positive", tiling.rows,
                                  tiling.columns, tiling.slices));
  }
  if (window > tiling.rows) {
    throw base::Error(fmt::format("the {} rows of a channel do not fit the {} of a crossbar",
                                  window, tiling.rows));
  }
  const int channels = tiling.rows / window;
  const long column_blocks =
      (static_cast<long>(epitome.out_channels) * tiling.slices + tiling.columns - 1) /
      tiling.columns;
  std::vector<std::int32_t> crossbars;
  crossbars.reserve(static_cast<std::size_t>(epitome.elements()));
  for (long out = 0; out < epitome.out_channels; ++out) {
    const long column_block = out * tiling.slices / tiling.columns;
    for (int in = 0; in < epitome.in_channels; ++in) {
      const long crossbar = in / channels * column_blocks + column_block;
      crossbars.insert(crossbars.end(), static_cast<std::size_t>(window),
                       static_cast<std::int32_t>(crossbar));
    }
  }
  return crossbars;
}

EpitomeQuantizer::EpitomeQuantizer(const EpitomePlan& plan, const EpitomeQuantization& how)
    : how_(how) {
  require_options(how);
  const auto elements = static_cast<std::size_t>(plan.epitome().elements());
  scale_of_ = how.per_crossbar ? crossbar_of_elements(plan.epitome(), *how.per_crossbar)
                               : std::vector<std::int32_t>(elements, 0);
  const auto last = std::max_element(scale_of_.begin(), scale_of_.end());
  crossbars_ = static_cast<std::size_t>(*last) + 1;
  is_often_used_.assign(elements, false);
  if (!how.overlap_weight) return;
  const std::vector<std::int32_t> uses = plan.use_counts();
  std::vector<double> uses_of(crossbars_, 0);
  std::vector<double> elements_of(crossbars_, 0);
  for (std::size_t e = 0; e < elements; ++e) {
    uses_of[static_cast<std::size_t>(scale_of_[e])] += uses[e];
    elements_of[static_cast<std::size_t>(scale_of_[e])] += 1;
  }
  for (std::size_t e = 0; e < elements; ++e) {
    const auto crossbar = static_cast<std::size_t>(scale_of_[e]);
    is_often_used_[e] = static_cast<double>(uses[e]) * elements_of[crossbar] > uses_of[crossbar];
  }
}

QuantizedEpitome EpitomeQuantizer::quantize(std::span<const float> epitome) const {
  require_values(epitome.size(), scale_of_.size());
  std::vector<Crossbar> crossbars(crossbars_);
  for (std::size_t e = 0; e < epitome.size(); ++e) {
    Crossbar& own = crossbars[static_cast<std::size_t>(scale_of_[e])];
    (is_often_used_[e] ? own.often : own.rest).add(epitome[e]);
  }
  QuantizedEpitome result;
  result.scale_of = scale_of_;
  for (const Crossbar& crossbar : crossbars) {
    result.scales.push_back(crossbar.range(how_) / highest_level(how_.bits));
  }
  result.values.reserve(epitome.size());
  for (std::size_t e = 0; e < epitome.size(); ++e) {
    const double scale = result.scales[static_cast<std::size_t>(scale_of_[e])];
    result.values.push_back(on_grid(epitome[e], scale, how_.bits));
  }
  return result;
}

std::vector<float> EpitomeQuantizer::clamped(std::span<const float> epitome,
                                             const QuantizedEpitome& quantized) const {
  require_values(epitome.size(), scale_of_.size());
  std::vector<float> values;
  values.reserve(epitome.size());
  for (std::size_t e = 0; e < epitome.size(); ++e) {
    const double scale = quantized.scales[static_cast<std::size_t>(scale_of_[e])];
    const auto range = static_cast<float>(scale * highest_level(how_.bits));
    values.push_back(std::clamp(epitome[e], -range, range));
  }
  return values;
}

QuantizedEpitome quantize_epitome(const EpitomePlan& plan, std::span<const float> epitome,
                                  const EpitomeQuantization& how) {
  return EpitomeQuantizer(plan, how).quantize(epitome);
}

double quantization_noise(const EpitomePlan& plan, std::span<const float> epitome,
                          std::span<const float> quantized) {
  require_values(plan, epitome.size());
  require_values(plan, quantized.size());
  const std::vector<std::int32_t> uses = plan.use_counts();
  double noise = 0;
  double signal = 0;
  for (std::size_t e = 0; e < epitome.size(); ++e) {
    const double value = epitome[e];
    const double error = static_cast<double>(quantized[e]) - value;
    noise += uses[e] * error * error;
    signal += uses[e] * value * value;
  }
  return signal == 0 ? 0 : noise / signal;
}

}  // namespace gibbon::nn
