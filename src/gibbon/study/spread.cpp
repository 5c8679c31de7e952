#include "gibbon/study/spread.hpp"

#include <algorithm>

#include "gibbon/base/error.hpp"
#include "gibbon/study/on_chip.hpp"

namespace gibbon::study {

namespace {

using space::Evaluation;
using space::Genome;
using space::Metric;

constexpr int kDrawsPerDesign = 100;

void include(Spread& spread, const Evaluation& evaluation, bool first) {
  const double accuracy = evaluation.metrics[Metric::kAccuracy];
  const double energy = evaluation.metrics[Metric::kEnergy];
  if (first) spread = {accuracy, accuracy, energy, energy};
  spread.lowest_accuracy = std::min(spread.lowest_accuracy, accuracy);
  spread.highest_accuracy = std::max(spread.highest_accuracy, accuracy);
  spread.lowest_energy = std::min(spread.lowest_energy, energy);
  spread.highest_energy = std::max(spread.highest_energy, energy);
}

std::vector<Genome> buildable_networks(const Surrogate& surrogate, int count, base::Rng& rng) {
  std::vector<Genome> networks;
  for (int draw = 0; draw < count * kDrawsPerDesign; ++draw) {
    if (static_cast<int>(networks.size()) == count) return networks;
    Genome genome = surrogate.space().sample(rng);
    if (surrogate.space().decode(genome).ok()) networks.push_back(std::move(genome));
  }
  throw base::Error("too few of the space's designs can be built to compare networks on chips");
}

/// All networks on one chip; empty where one of them cannot be built on it.
std::vector<Evaluation> column(const Surrogate& surrogate, const std::vector<Genome>& networks,
                               const Genome& chip) {
  std::vector<Genome> genomes;
  for (const Genome& network : networks) {
    genomes.push_back(on_chip(surrogate.space(), network, chip));
  }
  std::vector<Evaluation> evaluations = surrogate.evaluate(genomes);
  const bool all_fit = std::all_of(evaluations.begin(), evaluations.end(),
                                   [](const Evaluation& one) { return one.feasible(); });
  if (!all_fit) evaluations.clear();
  return evaluations;
}

}  // namespace

Crossing cross(const Surrogate& surrogate, int networks, int chips, std::uint64_t seed) {
  base::Rng rng = base::Rng::forked(seed, "networks on chips");
  const std::vector<Genome> genomes = buildable_networks(surrogate, networks, rng);
  Crossing crossing;
  crossing.designs.resize(genomes.size());
  for (int draw = 0; draw < chips * kDrawsPerDesign; ++draw) {
    if (static_cast<int>(crossing.over_networks.size()) == chips) break;
    const auto evaluations = column(surrogate, genomes, surrogate.space().sample(rng));
    if (evaluations.empty()) continue;
    Spread over_networks;
    for (std::size_t i = 0; i < evaluations.size(); ++i) {
      include(over_networks, evaluations[i], i == 0);
      crossing.designs[i].push_back(evaluations[i]);
    }
    crossing.over_networks.push_back(over_networks);
  }
  if (static_cast<int>(crossing.over_networks.size()) < chips) {
    throw base::Error("too few chips of the space hold every network");
  }
  for (const auto& row : crossing.designs) {
    Spread over_chips;
    for (std::size_t i = 0; i < row.size(); ++i) include(over_chips, row[i], i == 0);
    crossing.over_chips.push_back(over_chips);
  }
  return crossing;
}

}  // namespace gibbon::study
