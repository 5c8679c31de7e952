#include "gibbon/predict/noise_trend.hpp"

#include <algorithm>
#include <cmath>

#include "gibbon/sim/converter_noise.hpp"

namespace gibbon::predict {

double converter_bits(const space::SearchSpace& space, const space::Genome& genome) {
  const auto design = space.decode(genome);
  if (!design || design->hardware.digital_cim) return 0;
  const double noise = sim::converter_noise(design->network, design->hardware);
  return noise > 0 ? 0.5 * std::log2(noise) : 0;
}

std::vector<NoiseShare> NoiseTrend::take_off(TrainingSet& set) {
  std::vector<FallingCurve::Point> points;
  for (std::size_t i = 0; i < set.genomes.size(); ++i) {
    points.push_back({converter_bits(space_, set.genomes[i]), set.targets[i][0]});
  }
  curve_ = FallingCurve::through(points);
  std::vector<NoiseShare> shares;
  for (std::size_t i = 0; i < points.size(); ++i) {
    shares.push_back(at(points[i].x));
    set.targets[i][0] -= shares.back().trend;
  }
  return shares;
}

NoiseShare NoiseTrend::of(const space::Genome& genome) const {
  return at(converter_bits(space_, genome));
}

NoiseShare NoiseTrend::at(double bits) const {
  const double trend = curve_.at(bits);
  if (target_ == AccuracyTarget::kAbsolute || curve_.pools().size() < 2) return {trend, 1};
  const double lowest = curve_.pools().back().y;
  if (lowest >= 0) return {trend, 1};
  return {trend, std::clamp(trend / lowest, 0.0, 1.0)};
}

base::Json NoiseTrend::to_json() const {
  return predict::to_json(curve_);
}

void NoiseTrend::restore(const base::Json& json) {
  curve_ = falling_curve_from(json);
}

}  // namespace gibbon::predict
