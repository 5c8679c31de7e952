#include "gibbon/predict/noise_trend.hpp"

#include <cmath>

#include "gibbon/sim/converter_noise.hpp"

namespace gibbon::predict {

double converter_bits(const space::SearchSpace& space, const space::Genome& genome) {
  const auto design = space.decode(genome);
  if (!design || design->hardware.digital_cim) return 0;
  const double noise = sim::converter_noise(design->network, design->hardware);
  return noise > 0 ? 0.5 * std::log2(noise) : 0;
}

NoiseTrend::NoiseTrend(const space::SearchSpace& space, const PredictorOptions& options)
    : space_(space),
      reads_noise_(options.noise_trend && options.accuracy_target != AccuracyTarget::kAbsolute) {}

double NoiseTrend::bits(const space::Genome& genome) const {
  return reads_noise_ ? converter_bits(space_, genome) : 0;
}

void NoiseTrend::take_off(TrainingSet& set) {
  std::vector<FallingCurve::Point> points;
  for (std::size_t i = 0; i < set.genomes.size(); ++i) {
    points.push_back({bits(set.genomes[i]), set.targets[i][0]});
  }
  curve_ = FallingCurve::through(points);
  for (std::size_t i = 0; i < points.size(); ++i) set.targets[i][0] -= curve_.at(points[i].x);
}

double NoiseTrend::of(const space::Genome& genome) const {
  const bool is_level = curve_.pools().size() < 2;  // then no design need be decoded
  return curve_.at(is_level ? 0 : bits(genome));
}

base::Json NoiseTrend::to_json() const {
  return predict::to_json(curve_);
}

void NoiseTrend::restore(const base::Json& json) {
  curve_ = falling_curve_from(json);
}

}  // namespace gibbon::predict
