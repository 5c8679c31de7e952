#include "gibbon/explore/evaluator.hpp"

#include <fmt/format.h>

#include "gibbon/explore/chip_accuracy.hpp"

namespace gibbon::explore {

namespace {

using space::Evaluation;
using space::Genome;
using space::Metric;
using space::Metrics;

}  // namespace

Metrics metrics_of(const sim::Cost& cost) {
  Metrics metrics;
  metrics[Metric::kLatency] = cost.latency_ms;
  metrics[Metric::kEnergy] = cost.energy_mj;
  metrics[Metric::kEdp] = cost.edp_ms_mj();
  metrics[Metric::kArea] = cost.area_mm2;
  metrics[Metric::kPower] = cost.power_w;
  return metrics;
}

Evaluator::Evaluator(const RunConfig& config, const space::SearchSpace& space,
                     const sim::Simulator& simulator, const data::ImageSet& calibration,
                     const data::ImageSet& validation, store::RunStore& store, RunClock& clock)
    : config_(config),
      space_(space),
      simulator_(simulator),
      calibration_(calibration),
      validation_(validation),
      store_(store),
      clock_(clock) {}

void Evaluator::use_weights(const train::Supernet& supernet, int iteration) {
  supernet_ = &supernet;
  iteration_ = iteration;
  one_shot_.clear();
}

base::Result<Metrics> Evaluator::hardware(const Genome& genome) const {
  const auto design = space_.decode(genome);
  if (!design) return base::Infeasible{design.reason()};
  const auto cost = simulator_.cost(design->network, design->hardware);
  if (!cost) return base::Infeasible{cost.reason()};
  return metrics_of(*cost);
}

double Evaluator::one_shot_accuracy(const Genome& genome) {
  const std::string key = space::to_text(genome);
  if (const auto known = one_shot_.find(key); known != one_shot_.end()) return known->second;
  const auto measure = clock_.measure("one-shot");
  const auto design = space_.decode(genome);
  const double accuracy = supernet_->one_shot_accuracy(
      supernet_->extract(design.value().network, calibration_, config_.threads), validation_,
      config_.threads);
  return one_shot_[key] = accuracy;
}

Evaluation Evaluator::evaluate(const Genome& genome, const std::optional<Metrics>& predicted) {
  const std::string key = fmt::format("{:04}:{}", iteration_, space::to_text(genome));
  if (auto known = store_.find(key)) return *known;
  const Evaluation evaluation = simulate(genome, predicted);
  store_.append({key, evaluation});
  return evaluation;
}

Evaluation Evaluator::simulate(const Genome& genome, const std::optional<Metrics>& predicted) {
  Evaluation evaluation;
  evaluation.genome = genome;
  evaluation.iteration = iteration_;
  const auto metrics = hardware(genome);
  if (!metrics) {
    evaluation.infeasible = metrics.reason();
    return evaluation;
  }
  evaluation.metrics = *metrics;

  const auto measure = clock_.measure("simulation");
  const space::Design design = space_.decode(genome).value();
  const nn::TrainedNetwork trained =
      supernet_->extract(design.network, calibration_, config_.threads);
  const std::string text = space::to_text(genome);
  if (!one_shot_.contains(text)) {
    one_shot_[text] = supernet_->one_shot_accuracy(trained, validation_, config_.threads);
  }
  evaluation.one_shot_accuracy = one_shot_[text];
  evaluation.metrics[Metric::kAccuracy] =
      simulator_.is_exact() ? evaluation.one_shot_accuracy
                            : chip_accuracy(config_, simulator_, trained, design.hardware,
                                            validation_, validation_.count());
  evaluation.predicted = predicted;
  return evaluation;
}

}  // namespace gibbon::explore
