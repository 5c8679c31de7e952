#include "gibbon/nn/epitome_quantization.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "gibbon/base/error.hpp"

namespace gibbon::nn {

namespace {

void require_values(const EpitomePlan& plan, std::size_t got) {
  if (static_cast<long>(got) == plan.epitome().elements()) return;
  throw base::Error(
      fmt::format("epitome: got {} values, the epitome has {}", got, plan.epitome().elements()));
}

void require_options(const EpitomeQuantization& how) {
  if (how.bits < 2 || how.bits > 16) {
    throw base::Error(fmt::format("epitome of {} bits, allowed are 2 to 16", how.bits));
  }
  const double weight = how.overlap_weight.value_or(1);
  if (!(weight >= 0.5 && weight <= 1)) {
    throw base::Error(fmt::format("epitome: overlap weight {}, allowed are 0.5 to 1", weight));
  }
}

/// The ranges of all crossbars.
class Ranges {
 public:
  explicit Ranges(std::size_t crossbars) : crossbars_(crossbars) {}

  void count(std::size_t crossbar, int uses) {
    crossbars_[crossbar].uses += uses;
    crossbars_[crossbar].elements += 1;
  }
  /// After all elements were counted.
  void measure(std::size_t crossbar, int uses, float value) {
    Crossbar& own = crossbars_[crossbar];
    const double size = std::abs(static_cast<double>(value));
    const bool often = static_cast<double>(uses) * own.elements > own.uses;
    double& largest = often ? own.largest_often : own.largest_rest;
    largest = std::max(largest, size);
    own.has_often |= often;
  }
  double range(std::size_t crossbar, const std::optional<double>& overlap_weight) const {
    const Crossbar& own = crossbars_[crossbar];
    if (!overlap_weight || !own.has_often) return std::max(own.largest_often, own.largest_rest);
    return *overlap_weight * own.largest_often + (1 - *overlap_weight) * own.largest_rest;
  }

 private:
  struct Crossbar {
    double uses = 0;
    double elements = 0;
    double largest_often = 0;
    double largest_rest = 0;
    bool has_often = false;
  };
  std::vector<Crossbar> crossbars_;
};

float on_grid(float value, double scale, int bits) {
  if (scale == 0) return 0;
  const double highest = (1 << (bits - 1)) - 1;
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

QuantizedEpitome quantize_epitome(const EpitomePlan& plan, std::span<const float> epitome,
                                  const EpitomeQuantization& how) {
  require_values(plan, epitome.size());
  require_options(how);
  QuantizedEpitome result;
  result.scale_of = how.per_crossbar ? crossbar_of_elements(plan.epitome(), *how.per_crossbar)
                                     : std::vector<std::int32_t>(epitome.size(), 0);
  const std::vector<std::int32_t> uses = plan.use_counts();
  const auto last = std::max_element(result.scale_of.begin(), result.scale_of.end());
  const auto crossbars = static_cast<std::size_t>(*last) + 1;
  Ranges ranges(crossbars);
  const auto crossbar_of = [&](std::size_t e) {
    return static_cast<std::size_t>(result.scale_of[e]);
  };
  for (std::size_t e = 0; e < epitome.size(); ++e) ranges.count(crossbar_of(e), uses[e]);
  for (std::size_t e = 0; e < epitome.size(); ++e) {
    ranges.measure(crossbar_of(e), uses[e], epitome[e]);
  }
  const double highest = (1 << (how.bits - 1)) - 1;
  for (std::size_t i = 0; i < crossbars; ++i) {
    result.scales.push_back(ranges.range(i, how.overlap_weight) / highest);
  }
  for (std::size_t e = 0; e < epitome.size(); ++e) {
    result.values.push_back(on_grid(epitome[e], result.scales[crossbar_of(e)], how.bits));
  }
  return result;
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
