#pragma once

#include <vector>

#include "gibbon/base/rng.hpp"
#include "gibbon/explore/evaluator.hpp"
#include "gibbon/explore/fixed_genes.hpp"
#include "gibbon/explore/run_context.hpp"

/// The designs that a search begins with. Only the exact hardware model is asked, which costs
/// microseconds a design.
namespace gibbon::explore {

/// A part of the space: the designs that keep an objective's constraints and have these genes.
struct Corner {
  space::Objective objective;
  FixedGenes genes;
};

/// Uniform random designs that keep the corner's constraints on hardware, no genome twice; where
/// there are not enough, those that miss them least.
std::vector<space::Genome> random_designs(const RunContext& context, const Evaluator& evaluator,
                                          const Corner& corner, std::size_t wanted, base::Rng& rng);

/// Designs of large capacity in the corner: random ones, each changed gene by gene as long as it
/// keeps the constraints and loses no capacity. Fewer than `wanted` where climbs meet.
std::vector<space::Genome> largest_designs(const RunContext& context, const Evaluator& evaluator,
                                           const Corner& corner, std::size_t wanted,
                                           base::Rng& rng);

/// config.search.initial_designs in all: without final targets random ones; with them half of
/// them in the corners that the targets name, of these in turn one half at random, one the largest.
/// Throws base::Error if no random design can be built.
std::vector<space::Genome> initial_designs(const RunContext& context, const Evaluator& evaluator);

}  // namespace gibbon::explore
