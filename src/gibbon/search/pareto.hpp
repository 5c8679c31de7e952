#pragma once

#include <span>
#include <vector>

#include "gibbon/space/evaluation.hpp"
#include "gibbon/space/objective.hpp"

namespace gibbon::search {

/// Indices of the evaluations that are feasible, meet the constraints and are dominated by no such
/// other over the objective's metrics; of equal ones the first. Ordered by index.
std::vector<std::size_t> pareto_front(std::span<const space::Evaluation> evaluations,
                                      const space::Objective& objective);

/// Indices of all evaluations, best first: those that meet the constraints before those that do
/// not (smaller violation first, infeasible designs last); within the feasible by non-dominated
/// rank and then crowding distance ("pareto"), or by the target's reward. Ties keep the order
/// given.
std::vector<std::size_t> rank(std::span<const space::Evaluation> evaluations,
                              const space::Objective& objective);

/// As rank(), with the two sortings of CARS' pNSGA-III (Yang et al., CVPR 2020) in place of one: by
/// accuracy and small costs, and by accuracy and large costs. Fronts of both are taken in turn,
/// each by falling crowding distance in its own sorting, so that large networks, which become
/// accurate late, are not crowded out early. With a single target, or without accuracy among the
/// metrics: rank().
std::vector<std::size_t> rank_protected(std::span<const space::Evaluation> evaluations,
                                        const space::Objective& objective);

/// Volume dominated by the front inside a box whose corners are fixed, in normalised units (0..1):
/// accuracy from 0 to 100 %, others on a log10 scale from 1e-4 to 1e4 of their unit.
double hypervolume(std::span<const space::Evaluation> evaluations,
                   const space::Objective& objective);

}  // namespace gibbon::search
