#include "gibbon/explore/final_choice.hpp"

#include <algorithm>
#include <set>

#include "gibbon/explore/capacity.hpp"
#include "gibbon/explore/fixed_genes.hpp"
#include "gibbon/explore/run_setup.hpp"
#include "gibbon/search/pareto.hpp"

namespace gibbon::explore {

using space::Evaluation;
using space::Metric;

namespace {

constexpr double kLeastShareOfBestAccuracy = 0.75;

/// Evenly spaced positions of `wanted` out of `count`, both ends included.
std::vector<std::size_t> spread(std::size_t count, std::size_t wanted) {
  std::vector<std::size_t> positions;
  if (wanted == 0 || count == 0) return positions;
  if (wanted == 1) return {0};
  for (std::size_t i = 0; i < wanted; ++i) positions.push_back(i * (count - 1) / (wanted - 1));
  return positions;
}

/// The front, best by one metric first.
std::vector<std::size_t> front_by(const RunContext& context, Metric metric) {
  std::vector<std::size_t> front = search::pareto_front(context.evaluations, context.objective);
  std::stable_sort(front.begin(), front.end(), [&](std::size_t a, std::size_t b) {
    const double left = context.evaluations[a].metrics[metric];
    const double right = context.evaluations[b].metrics[metric];
    return is_maximized(metric) ? left > right : left < right;
  });
  return front;
}

/// "best": the best by each of the objective's metrics, then the second best, ...
std::vector<std::size_t> best_by_metrics(const RunContext& context, std::size_t wanted) {
  std::vector<std::vector<std::size_t>> orders;
  for (const Metric metric : context.objective.metrics) orders.push_back(front_by(context, metric));
  std::vector<std::size_t> chosen;
  for (std::size_t place = 0; !orders.empty() && place < orders.front().size(); ++place) {
    for (const std::vector<std::size_t>& order : orders) {
      const bool is_new = std::find(chosen.begin(), chosen.end(), order[place]) == chosen.end();
      if (is_new && chosen.size() < wanted) chosen.push_back(order[place]);
    }
  }
  return chosen;
}

/// The accuracy below which a design lost too much before its training to be worth the time of one.
double least_accuracy(const RunContext& context) {
  const std::vector<std::size_t> front = front_by(context, Metric::kAccuracy);
  if (front.empty()) return 0.0;
  return kLeastShareOfBestAccuracy * context.evaluations[front.front()].metrics[Metric::kAccuracy];
}

/// "front": along the front from the most to the `least` accurate, spread evenly.
std::vector<std::size_t> along_front(const RunContext& context, std::size_t wanted, double least) {
  std::vector<std::size_t> front = front_by(context, Metric::kAccuracy);
  std::erase_if(front, [&](std::size_t index) {
    return context.evaluations[index].metrics[Metric::kAccuracy] < least;
  });
  if (front.size() <= wanted) return front;
  std::vector<std::size_t> chosen;
  for (const std::size_t position : spread(front.size(), wanted)) chosen.push_back(front[position]);
  return chosen;
}

/// Of designs sorted by accuracy: those within the margin of the best by capacity, then the others.
void largest_of_the_best_first(const RunContext& context, std::vector<Evaluation>& designs) {
  if (designs.empty()) return;
  const double least =
      designs.front().metrics[Metric::kAccuracy] - context.config.final_training.accuracy_margin;
  const auto end = std::find_if(designs.begin(), designs.end(), [&](const Evaluation& design) {
    return design.metrics[Metric::kAccuracy] < least;
  });
  const auto size = [&](const Evaluation& design) {
    return capacity_of(context.space, design.genome);
  };
  std::stable_sort(designs.begin(), end,
                   [&](const Evaluation& a, const Evaluation& b) { return size(a) > size(b); });
}

}  // namespace

std::vector<Evaluation> most_promising_within(const RunContext& context, const FinalTarget& target,
                                              std::size_t wanted) {
  const space::Objective bounds = bounded(context.objective, target);
  const FixedGenes genes(context.space, target.genes);
  std::vector<Evaluation> designs;
  space::GenomeSet seen;
  for (const Evaluation& candidate : context.evaluations) {
    if (!candidate.feasible() || bounds.violation(candidate.metrics) > 0.0) continue;
    if (!genes.hold_in(candidate.genome)) continue;
    if (seen.insert(candidate.genome).second) designs.push_back(candidate);
  }
  std::stable_sort(designs.begin(), designs.end(), [](const Evaluation& a, const Evaluation& b) {
    return a.metrics[Metric::kAccuracy] > b.metrics[Metric::kAccuracy];
  });
  largest_of_the_best_first(context, designs);
  designs.resize(std::min(wanted, designs.size()));
  return designs;
}

std::vector<Evaluation> choose_from_front(const RunContext& context, std::size_t wanted) {
  const std::vector<std::size_t> ranking = search::rank(context.evaluations, context.objective);
  const double least = least_accuracy(context);
  std::vector<std::size_t> chosen = context.config.final_training.choose == "front"
                                        ? along_front(context, wanted, least)
                                        : best_by_metrics(context, wanted);
  std::set<space::Genome> taken;
  for (const std::size_t index : chosen) taken.insert(context.evaluations[index].genome);
  for (const std::size_t index : ranking) {
    if (chosen.size() >= wanted) break;
    const Evaluation& candidate = context.evaluations[index];
    if (!candidate.feasible() || context.objective.violation(candidate.metrics) > 0.0) continue;
    if (candidate.metrics[Metric::kAccuracy] < least) continue;
    if (taken.insert(candidate.genome).second) chosen.push_back(index);
  }
  std::vector<Evaluation> designs;
  for (const std::size_t index : chosen) designs.push_back(context.evaluations[index]);
  return designs;
}

}  // namespace gibbon::explore
