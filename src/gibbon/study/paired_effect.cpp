#include "gibbon/study/paired_effect.hpp"

#include <algorithm>
#include <cmath>
#include <string>

namespace gibbon::study {

namespace {

using space::Evaluation;
using space::Genome;
using space::Metric;

void apply(const space::SearchSpace& space, const Setting& setting, Genome& genome) {
  for (std::size_t i = 0; i < genome.size(); ++i) {
    const space::Gene& gene = space.genes()[i];
    if (!setting.genes(gene)) continue;
    const auto choice = std::find(gene.choices.begin(), gene.choices.end(), setting.value);
    if (choice == gene.choices.end()) continue;
    genome[i] = static_cast<std::uint8_t>(choice - gene.choices.begin());
  }
}

double percent_of(double sum_of_logarithms, int count) {
  return 100 * (std::exp(sum_of_logarithms / count) - 1);
}

}  // namespace

std::vector<Genome> designs_with(const space::SearchSpace& space,
                                 const std::vector<Setting>& settings, int designs,
                                 std::uint64_t seed) {
  base::Rng rng = base::Rng::forked(seed, "designs with settings");
  std::vector<Genome> genomes;
  for (int i = 0; i < designs; ++i) {
    Genome genome = space.sample(rng);
    for (const Setting& setting : settings) apply(space, setting, genome);
    genomes.push_back(space.canonical(std::move(genome)));
  }
  return genomes;
}

GeneFilter in_slot(std::string_view slot) {
  return [slot = std::string(slot)](const space::Gene& gene) { return gene.slot == slot; };
}

Effect paired_effect(const Surrogate& surrogate, const std::vector<Setting>& common,
                     const Setting& before, const Setting& after, int designs, std::uint64_t seed) {
  std::vector<Setting> first = common;
  first.push_back(before);
  std::vector<Setting> second = common;
  second.push_back(after);
  const auto old_designs =
      surrogate.evaluate(designs_with(surrogate.space(), first, designs, seed));
  const auto new_designs =
      surrogate.evaluate(designs_with(surrogate.space(), second, designs, seed));
  Effect effect;
  const auto add = [](double& sum, const Evaluation& from, const Evaluation& to, Metric metric) {
    sum += std::log(to.metrics[metric] / from.metrics[metric]);
  };
  for (std::size_t i = 0; i < old_designs.size(); ++i) {
    const Evaluation& from = old_designs[i];
    const Evaluation& to = new_designs[i];
    if (!from.feasible() || !to.feasible()) continue;
    ++effect.designs;
    effect.accuracy_before += from.metrics[Metric::kAccuracy];
    effect.accuracy_after += to.metrics[Metric::kAccuracy];
    add(effect.edp_percent, from, to, Metric::kEdp);
    add(effect.latency_percent, from, to, Metric::kLatency);
    add(effect.energy_percent, from, to, Metric::kEnergy);
    add(effect.area_percent, from, to, Metric::kArea);
  }
  if (effect.designs == 0) return effect;
  effect.accuracy_before /= effect.designs;
  effect.accuracy_after /= effect.designs;
  for (double* sum : {&effect.edp_percent, &effect.latency_percent, &effect.energy_percent,
                      &effect.area_percent}) {
    *sum = percent_of(*sum, effect.designs);
  }
  return effect;
}

}  // namespace gibbon::study
