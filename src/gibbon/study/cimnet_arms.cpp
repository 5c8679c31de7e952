#include "gibbon/study/cimnet_arms.hpp"

#include <algorithm>
#include <optional>

#include "gibbon/base/parallel.hpp"
#include "gibbon/search/metric_predictor.hpp"
#include "gibbon/study/on_chip.hpp"

namespace gibbon::study {

namespace {

using space::Evaluation;
using space::Genome;

/// All arms of one seed; what one measured, the next ones know.
class SeedSearch {
 public:
  SeedSearch(const space::CimnetSpace& space, const sim::Simulator& simulator,
             const CimnetArmOptions& options, std::uint64_t seed, const NetworkAccuracy& accuracy)
      : space_(space),
        simulator_(simulator),
        options_(options),
        seed_(seed),
        accuracy_(accuracy),
        baseline_(baseline_arm(space, simulator, accuracy)),
        bar_(baseline_.accuracy - options.most_points_lost) {
    learn(baseline_.design.genome);
    chips_.push_back(baseline_.design.genome);
  }

  std::vector<CimnetArm> run() {
    draw_networks();
    const std::vector<std::size_t> network = network_genes(space_);
    add("network", "default", network);
    for (const CimnetMode& mode : hardware_modes(space_)) {
      if (mode.chip == "sizes") continue;
      add("hardware", mode.chip, mode.genes);
      std::vector<std::size_t> both = network;
      both.insert(both.end(), mode.genes.begin(), mode.genes.end());
      add("both", mode.chip, both);
    }
    return std::move(arms_);
  }

 private:
  /// Measures a design's network, once.
  void learn(const Genome& genome) {
    Genome network = network_of(space_, genome);
    if (accuracy_of(network)) return;
    Evaluation evaluation;
    evaluation.metrics[space::Metric::kAccuracy] = accuracy_(network);
    evaluation.genome = std::move(network);
    known_.push_back(std::move(evaluation));
  }
  std::optional<double> accuracy_of(const Genome& network) const {
    for (const Evaluation& evaluation : known_) {
      if (evaluation.genome == network) return evaluation.metrics[space::Metric::kAccuracy];
    }
    return std::nullopt;
  }

  /// Of all sizes: each keeps a random share of its genes at the largest network's.
  void draw_networks() {
    base::Rng rng = base::Rng::forked(seed_, "first networks");
    const std::vector<std::size_t> genes = network_genes(space_);
    for (int i = 0; i < options_.first_networks; ++i) {
      const double kept = rng.uniform();
      const Genome random = space_.sample(rng);
      Genome genome = baseline_.design.genome;
      for (const std::size_t gene : genes) {
        if (rng.uniform() >= kept) genome[gene] = random[gene];
      }
      learn(space_.canonical(std::move(genome)));
    }
  }

  void add(const char* name, const std::string& chip, const std::vector<std::size_t>& genes) {
    const bool changes_network = space_.genes()[genes.front()].part != space::GenePart::kHardware;
    if (changes_network) {
      for (int round = 0; round < options_.rounds; ++round) measure_round(genes, round);
    }
    if (chip != "default") add_chip(polished(fastest_known(changes_network), genes));
    const Genome best = fastest_known(changes_network);
    arms_.push_back({name, chip, seed_, measure(space_, simulator_, best),
                     *accuracy_of(network_of(space_, best))});
  }

  /// Names the fastest designs by prediction and measures their networks.
  void measure_round(const std::vector<std::size_t>& genes, int round) {
    search::MetricPredictor predictor(space_);
    if (!predictor.fit(known_)) return;
    std::vector<Genome> proposed(static_cast<std::size_t>(options_.networks_per_round));
    base::parallel_for(proposed.size(), options_.threads, [&](std::size_t index) {
      FastestOptions fastest =
          search_options(genes, static_cast<std::size_t>(round) * proposed.size() + index);
      fastest.beyond = [&, aim = aimed_accuracy(index)](const Genome& genome) {
        const Genome network = network_of(space_, genome);
        if (accuracy_of(network)) return kMeasured;
        return std::max(0.0, aim - predictor.predict(network)[space::Metric::kAccuracy]);
      };
      proposed[index] = find_fastest(space_, simulator_, fastest).genome;
    });
    for (const Genome& genome : proposed) {
      learn(genome);
      add_chip(genome);
    }
  }

