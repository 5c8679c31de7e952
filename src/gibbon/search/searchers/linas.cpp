#include "gibbon/search/searchers/linas.hpp"

#include <algorithm>

#include "gibbon/search/metric_predictor.hpp"
#include "gibbon/search/pareto.hpp"
#include "gibbon/search/searchers/settings.hpp"
#include "gibbon/search/searchers/variation.hpp"

namespace gibbon::search {

namespace {

using space::Evaluation;
using space::Genome;

constexpr std::size_t kMostCandidates = 500;  // ranking takes time quadratic in them

/// NSGA-II on predictions. Measured designs take part with their own metrics.
class InnerSearch {
 public:
  InnerSearch(const space::SearchSpace& space, const space::Objective& objective,
              const MetricPredictor& predictor, std::size_t size, double crossover, base::Rng& rng)
      : space_(space),
        objective_(objective),
        predictor_(predictor),
        size_(size),
        crossover_(crossover),
        rng_(rng) {}

  void start(std::vector<Evaluation> measured) {
    for (const Evaluation& evaluation : measured) met_.insert(evaluation.genome);
    population_ = std::move(measured);
  }

  /// One generation; the number of predictions made.
  std::size_t advance() {
    std::vector<Evaluation> pool = population_;
    std::size_t predicted = 0;
    for (std::size_t i = 0; i < size_; ++i) {
      Evaluation child;
      // One after the other: both draw from the same stream.
      const Genome& mother = winner();
      const Genome& father = winner();
      child.genome = crossed_and_mutated(space_, father, mother, crossover_, rng_);
      if (!met_.insert(child.genome).second) continue;
      child.metrics = predictor_.predict(child.genome);
      pool.push_back(std::move(child));
      ++predicted;
    }
    const std::size_t old = population_.size();
    std::vector<std::size_t> order = rank(pool, objective_);
    order.resize(std::min(order.size(), size_));
    population_.clear();
    for (const std::size_t index : order) {
      if (index >= old) survivors_.push_back(pool[index]);
      population_.push_back(pool[index]);
    }
    return predicted;
  }

  /// Predictions that were once among the best: the latest `most`.
  std::vector<Evaluation> survivors(std::size_t most) const {
    const std::size_t kept = std::min(most, survivors_.size());
    return {survivors_.end() - static_cast<std::ptrdiff_t>(kept), survivors_.end()};
  }

 private:
  /// The population is in the order of rank(), so the earlier of two wins.
  const Genome& winner() {
    const std::size_t place =
        std::min(rng_.below(population_.size()), rng_.below(population_.size()));
    return population_[place].genome;
  }

  const space::SearchSpace& space_;
  const space::Objective& objective_;
  const MetricPredictor& predictor_;
  std::size_t size_;
  double crossover_;
  base::Rng& rng_;
  std::vector<Evaluation> population_;
  std::vector<Evaluation> survivors_;
  space::GenomeSet met_;
};

}  // namespace

LinasSearcher::LinasSearcher(const space::SearchSpace& space, const space::Objective& objective,
                             const SearcherOptions& options)
    : SearcherBase(space, objective, options.seed) {
  SettingsReader settings(name(), options.settings);
  population_ = static_cast<std::size_t>(settings.integer("population", 50, 2, 100000));
  inner_evaluations_ =
      static_cast<std::size_t>(settings.integer("inner_evaluations", 5000, 1, 10000000));
  crossover_ = settings.real("crossover", 0.9, 0, 1);
  settings.refuse_unknown();
}

void LinasSearcher::propose(const AskContext&, base::Rng& rng, Proposals& proposals) {
  if (evaluations().size() < population_) return;
  MetricPredictor predictor(space());
  if (!predictor.fit(evaluations())) return;

  std::vector<Evaluation> best;
  for (const std::size_t index : rank(evaluations(), objective())) {
    if (best.size() < population_ && evaluations()[index].feasible()) {
      best.push_back(evaluations()[index]);
    }
  }
  InnerSearch inner(space(), objective(), predictor, population_, crossover_, rng);
  inner.start(std::move(best));
  std::size_t predicted = 0;
  // A small space may have nothing new left to predict.
  const std::size_t generations = 1 + 2 * inner_evaluations_ / population_;
  for (std::size_t i = 0; i < generations && predicted < inner_evaluations_; ++i) {
    predicted += inner.advance();
  }

  // Ranked beside what is measured, so that the better than known come first.
  std::vector<Evaluation> pool = inner.survivors(kMostCandidates + proposals.missing());
  const std::size_t candidates = pool.size();
  for (const std::size_t index : pareto_front(evaluations(), objective())) {
    pool.push_back(evaluations()[index]);
  }
  for (const std::size_t index : rank(pool, objective())) {
    if (index < candidates) proposals.add(pool[index].genome);
  }
}

}  // namespace gibbon::search
