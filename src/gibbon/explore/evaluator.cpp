#include "gibbon/explore/evaluator.hpp"

#include <fmt/format.h>

#include "gibbon/base/side_by_side.hpp"
#include "gibbon/explore/run_setup.hpp"

namespace gibbon::explore {

using space::Evaluation;
using space::Genome;
using space::Metric;
using space::Metrics;

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

std::optional<double> Evaluator::known_one_shot(const Genome& genome) const {
  const std::lock_guard lock(mutex_);
  const auto known = one_shot_.find(genome);
  return known == one_shot_.end() ? std::nullopt : std::optional(known->second);
}

SharedDesign Evaluator::shared_design(const Genome& genome, int threads) const {
  return {config_, simulator_, *supernet_, calibration_, space_.decode(genome).value(), threads};
}

double Evaluator::one_shot_of(const Genome& genome, SharedDesign& design) {
  if (const auto known = known_one_shot(genome)) return *known;
  const double accuracy = design.one_shot_accuracy(validation_);
  const std::lock_guard lock(mutex_);
  return one_shot_[genome] = accuracy;
}

bool Evaluator::prepare_one_shot(std::span<const Genome> genomes,
                                 const std::function<bool()>& go_on) {
  const auto make = [&](std::size_t index, int threads) {
    const Genome& genome = genomes[index];
    if (const auto known = known_one_shot(genome)) return *known;
    const auto measure = clock_.measure("one-shot", share_of(config_, threads));
    SharedDesign design = shared_design(genome, threads);
    return one_shot_of(genome, design);
  };
  bool goes_on = true;
  base::make_in_order<double>(genomes.size(), config_.threads, make,
                              [&](double) { return goes_on = go_on(); });
  return goes_on;
}

double Evaluator::one_shot_accuracy(const Genome& genome) {
  prepare_one_shot(std::span(&genome, 1), [] { return true; });
  return *known_one_shot(genome);
}

std::string Evaluator::key_of(const Genome& genome) const {
  return fmt::format("{:04}:{}", iteration_, space::to_text(genome));
}

std::optional<Evaluation> Evaluator::known_evaluation(const std::string& key) const {
  const std::lock_guard lock(mutex_);
  return store_.find(key);
}

void Evaluator::evaluate(std::span<const Genome> genomes,
                         std::span<const std::optional<Metrics>> predicted,
                         const std::function<bool(Evaluation)>& take) {
  const auto make = [&](std::size_t index, int threads) {
    const auto known = known_evaluation(key_of(genomes[index]));
    return known ? *known : simulate(genomes[index], predicted[index], threads);
  };
  const auto keep = [&](Evaluation evaluation) {
    const std::string key = key_of(evaluation.genome);
    if (!known_evaluation(key)) {
      const std::lock_guard lock(mutex_);
      store_.append({key, evaluation});
    }
    return take(std::move(evaluation));
  };
  base::make_in_order<Evaluation>(genomes.size(), config_.threads, make, keep);
}

Evaluation Evaluator::simulate(const Genome& genome, const std::optional<Metrics>& predicted,
                               int threads) {
  Evaluation evaluation;
  evaluation.genome = genome;
  evaluation.iteration = iteration_;
  const auto metrics = hardware(genome);
  if (!metrics) {
    evaluation.infeasible = metrics.reason();
    return evaluation;
  }
  evaluation.metrics = *metrics;

  const auto measure = clock_.measure("simulation", share_of(config_, threads));
  SharedDesign design = shared_design(genome, threads);
  evaluation.one_shot_accuracy = one_shot_of(genome, design);
  evaluation.metrics[Metric::kAccuracy] =
      simulator_.is_exact() ? evaluation.one_shot_accuracy : design.accuracy_on_chip(validation_);
  evaluation.predicted = predicted;
  return evaluation;
}

}  // namespace gibbon::explore