  /// The predictor errs: one aims below the bar, one at it, the others above, by as much as may be
  /// lost each.
  double aimed_accuracy(std::size_t index) const {
    return bar_ + (static_cast<double>(index) - 1) * options_.most_points_lost;
  }

  /// The design's network on the chip that suits it best.
  Genome polished(const Genome& design, std::vector<std::size_t> genes) const {
    std::erase_if(genes, [&](std::size_t gene) {
      return space_.genes()[gene].part != space::GenePart::kHardware;
    });
    FastestOptions fastest = search_options(genes, kMostSearches - 1);
    fastest.others = network_of(space_, design);
    fastest.start.push_back(design);
    return find_fastest(space_, simulator_, fastest).genome;
  }

  /// Of the networks above the bar, or of the largest alone, on every chip met so far.
  Genome fastest_known(bool any_network) const {
    CimnetDesign best = baseline_.design;
    for (const Evaluation& evaluation : known_) {
      const bool is_largest = evaluation.genome == baseline_.design.genome;
      if (!is_largest && !any_network) continue;
      if (evaluation.metrics[space::Metric::kAccuracy] < bar_) continue;
      for (const Genome& chip : chips_) {
        const CimnetDesign design =
            measure(space_, simulator_, on_chip(space_, evaluation.genome, chip));
        if (design.cost.latency_ms < best.cost.latency_ms) best = design;
      }
    }
    return best.genome;
  }

  /// Keeps the design's chip, where it is new and no larger than the default one.
  void add_chip(const Genome& design) {
    Genome chip = on_chip(space_, baseline_.design.genome, design);
    if (std::find(chips_.begin(), chips_.end(), chip) != chips_.end()) return;
    const double area = measure(space_, simulator_, chip).cost.area_mm2;
    if (area <= baseline_.design.cost.area_mm2) chips_.push_back(std::move(chip));
  }

  FastestOptions search_options(const std::vector<std::size_t>& genes, std::size_t index) const {
    FastestOptions fastest;
    fastest.genes = genes;
    fastest.max_area_mm2 = baseline_.design.cost.area_mm2;
    fastest.min_kept_macs = 0;
    fastest.population = options_.population;
    fastest.generations = options_.generations;
    fastest.seed = base::Rng::forked(seed_, "arm", arms_.size() * kMostSearches + index).next();
    return fastest;
  }

  static constexpr double kMeasured = 100;  // worse than to miss any accuracy
  static constexpr std::size_t kMostSearches = 10000;

  const space::CimnetSpace& space_;
  const sim::Simulator& simulator_;
  const CimnetArmOptions& options_;
  std::uint64_t seed_;
  const NetworkAccuracy& accuracy_;
  CimnetArm baseline_;
  double bar_;
  std::vector<Evaluation> known_;
  std::vector<Genome> chips_;
  std::vector<CimnetArm> arms_;
};

}  // namespace

CimnetArm baseline_arm(const space::CimnetSpace& space, const sim::Simulator& simulator,
                       const NetworkAccuracy& accuracy) {
  const Genome genome = space.baseline();
  return {"baseline", "default", 0, measure(space, simulator, genome), accuracy(genome)};
}

std::vector<CimnetArm> search_cimnet_arms(const space::CimnetSpace& space,
                                          const sim::Simulator& simulator,
                                          const CimnetArmOptions& options, std::uint64_t seed,
                                          const NetworkAccuracy& accuracy) {
  return SeedSearch(space, simulator, options, seed, accuracy).run();
}

std::vector<CimnetArm> findings_of(std::span<const CimnetArm> arms, std::string_view name,
                                   std::string_view chip) {
  std::vector<CimnetArm> findings;
  for (const CimnetArm& arm : arms) {
    if (arm.name == name && arm.chip == chip) findings.push_back(arm);
  }
  std::stable_sort(findings.begin(), findings.end(), [](const CimnetArm& a, const CimnetArm& b) {
    return a.design.cost.latency_ms < b.design.cost.latency_ms;
  });
  return findings;
}

Genome network_of(const space::CimnetSpace& space, const Genome& genome) {
  return on_chip(space, genome, space.baseline());
}

}  // namespace gibbon::study
