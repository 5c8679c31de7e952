#include "gibbon/study/predictor_study.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <numeric>

#include "gibbon/base/error.hpp"
#include "gibbon/study/surrogate.hpp"

namespace gibbon::study {

namespace {

using space::Evaluation;
using space::Metric;

constexpr int kTimedDesigns = 1000;

class Stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

struct Split {
  std::vector<Evaluation> known;
  std::vector<Evaluation> held_out;
};

Split split(const std::vector<Evaluation>& evaluations, int training_designs, std::uint64_t seed) {
  std::vector<std::size_t> order(evaluations.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  base::Rng rng = base::Rng::forked(seed, "predictor study");
  rng.shuffle(order);
  Split result;
  for (std::size_t i = 0; i < order.size(); ++i) {
    auto& part = static_cast<int>(i) < training_designs ? result.known : result.held_out;
    part.push_back(evaluations[order[i]]);
  }
  return result;
}

double predict_milliseconds(const predict::Predictor& predictor, const space::SearchSpace& space) {
  base::Rng rng(1);
  std::vector<space::Genome> genomes;
  for (int i = 0; i < kTimedDesigns; ++i) genomes.push_back(space.sample(rng));
  const Stopwatch watch;
  predictor.predict(genomes);
  return 1e3 * watch.seconds();
}

double relative_error(double truth, double predicted) {
  return std::abs(predicted - truth) / truth;
}

PredictorScore score(const predict::Predictor& predictor, std::span<const Evaluation> held_out) {
  std::vector<space::Genome> genomes;
  for (const Evaluation& evaluation : held_out) genomes.push_back(evaluation.genome);
  const auto predictions = predictor.predict(genomes);
  PredictorScore score;
  std::vector<double> truth;
  std::vector<double> predicted;
  int counted = 0;
  for (std::size_t i = 0; i < held_out.size(); ++i) {
    const space::Metrics& metrics = held_out[i].metrics;
    truth.push_back(metrics[Metric::kAccuracy]);
    predicted.push_back(predictions[i].accuracy(held_out[i].one_shot_accuracy));
    score.accuracy_error_points += std::abs(predicted.back() - truth.back());
    score.latency_relative_error +=
        relative_error(metrics[Metric::kLatency], predictions[i].hardware[Metric::kLatency]);
    if (truth.back() == 0) continue;
    score.accuracy_relative_error += relative_error(truth.back(), predicted.back());
    ++counted;
  }
  score.accuracy_error_points /= static_cast<double>(held_out.size());
  score.latency_relative_error /= static_cast<double>(held_out.size());
  score.accuracy_relative_error /= std::max(counted, 1);
  score.kendall_tau = predict::kendall_tau(truth, predicted);
  return score;
}

}  // namespace

std::vector<PredictorForm> predictor_forms() {
  constexpr auto kDifference = predict::AccuracyTarget::kAsinhRelative;
  constexpr auto kDirect = predict::AccuracyTarget::kAbsolute;
  return {{"difference (lstm)", "lstm", kDifference, 1},   {"direct (lstm)", "lstm", kDirect, 1},
          {"difference (3 lstm)", "lstm", kDifference, 3}, {"direct (3 lstm)", "lstm", kDirect, 3},
          {"difference (ridge)", "ridge", kDifference, 1}, {"direct (ridge)", "ridge", kDirect, 1}};
}

std::vector<PredictorResult> run_predictor_study(const space::SearchSpace& space,
                                                 std::span<const store::TabulatedDesign> table,
                                                 const PredictorStudyOptions& options) {
  if (static_cast<int>(table.size()) <= options.training_designs) {
    throw base::Error(fmt::format("{} designs to train on leave none of the table's {} to test on",
                                  options.training_designs, table.size()));
  }
  const std::vector<Evaluation> evaluations = evaluations_of(table);
  std::vector<PredictorResult> results;
  for (const PredictorForm& form : predictor_forms()) results.push_back({form, {}});
  for (int i = 0; i < options.seeds; ++i) {
    const auto seed = static_cast<std::uint64_t>(i + 1);
    const Split parts = split(evaluations, options.training_designs, seed);
    for (PredictorResult& result : results) {
      predict::PredictorOptions predictor_options;
      predictor_options.seed = seed;
      predictor_options.threads = options.threads;
      predictor_options.members = result.form.members;
      predictor_options.accuracy_target = result.form.target;
      const auto predictor =
          predict::make_predictor(result.form.predictor, space, predictor_options);
      const Stopwatch watch;
      predictor->fit(parts.known);
      const double fit_seconds = watch.seconds();
      PredictorScore scored = score(*predictor, parts.held_out);
      scored.fit_seconds = fit_seconds;
      scored.predict_milliseconds = predict_milliseconds(*predictor, space);
      result.scores.push_back(scored);
    }
  }
  return results;
}

double one_shot_tau(std::span<const store::TabulatedDesign> table) {
  std::vector<double> truth;
  std::vector<double> one_shot;
  for (const store::TabulatedDesign& design : table) {
    truth.push_back(design.accuracy());
    one_shot.push_back(design.one_shot);
  }
  return predict::kendall_tau(truth, one_shot);
}

}  // namespace gibbon::study
