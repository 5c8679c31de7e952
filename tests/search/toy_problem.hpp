#pragma once

#include <cmath>
#include <vector>

#include "gibbon/search/searcher.hpp"
#include "space/toy_space.hpp"

namespace gibbon::search {

/// Separable problem with two metrics on ToySpace::of(genes, choices): with the gene's choice
/// scaled to x in [0, 1], accuracy gains from x, and EDP's decades grow by x^2 for even genes
/// and by 1 - x for odd ones (for which large x is therefore best twice over).
inline space::Metrics toy_metrics(const space::SearchSpace& space, const space::Genome& genome) {
  double gain = 0;
  double decades = 0;
  for (std::size_t gene = 0; gene < genome.size(); ++gene) {
    const auto last = static_cast<double>(space.genes()[gene].choices.size() - 1);
    const double x = last > 0 ? genome[gene] / last : 0;
    gain += x;
    decades += gene % 2 == 0 ? x * x : 1 - x;
  }
  const auto count = static_cast<double>(genome.size());
  space::Metrics metrics;
  metrics[space::Metric::kAccuracy] = 100 * gain / count;
  metrics[space::Metric::kEdp] = std::pow(10.0, 8 * decades / count - 4);
  metrics[space::Metric::kArea] = 1;
  return metrics;
}

inline space::Objective toy_objective() {
  space::Objective objective;
  objective.metrics = {space::Metric::kAccuracy, space::Metric::kEdp};
  return objective;
}

inline std::vector<space::Evaluation> evaluate(const space::SearchSpace& space,
                                               const std::vector<space::Genome>& genomes) {
  std::vector<space::Evaluation> evaluations;
  for (const space::Genome& genome : genomes) {
    space::Evaluation evaluation;
    evaluation.genome = genome;
    evaluation.metrics = toy_metrics(space, genome);
    evaluations.push_back(evaluation);
  }
  return evaluations;
}

/// Asks and tells `rounds` times; gives everything told.
inline std::vector<space::Evaluation> run(Searcher& searcher, const space::SearchSpace& space,
                                          int rounds, int count, const Screen& screen = {}) {
  std::vector<space::Evaluation> all;
  for (int round = 0; round < rounds; ++round) {
    const auto told = evaluate(space, searcher.ask({count, screen}));
    searcher.tell(told);
    all.insert(all.end(), told.begin(), told.end());
  }
  return all;
}

/// A predictor that is always right.
inline Screen exact_screen(const space::SearchSpace& space) {
  return [&space](std::span<const space::Genome> genomes) {
    std::vector<std::optional<space::Metrics>> predictions;
    for (const space::Genome& genome : genomes) predictions.push_back(toy_metrics(space, genome));
    return predictions;
  };
}

}  // namespace gibbon::search
