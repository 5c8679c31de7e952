#include "gibbon/nn/mixed_precision.hpp"

#include <fmt/format.h>

#include <limits>

#include "gibbon/base/error.hpp"

namespace gibbon::nn {

namespace {

/// The noise that the step to the next option takes away for a crossbar more; negative: no step.
double gain_of(const std::vector<BitOption>& options, std::size_t chosen, long free_crossbars) {
  constexpr double kNoStep = -1;
  if (chosen + 1 >= options.size()) return kNoStep;
  const double less = options[chosen].noise - options[chosen + 1].noise;
  const long more = options[chosen + 1].crossbars - options[chosen].crossbars;
  if (less <= 0 || more > free_crossbars) return kNoStep;
  if (more <= 0) return std::numeric_limits<double>::infinity();
  return less / static_cast<double>(more);
}

}  // namespace

std::vector<std::size_t> assign_bits(std::span<const std::vector<BitOption>> layers,
                                     long max_crossbars) {
  std::vector<std::size_t> chosen(layers.size(), 0);
  long free_crossbars = max_crossbars;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (layers[i].empty()) throw base::Error(fmt::format("layer {} has no bits to choose", i));
    free_crossbars -= layers[i].front().crossbars;
  }
  while (free_crossbars >= 0) {
    double best_gain = 0;
    std::size_t best = layers.size();
    for (std::size_t i = 0; i < layers.size(); ++i) {
      const double gain = gain_of(layers[i], chosen[i], free_crossbars);
      if (gain <= best_gain) continue;
      best_gain = gain;
      best = i;
    }
    if (best == layers.size()) break;
    const std::size_t from = chosen[best]++;
    free_crossbars -= layers[best][from + 1].crossbars - layers[best][from].crossbars;
  }
  return chosen;
}

double rounding_noise(int bits) {
  if (bits < 2 || bits > 16) {
    throw base::Error(fmt::format("weights of {} bits, allowed are 2 to 16", bits));
  }
  const double levels = (1 << (bits - 1)) - 1;
  return 1 / (12 * levels * levels);
}

}  // namespace gibbon::nn
