#include "gibbon/explore/initial_designs.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "gibbon/base/error.hpp"
#include "gibbon/explore/capacity.hpp"
#include "gibbon/explore/fixed_genes.hpp"
#include "gibbon/explore/run_setup.hpp"

namespace gibbon::explore {

namespace {

using space::Genome;

constexpr int kDraws = 20000;        // random designs looked at to find allowed ones
constexpr int kClimbSteps = 4000;    // changes tried on each design that is to become large
constexpr int kMostGenesAtOnce = 3;  // a step of one gene alone often leaves the bounds

/// How far a design is outside the constraints on hardware; nothing where it cannot be built.
std::optional<double> violation(const Evaluator& evaluator, const space::Objective& objective,
                                const Genome& genome) {
  const auto hardware = evaluator.hardware(genome);
  if (!hardware) return std::nullopt;
  return objective.hardware_violation(*hardware);
}

Genome changed(const space::SearchSpace& space, Genome genome, base::Rng& rng) {
  const std::uint64_t changes = 1 + rng.below(kMostGenesAtOnce);
  for (std::uint64_t change = 0; change < changes; ++change) {
    const std::size_t gene = rng.below(space.genes().size());
    genome[gene] = static_cast<std::uint8_t>(rng.below(space.genes()[gene].choices.size()));
  }
  return space.canonical(std::move(genome));
}

/// The design after many changes, none of which made it smaller or took it out of the bounds.
Genome grown(const RunContext& context, const Evaluator& evaluator, const Corner& corner,
             Genome genome, base::Rng& rng) {
  double size = capacity_of(context.space, genome);
  for (int step = 0; step < kClimbSteps; ++step) {
    const Genome candidate = corner.genes.in(changed(context.space, genome, rng));
    const double candidate_size = capacity_of(context.space, candidate);
    if (candidate_size < size) continue;
    if (violation(evaluator, corner.objective, candidate) != 0.0) continue;
    genome = candidate;
    size = candidate_size;
  }
  return genome;
}

}  // namespace

std::vector<Genome> random_designs(const RunContext& context, const Evaluator& evaluator,
                                   const Corner& corner, std::size_t wanted, base::Rng& rng) {
  struct Drawn {
    Genome genome;
    double violation;
  };
  std::vector<Drawn> drawn;
  space::GenomeSet seen;
  std::size_t met = 0;
  for (int draw = 0; draw < kDraws && met < wanted; ++draw) {
    const Genome genome = corner.genes.in(context.space.sample(rng));
    if (!seen.insert(genome).second) continue;
    const std::optional<double> missed = violation(evaluator, corner.objective, genome);
    if (!missed) continue;
    if (*missed == 0.0) ++met;
    drawn.push_back({genome, *missed});
  }
  std::stable_sort(drawn.begin(), drawn.end(),
                   [](const Drawn& a, const Drawn& b) { return a.violation < b.violation; });
  std::vector<Genome> designs;
  for (std::size_t i = 0; i < std::min(wanted, drawn.size()); ++i) {
    designs.push_back(drawn[i].genome);
  }
  return designs;
}

std::vector<Genome> largest_designs(const RunContext& context, const Evaluator& evaluator,
                                    const Corner& corner, std::size_t wanted, base::Rng& rng) {
  std::vector<Genome> designs;
  space::GenomeSet seen;
  for (const Genome& start : random_designs(context, evaluator, corner, wanted, rng)) {
    if (violation(evaluator, corner.objective, start) != 0.0)
      break;  // none of the rest keeps the bounds
    const Genome genome = grown(context, evaluator, corner, start, rng);
    if (seen.insert(genome).second) designs.push_back(genome);
  }
  return designs;
}

std::vector<Genome> initial_designs(const RunContext& context, const Evaluator& evaluator) {
  base::Rng rng = base::Rng::forked(context.config.seed, "initial designs");
  const auto wanted = static_cast<std::size_t>(context.config.search.initial_designs);
  const std::vector<FinalTarget>& targets = context.config.final_training.targets;
  std::vector<Genome> designs;
  space::GenomeSet taken;
  const auto add = [&](const std::vector<Genome>& genomes) {
    for (const Genome& genome : genomes) {
      if (taken.insert(genome).second) designs.push_back(genome);
    }
  };
  for (const FinalTarget& target : targets) {
    const Corner corner = {bounded(context.objective, target), {context.space, target.genes}};
    const std::size_t share = wanted / (2 * targets.size());
    add(largest_designs(context, evaluator, corner, share / 2, rng));
    add(random_designs(context, evaluator, corner, share - share / 2, rng));
  }
  const Corner anywhere = {context.objective, {context.space, {}}};
  add(random_designs(context, evaluator, anywhere, wanted - designs.size(), rng));
  if (designs.empty()) {
    throw base::Error(fmt::format("space '{}': none of {} random designs can be built",
                                  context.space.name(), kDraws));
  }
  return designs;
}

}  // namespace gibbon::explore
