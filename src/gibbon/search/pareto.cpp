#include "gibbon/search/pareto.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <pagmo/types.hpp>
#include <pagmo/utils/hypervolume.hpp>
#include <pagmo/utils/multi_objective.hpp>

namespace gibbon::search {

namespace {

using space::Evaluation;
using space::Metric;
using space::Objective;
using Indices = std::vector<std::size_t>;

/// The objective's metrics as utilities turned to be minimised: pagmo's convention.
pagmo::vector_double losses(const Evaluation& evaluation, const Objective& objective) {
  pagmo::vector_double result;
  for (const Metric metric : objective.metrics) {
    result.push_back(1 - space::utility(metric, evaluation.metrics[metric]));
  }
  return result;
}

bool is_usable(const Evaluation& evaluation, const Objective& objective) {
  if (!evaluation.feasible()) return false;
  if (!objective.is_pareto() && std::isnan(objective.reward(evaluation.metrics))) return false;
  return std::all_of(objective.metrics.begin(), objective.metrics.end(),
                     [&](Metric metric) { return !std::isnan(evaluation.metrics[metric]); });
}

/// 0 for a design to be compared by its metrics; infinite for one that cannot be used at all.
double distance_from_feasible(const Evaluation& evaluation, const Objective& objective) {
  if (!is_usable(evaluation, objective)) return std::numeric_limits<double>::infinity();
  return objective.violation(evaluation.metrics);
}

/// Fronts of positions in `points`, best first.
std::vector<Indices> fronts_of(const std::vector<pagmo::vector_double>& points) {
  if (points.empty()) return {};
  // pagmo refuses to sort a single point.
  if (points.size() == 1) return {{0}};
  return std::get<0>(pagmo::fast_non_dominated_sorting(points));
}

/// Crowding distances of distinct points. pagmo needs two points and two objectives, and divides by
/// the extent of the front, which is 0 where all agree in one objective.
std::vector<double> crowding(const std::vector<pagmo::vector_double>& points) {
  if (points.size() < 2 || points.front().size() < 2) return std::vector<double>(points.size(), 0);
  std::vector<double> distances = pagmo::crowding_distance(points);
  for (double& distance : distances) {
    if (std::isnan(distance)) distance = 0;
  }
  return distances;
}

/// Positions of `front` by falling crowding distance. Of equal points only the first counts; its
/// repetitions, which add nothing to the front, come last.
void sort_by_crowding(Indices& front, const std::vector<pagmo::vector_double>& points) {
  std::sort(front.begin(), front.end());
  std::map<pagmo::vector_double, std::size_t> first_of;
  Indices members;
  Indices repeated;
  std::vector<pagmo::vector_double> distinct;
  for (const std::size_t position : front) {
    if (!first_of.emplace(points[position], position).second) {
      repeated.push_back(position);
      continue;
    }
    members.push_back(position);
    distinct.push_back(points[position]);
  }
  const std::vector<double> distances = crowding(distinct);
  Indices order(members.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return distances[a] > distances[b]; });
  front.clear();
  for (const std::size_t member : order) front.push_back(members[member]);
  front.insert(front.end(), repeated.begin(), repeated.end());
}

using Points = std::vector<pagmo::vector_double>;

/// How the evaluations that can be used and meet every constraint are put in order, best first.
using FeasibleOrder = Indices (*)(const Indices& feasible, std::span<const Evaluation> evaluations,
                                  const Objective& objective);

Indices order_by_reward(const Indices& feasible, std::span<const Evaluation> evaluations,
                        const Objective& objective) {
  std::vector<std::pair<double, std::size_t>> rewards;
  for (const std::size_t index : feasible) {
    rewards.emplace_back(objective.reward(evaluations[index].metrics), index);
  }
  std::stable_sort(rewards.begin(), rewards.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  Indices order;
  for (const auto& [reward, index] : rewards) order.push_back(index);
  return order;
}

/// Fronts of positions in `points`, each by falling crowding distance.
std::vector<Indices> crowded_fronts(const Points& points) {
  std::vector<Indices> fronts = fronts_of(points);
  for (Indices& front : fronts) sort_by_crowding(front, points);
  return fronts;
}

Points losses_of(const Indices& feasible, std::span<const Evaluation> evaluations,
                 const Objective& objective) {
  Points points;
  for (const std::size_t index : feasible) points.push_back(losses(evaluations[index], objective));
  return points;
}

Indices order_by_sorting(const Indices& feasible, std::span<const Evaluation> evaluations,
                         const Objective& objective) {
  if (!objective.is_pareto()) return order_by_reward(feasible, evaluations, objective);
  Indices order;
  for (const Indices& front : crowded_fronts(losses_of(feasible, evaluations, objective))) {
    for (const std::size_t position : front) order.push_back(feasible[position]);
  }
  return order;
}

Indices order_by_two_sortings(const Indices& feasible, std::span<const Evaluation> evaluations,
                              const Objective& objective) {
  const auto& metrics = objective.metrics;
  const bool has_accuracy = std::count(metrics.begin(), metrics.end(), Metric::kAccuracy) > 0;
  if (!objective.is_pareto() || !has_accuracy) {
    return order_by_sorting(feasible, evaluations, objective);
  }
  const Points points = losses_of(feasible, evaluations, objective);
  Points large_first = points;
  for (pagmo::vector_double& point : large_first) {
    for (std::size_t i = 0; i < metrics.size(); ++i) {
      if (metrics[i] != Metric::kAccuracy) point[i] = 1 - point[i];
    }
  }
  const std::vector<Indices> small = crowded_fronts(points);
  const std::vector<Indices> large = crowded_fronts(large_first);
  Indices order;
  std::vector<bool> taken(feasible.size(), false);
  const auto take = [&](const std::vector<Indices>& fronts, std::size_t number) {
    if (number >= fronts.size()) return;
    for (const std::size_t position : fronts[number]) {
      if (!taken[position]) order.push_back(feasible[position]);
      taken[position] = true;
    }
  };
  for (std::size_t number = 0; number < std::max(small.size(), large.size()); ++number) {
    take(small, number);
    take(large, number);
  }
  return order;
}

/// All evaluations, the feasible in the given order, then the others by their distance from it.
Indices rank_by(FeasibleOrder feasible_order, std::span<const Evaluation> evaluations,
                const Objective& objective) {
  Indices feasible;
  std::vector<std::pair<double, std::size_t>> others;
  for (std::size_t index = 0; index < evaluations.size(); ++index) {
    const double distance = distance_from_feasible(evaluations[index], objective);
    if (distance > 0) {
      others.emplace_back(distance, index);
    } else {
      feasible.push_back(index);
    }
  }
  Indices order = feasible_order(feasible, evaluations, objective);
  std::stable_sort(others.begin(), others.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& [distance, index] : others) order.push_back(index);
  return order;
}

/// Positions of the non-dominated among `points`, without repetitions, in order.
Indices first_front(const std::vector<pagmo::vector_double>& points) {
  if (points.empty()) return {};
  Indices front = fronts_of(points).front();
  std::sort(front.begin(), front.end());
  Indices distinct;
  for (const std::size_t position : front) {
    const bool repeated = std::any_of(distinct.begin(), distinct.end(), [&](std::size_t other) {
      return points[other] == points[position];
    });
    if (!repeated) distinct.push_back(position);
  }
  return distinct;
}

}  // namespace

std::vector<std::size_t> pareto_front(std::span<const Evaluation> evaluations,
                                      const Objective& objective) {
  Indices feasible;
  std::vector<pagmo::vector_double> points;
  for (std::size_t index = 0; index < evaluations.size(); ++index) {
    if (distance_from_feasible(evaluations[index], objective) > 0) continue;
    feasible.push_back(index);
    points.push_back(losses(evaluations[index], objective));
  }
  Indices front;
  for (const std::size_t position : first_front(points)) front.push_back(feasible[position]);
  return front;
}

std::vector<std::size_t> rank(std::span<const Evaluation> evaluations, const Objective& objective) {
  return rank_by(order_by_sorting, evaluations, objective);
}

std::vector<std::size_t> rank_protected(std::span<const Evaluation> evaluations,
                                        const Objective& objective) {
  return rank_by(order_by_two_sortings, evaluations, objective);
}

double hypervolume(std::span<const Evaluation> evaluations, const Objective& objective) {
  std::vector<pagmo::vector_double> points;
  for (const std::size_t index : pareto_front(evaluations, objective)) {
    pagmo::vector_double point = losses(evaluations[index], objective);
    for (double& loss : point) loss = std::clamp(loss, 0.0, 1.0);
    // A point on the far faces of the box encloses nothing, and pagmo refuses it.
    if (std::all_of(point.begin(), point.end(), [](double loss) { return loss < 1; })) {
      points.push_back(std::move(point));
    }
  }
  if (points.empty()) return 0;
  if (objective.metrics.size() == 1) {
    const auto best = std::min_element(points.begin(), points.end());
    return 1 - best->front();
  }
  // Clamping can make points equal or dominated again.
  std::vector<pagmo::vector_double> front;
  for (const std::size_t position : first_front(points)) front.push_back(points[position]);
  return pagmo::hypervolume(front).compute(pagmo::vector_double(objective.metrics.size(), 1.0));
}

}  // namespace gibbon::search
