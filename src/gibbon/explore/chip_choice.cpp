#include "gibbon/explore/chip_choice.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "gibbon/base/rng.hpp"
#include "gibbon/explore/evaluator.hpp"
#include "gibbon/explore/fixed_genes.hpp"
#include "gibbon/explore/run_setup.hpp"
#include "gibbon/sim/converter_noise.hpp"

namespace gibbon::explore {

using space::Evaluation;
using space::Genome;
using space::Metric;

namespace {

constexpr std::uint64_t kChipSeed = 1;

std::vector<std::size_t> hardware_genes(const space::SearchSpace& space) {
  std::vector<std::size_t> genes;
  for (std::size_t gene = 0; gene < space.genes().size(); ++gene) {
    if (space.genes()[gene].part == space::GenePart::kHardware) genes.push_back(gene);
  }
  return genes;
}

/// How many chips these genes make; more than kMostChips once there are more.
std::size_t count_chips(const space::SearchSpace& space, const std::vector<std::size_t>& genes) {
  std::size_t count = 1;
  for (const std::size_t gene : genes) {
    if (count > kMostChips) break;
    count *= space.genes()[gene].choices.size();
  }
  return count;
}

/// The `number`-th of all chips, whose genes are the digits of the number.
Genome numbered(const space::SearchSpace& space, const std::vector<std::size_t>& genes,
                Genome genome, std::size_t number) {
  for (const std::size_t gene : genes) {
    const std::size_t choices = space.genes()[gene].choices.size();
    genome[gene] = static_cast<std::uint8_t>(number % choices);
    number /= choices;
  }
  return space.canonical(std::move(genome));
}

Genome drawn(const space::SearchSpace& space, const std::vector<std::size_t>& genes, Genome genome,
             base::Rng& rng) {
  for (const std::size_t gene : genes) {
    genome[gene] = static_cast<std::uint8_t>(rng.below(space.genes()[gene].choices.size()));
  }
  return space.canonical(std::move(genome));
}

/// A design of the target's, and what its chip is judged by.
struct Candidate {
  Evaluation design;
  double noise;

  bool better_than(const Candidate& other) const {
    return std::pair(noise, design.metrics[Metric::kEdp]) <
           std::pair(other.noise, other.design.metrics[Metric::kEdp]);
  }
};

/// Nothing where the chip cannot hold the network.
std::optional<Candidate> on_chip(const RunContext& context, Evaluation design, Genome genome) {
  const auto built = context.space.decode(genome);
  if (!built) return std::nullopt;
  const auto cost = context.simulator->cost(built->network, built->hardware);
  if (!cost) return std::nullopt;
  const double accuracy = design.metrics[Metric::kAccuracy];
  design.genome = std::move(genome);
  design.metrics = metrics_of(*cost);
  design.metrics[Metric::kAccuracy] = accuracy;
  const double noise =
      context.simulator->is_exact() ? 0.0 : sim::converter_noise(built->network, built->hardware);
  return Candidate{std::move(design), noise};
}

}  // namespace

std::vector<Genome> chips_under(const space::SearchSpace& space, const Genome& genome) {
  const std::vector<std::size_t> genes = hardware_genes(space);
  const std::size_t count = count_chips(space, genes);
  std::vector<Genome> chips = {genome};
  space::GenomeSet seen = {genome};
  base::Rng rng = base::Rng::forked(kChipSeed, "chips");
  for (std::size_t i = 0; i < std::min(count, kMostChips); ++i) {
    const Genome chip =
        count <= kMostChips ? numbered(space, genes, genome, i) : drawn(space, genes, genome, rng);
    if (seen.insert(chip).second) chips.push_back(chip);
  }
  return chips;
}

Evaluation on_quietest_chip(const RunContext& context, const FinalTarget& target,
                            const Evaluation& design) {
  const space::Objective bounds = bounded(context.objective, target);
  const FixedGenes genes(context.space, target.genes);
  std::optional<Candidate> best;
  for (const Genome& genome : chips_under(context.space, design.genome)) {
    if (!genes.hold_in(genome)) continue;
    std::optional<Candidate> candidate = on_chip(context, design, genome);
    if (!candidate || bounds.hardware_violation(candidate->design.metrics) > 0.0) continue;
    if (!best || candidate->better_than(*best)) best = std::move(candidate);
  }
  return best ? best->design : design;
}

}  // namespace gibbon::explore
