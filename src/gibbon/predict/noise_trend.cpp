#include "gibbon/predict/noise_trend.hpp"

namespace gibbon::predict {

NoiseTrend::NoiseTrend(const space::SearchSpace& space, const PredictorOptions& options)
    : space_(space),
      target_(options.accuracy_target),
      reads_noise_(options.noise_trend && target_ != AccuracyTarget::kAbsolute) {}

ConverterLoad NoiseTrend::load(const space::Genome& genome) const {
  return reads_noise_ ? converter_load(space_, genome) : ConverterLoad{};
}

void NoiseTrend::take_off(TrainingSet& set) {
  std::vector<ConverterLoad> loads;
  std::vector<double> kept;
  for (std::size_t i = 0; i < set.genomes.size(); ++i) {
    loads.push_back(load(set.genomes[i]));
    kept.push_back(prediction_of(set.targets[i], target_).accuracy(kPerfect));
  }
  index_ = NoiseIndex::fitted(loads, kept);
  std::vector<FallingCurve::Point> points;
  for (std::size_t i = 0; i < loads.size(); ++i) {
    points.push_back({index_.of(loads[i]), set.targets[i][0]});
  }
  curve_ = FallingCurve::through(points);
  for (std::size_t i = 0; i < points.size(); ++i) set.targets[i][0] -= curve_.at(points[i].x);
}

double NoiseTrend::of(const space::Genome& genome) const {
  const bool is_level = curve_.pools().size() < 2;  // then no design need be decoded
  return curve_.at(is_level ? 0 : index_.of(load(genome)));
}

base::Json NoiseTrend::to_json() const {
  return {{"index", predict::to_json(index_)}, {"curve", predict::to_json(curve_)}};
}

void NoiseTrend::restore(const base::Json& json) {
  const NoiseIndex index = noise_index_from(json.at("index"));
  curve_ = falling_curve_from(json.at("curve"));
  index_ = index;
}

}  // namespace gibbon::predict
