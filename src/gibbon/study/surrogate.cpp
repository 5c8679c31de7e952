#include "gibbon/study/surrogate.hpp"

#include <algorithm>
#include <cmath>

#include "gibbon/base/error.hpp"
#include "gibbon/study/statistics.hpp"

namespace gibbon::study {

namespace {

using space::Evaluation;
using space::Genome;
using space::Metric;

std::unique_ptr<predict::Predictor> fitted(const char* name, const space::SearchSpace& space,
                                           const predict::PredictorOptions& options,
                                           std::span<const Evaluation> evaluations) {
  auto predictor = predict::make_predictor(name, space, options);
  predictor->fit(evaluations);
  return predictor;
}

}  // namespace

base::Result<space::Metrics> hardware_of(const space::SearchSpace& space,
                                         const sim::Simulator& simulator, const Genome& genome) {
  const auto design = space.decode(genome);
  if (!design) return base::Infeasible{design.reason()};
  const auto cost = simulator.cost(design->network, design->hardware);
  if (!cost) return base::Infeasible{cost.reason()};
  space::Metrics metrics;
  metrics[Metric::kLatency] = cost->latency_ms;
  metrics[Metric::kEnergy] = cost->energy_mj;
  metrics[Metric::kEdp] = cost->edp_ms_mj();
  metrics[Metric::kArea] = cost->area_mm2;
  metrics[Metric::kPower] = cost->power_w;
  return metrics;
}

std::vector<Evaluation> evaluations_of(std::span<const store::TabulatedDesign> table) {
  std::vector<Evaluation> evaluations;
  for (const store::TabulatedDesign& design : table) evaluations.push_back(design.evaluation());
  return evaluations;
}

Surrogate::Surrogate(const space::SearchSpace& space, const sim::Simulator& simulator,
                     std::span<const store::TabulatedDesign> table, const SurrogateOptions& options)
    : space_(space), simulator_(simulator) {
  if (table.empty()) throw base::Error("a surrogate needs a table of designs, this one is empty");
  std::vector<Evaluation> evaluations = evaluations_of(table);
  for (const Evaluation& evaluation : evaluations) space.check(evaluation.genome);
  predict::PredictorOptions difference;
  difference.accuracy_target = predict::AccuracyTarget::kDifference;  // losses of the right size
  difference.noise_trend = false;  // what stands for crossbars shares no assumption with predictors
  difference.seed = options.seed;
  difference.threads = options.threads;
  difference.members = options.members;
  difference.epochs = options.epochs;
  difference.hidden = options.hidden;
  difference_ = fitted("lstm", space, difference, evaluations);

  for (Evaluation& evaluation : evaluations) {
    evaluation.metrics[Metric::kAccuracy] = evaluation.one_shot_accuracy;
  }
  predict::PredictorOptions absolute;
  absolute.accuracy_target = predict::AccuracyTarget::kAbsolute;
  one_shot_ = fitted("ridge", space, absolute, evaluations);
}

std::vector<Evaluation> Surrogate::without_crossbars(std::span<const Genome> genomes) const {
  const auto one_shot = one_shot_->predict(genomes);
  std::vector<Evaluation> evaluations(genomes.size());
  for (std::size_t i = 0; i < genomes.size(); ++i) {
    Evaluation& evaluation = evaluations[i];
    evaluation.genome = genomes[i];
    const auto hardware = hardware_of(space_, simulator_, genomes[i]);
    if (!hardware) {
      evaluation.infeasible = hardware.reason();
      continue;
    }
    evaluation.metrics = *hardware;
    evaluation.one_shot_accuracy = std::clamp(one_shot[i].accuracy(0), 0.0, 100.0);
    evaluation.metrics[Metric::kAccuracy] = evaluation.one_shot_accuracy;
  }
  return evaluations;
}

std::vector<Evaluation> Surrogate::evaluate(std::span<const Genome> genomes) const {
  std::vector<Evaluation> evaluations = without_crossbars(genomes);
  const auto difference = difference_->predict(genomes);
  for (std::size_t i = 0; i < genomes.size(); ++i) {
    if (!evaluations[i].feasible()) continue;
    evaluations[i].metrics[Metric::kAccuracy] =
        std::clamp(difference[i].accuracy(evaluations[i].one_shot_accuracy), 0.0, 100.0);
  }
  return evaluations;
}

SurrogateError cross_validate(const space::SearchSpace& space, const sim::Simulator& simulator,
                              std::span<const store::TabulatedDesign> table,
                              const SurrogateOptions& options, int folds) {
  std::vector<double> truth;
  std::vector<double> predicted;
  std::vector<double> one_shot_truth;
  std::vector<double> one_shot_predicted;
  for (int fold = 0; fold < folds; ++fold) {
    std::vector<store::TabulatedDesign> known;
    std::vector<Genome> held_out;
    for (std::size_t i = 0; i < table.size(); ++i) {
      if (static_cast<int>(i) % folds != fold) {
        known.push_back(table[i]);
        continue;
      }
      held_out.push_back(table[i].genome);
      truth.push_back(table[i].accuracy());
      one_shot_truth.push_back(table[i].one_shot);
    }
    const Surrogate surrogate(space, simulator, known, options);
    for (const Evaluation& evaluation : surrogate.evaluate(held_out)) {
      predicted.push_back(evaluation.metrics[Metric::kAccuracy]);
      one_shot_predicted.push_back(evaluation.one_shot_accuracy);
    }
  }
  SurrogateError error;
  error.designs = static_cast<int>(truth.size());
  error.accuracy_mean_abs_error = mean_abs_difference(truth, predicted);
  error.accuracy_deviation = standard_deviation(truth);
  error.accuracy_kendall_tau = predict::kendall_tau(truth, predicted);
  error.one_shot_mean_abs_error = mean_abs_difference(one_shot_truth, one_shot_predicted);
  error.one_shot_kendall_tau = predict::kendall_tau(one_shot_truth, one_shot_predicted);
  return error;
}

}  // namespace gibbon::study
