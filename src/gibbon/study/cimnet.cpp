#include "gibbon/study/cimnet.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>

#include "gibbon/base/error.hpp"
#include "gibbon/search/choice_minimizer.hpp"

namespace gibbon::study {

namespace {

using space::Genome;

/// Latency of the designs that differ in the open genes, with the bounds.
class LatencyLoss {
 public:
  LatencyLoss(const space::CimnetSpace& space, const sim::Simulator& simulator,
              const FastestOptions& options)
      : space_(space),
        simulator_(simulator),
        options_(options),
        others_(options.others.empty() ? space.baseline() : options.others),
        all_macs_(static_cast<double>(space.largest_network().mac_count())) {}

  Genome genome_of(std::span<const std::uint8_t> choices) const {
    Genome genome = others_;
    for (std::size_t i = 0; i < choices.size(); ++i) genome[options_.genes[i]] = choices[i];
    return space_.canonical(std::move(genome));
  }

  search::Choices choices_of(const Genome& genome) const {
    search::Choices choices;
    for (const std::size_t gene : options_.genes) choices.push_back(genome[gene]);
    return choices;
  }

  double of(const Genome& genome) {
    if (const auto known = known_.find(genome); known != known_.end()) return known->second;
    return known_[genome] = loss(genome);
  }

 private:
  /// Any design beyond a bound is worse than any within, and the worse the further beyond.
  static double refused(double beyond) {
    constexpr double kRefused = 1e300;
    return kRefused * (1 - 1 / (2 + beyond));
  }

  double loss(const Genome& genome) const {
    const auto design = space_.decode(genome);
    if (!design) return refused(kUnbuildable);
    const double kept = static_cast<double>(design->network.mac_count()) / all_macs_;
    const auto cost = simulator_.cost(design->network, design->hardware);
    if (!cost) return refused(kUnbuildable);
    double beyond = std::max(0.0, cost->area_mm2 / options_.max_area_mm2 - 1) +
                    std::max(0.0, options_.min_kept_macs / kept - 1);
    if (options_.beyond) beyond += options_.beyond(genome);
    return beyond > 0 ? refused(beyond) : cost->latency_ms;
  }

  static constexpr double kUnbuildable = 1e6;

  const space::CimnetSpace& space_;
  const sim::Simulator& simulator_;
  const FastestOptions& options_;
  Genome others_;
  double all_macs_;
  std::unordered_map<Genome, double, space::GenomeHash> known_;
};

/// "b3.query" without its block.
std::string_view kind_of(std::string_view layer) {
  const std::size_t dot = layer.find('.');
  return dot == std::string_view::npos ? layer : layer.substr(dot + 1);
}

const char* group_of(std::string_view layer) {
  static const std::map<std::string_view, const char*> kGroups = {
      {"patch", "patch embedding"},
      {"tokens", "patch embedding"},
      {"query", "q, k, v"},
      {"key", "q, k, v"},
      {"value", "q, k, v"},
      {"scores", "attention products"},
      {"context", "attention products"},
      {"softmax", "softmax"},
      {"project", "projection"},
      {"expand", "MLP"},
      {"contract", "MLP"},
      {"gelu", "GELU"},
      {"norm1", "norms and sums"},
      {"norm2", "norms and sums"},
      {"add1", "norms and sums"},
      {"add2", "norms and sums"},
      {"norm", "norms and sums"},
      {"class", "head"},
      {"head", "head"},
  };
  const auto found = kGroups.find(kind_of(layer));
  return found == kGroups.end() ? "other" : found->second;
}

}  // namespace

CimnetDesign measure(const space::CimnetSpace& space, const sim::Simulator& simulator,
                     const Genome& genome) {
  const auto design = space.decode(genome);
  if (!design) throw base::Error(design.reason());
  const auto cost = simulator.cost(design->network, design->hardware);
  if (!cost) throw base::Error(cost.reason());
  const double kept = static_cast<double>(design->network.mac_count()) /
                      static_cast<double>(space.largest_network().mac_count());
  return {genome, *cost, kept};
}

CimnetDesign find_fastest(const space::CimnetSpace& space, const sim::Simulator& simulator,
                          const FastestOptions& options) {
  LatencyLoss loss(space, simulator, options);
  search::ChoiceMinimizerOptions minimizer;
  minimizer.population = options.population;
  minimizer.generations = options.generations;
  minimizer.seed = options.seed;
  minimizer.start.push_back(loss.choices_of(space.baseline()));
  for (const Genome& genome : options.start) minimizer.start.push_back(loss.choices_of(genome));
  std::vector<int> counts;
  for (const std::size_t gene : options.genes) {
    counts.push_back(static_cast<int>(space.genes()[gene].choices.size()));
  }
  const search::Choices best = search::minimize_choices(
      counts,
      [&](std::span<const std::uint8_t> choices) { return loss.of(loss.genome_of(choices)); },
      minimizer);
  return measure(space, simulator, loss.genome_of(best));
}

std::vector<std::size_t> network_genes(const space::CimnetSpace& space) {
  std::vector<std::size_t> genes;
  for (std::size_t gene = 0; gene < space.genes().size(); ++gene) {
    if (space.genes()[gene].part != space::GenePart::kHardware) genes.push_back(gene);
  }
  return genes;
}

std::vector<LayerGroup> group_layers(const sim::SimulationResult& result) {
  std::vector<LayerGroup> groups;
  std::vector<std::map<std::string, double>> waits;
  for (const sim::LayerResult& layer : result.layers) {
    const std::string name = group_of(layer.name);
    const auto same = [&](const LayerGroup& group) { return group.name == name; };
    const auto found = std::find_if(groups.begin(), groups.end(), same);
    const auto index = static_cast<std::size_t>(found - groups.begin());
    if (found == groups.end()) {
      groups.push_back({name, 0, 0, "", 0});
      waits.emplace_back();
    }
    constexpr double kNsPerMs = 1e6;
    const double time_ms = (layer.finish_ns - layer.begin_ns) / kNsPerMs;
    ++groups[index].layers;
    groups[index].time_ms += time_ms;
    waits[index][layer.bound_by] += time_ms;
  }
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const auto longest =
        std::max_element(waits[i].begin(), waits[i].end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; });
    groups[i].bound_by = longest->first;
    groups[i].bound_share = groups[i].time_ms > 0 ? longest->second / groups[i].time_ms : 0;
  }
  return groups;
}

}  // namespace gibbon::study
