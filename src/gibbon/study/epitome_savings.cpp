#include "gibbon/study/epitome_savings.hpp"

#include <algorithm>
#include <optional>

namespace gibbon::study {

namespace {

using space::Genome;

struct Counted {
  Genome genome;
  int epitomes = 0;
};

/// The design with its convolutions whole, and how many of them were epitomes.
Counted without_epitomes(const space::SearchSpace& space, Genome genome) {
  Counted counted;
  for (std::size_t i = 0; i < genome.size(); ++i) {
    const space::Gene& gene = space.genes()[i];
    if (gene.slot != "epitome" || !space.is_active(genome, i)) continue;
    const auto whole = std::find(gene.choices.begin(), gene.choices.end(), 1.0);
    if (whole == gene.choices.end() || space.value(genome, i) == 1.0) continue;
    genome[i] = static_cast<Genome::value_type>(whole - gene.choices.begin());
    ++counted.epitomes;
  }
  counted.genome = std::move(genome);
  return counted;
}

std::optional<sim::Cost> cost_of(const space::SearchSpace& space, const sim::Simulator& simulator,
                                 const Genome& genome) {
  const auto design = space.decode(genome);
  if (!design) return std::nullopt;
  const auto cost = simulator.cost(design->network, design->hardware);
  return cost ? std::optional(*cost) : std::nullopt;
}

/// Of at least one; the upper one of two.
double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

EpitomeSavings epitome_savings(const space::SearchSpace& space, const sim::Simulator& simulator,
                               std::span<const Genome> genomes) {
  std::vector<double> epitomes, area, latency, edp;
  for (const Genome& genome : genomes) {
    const Counted whole = without_epitomes(space, genome);
    if (whole.epitomes == 0) continue;
    const auto with = cost_of(space, simulator, genome);
    const auto without = cost_of(space, simulator, whole.genome);
    if (!with || !without) continue;
    epitomes.push_back(whole.epitomes);
    area.push_back(with->area_mm2 / without->area_mm2);
    latency.push_back(with->latency_ms / without->latency_ms);
    edp.push_back(with->edp_ms_mj() / without->edp_ms_mj());
  }
  if (epitomes.empty()) return {};
  return {static_cast<int>(epitomes.size()), median(epitomes), median(area), median(latency),
          median(edp)};
}

}  // namespace gibbon::study
