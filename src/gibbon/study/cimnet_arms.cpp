#include "gibbon/study/cimnet_arms.hpp"

#include <algorithm>
#include <cmath>
#include <map>
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
             const CimnetArmOptions& options, std::uint64_t seed,
             const NetworkAccuracies& accuracies)
      : space_(space),
        simulator_(simulator),
        options_(options),
        seed_(seed),
        accuracies_(accuracies),
        baseline_(baseline_arm(space, simulator, accuracies)) {
    screen(baseline_.design.genome);
    judged_[baseline_.design.genome] = baseline_.accuracy;
    chips_.push_back(baseline_.design.genome);
  }

  std::vector<CimnetArm> run() {
    draw_networks();
    judge_nearest();
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
  /// A design's network, once.
  void screen(const Genome& genome) {
    Genome network = network_of(space_, genome);
    if (screened(network)) return;
    Evaluation evaluation;
    evaluation.metrics[space::Metric::kAccuracy] = accuracies_.screen(network);
    evaluation.genome = std::move(network);
    known_.push_back(std::move(evaluation));
  }
  std::optional<double> screened(const Genome& network) const {
    for (const Evaluation& evaluation : known_) {
      if (evaluation.genome == network) return evaluation.metrics[space::Metric::kAccuracy];
    }
    return std::nullopt;
  }

  /// Of screened networks those that miss the screen's bar are not judged.
  bool is_accurate(const Genome& network) {
    if (!judged_.contains(network) && *screened(network) < screening_bar()) return false;
    return judge(network) >= baseline_.accuracy - options_.most_points_lost;
  }

  /// Percent of a network that was screened; measured once.
  double judge(const Genome& network) {
    if (!judged_.contains(network)) judged_[network] = accuracies_.judge(network);
    return judged_.at(network);
  }

  double screening_bar() const {
    return *screened(baseline_.design.genome) - options_.most_points_lost + flattery();
  }

  /// Points that the networks judged so far lose more by judgement than by screening, on average.
  double flattery() const {
    if (judged_.size() < 2) return 0;
    double sum = 0;
    for (const auto& [network, judged] : judged_) {
      const double lost = baseline_.accuracy - judged;
      sum += lost - (*screened(baseline_.design.genome) - *screened(network));
    }
    return sum / static_cast<double>(judged_.size() - 1);  // the baseline's own part is 0
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
      screen(space_.canonical(std::move(genome)));
    }
  }

  /// Those nearest to the screen's bar tell where it belongs, before anything is aimed at it.
  void judge_nearest() {
    const double bar = screening_bar();
    const auto distance = [&](const Evaluation& evaluation) {
      return std::abs(evaluation.metrics[space::Metric::kAccuracy] - bar);
    };
    std::vector<Evaluation> nearest(known_.begin() + 1, known_.end());  // the first: the largest
    std::stable_sort(nearest.begin(), nearest.end(),
                     [&](const auto& a, const auto& b) { return distance(a) < distance(b); });
    nearest.resize(std::min<std::size_t>(nearest.size(), kFirstJudged));
    for (const Evaluation& evaluation : nearest) judge(evaluation.genome);
  }

  void add(const char* name, const std::string& chip, const std::vector<std::size_t>& genes) {
    const bool changes_network = space_.genes()[genes.front()].part != space::GenePart::kHardware;
    if (changes_network) {
      for (int round = 0; round < options_.rounds; ++round) screen_round(genes, round);
    }
    if (chip != "default") add_chip(polished(fastest_known(changes_network), genes));
    const Genome best = fastest_known(changes_network);
    arms_.push_back({name, chip, seed_, measure(space_, simulator_, best),
                     judged_.at(network_of(space_, best))});
  }

  /// Names the fastest designs by prediction and screens their networks.
  void screen_round(const std::vector<std::size_t>& genes, int round) {
    search::MetricPredictor predictor(space_);
    if (!predictor.fit(known_)) return;
    std::vector<Genome> proposed(static_cast<std::size_t>(options_.networks_per_round));
    base::parallel_for(proposed.size(), options_.threads, [&](std::size_t index) {
      FastestOptions fastest =
          search_options(genes, static_cast<std::size_t>(round) * proposed.size() + index);
      fastest.beyond = [&, aim = aimed_accuracy(index)](const Genome& genome) {
        const Genome network = network_of(space_, genome);
        if (screened(network)) return kScreened;
        return std::max(0.0, aim - predictor.predict(network)[space::Metric::kAccuracy]);
      };
      proposed[index] = find_fastest(space_, simulator_, fastest).genome;
    });
    for (const Genome& genome : proposed) {
      screen(genome);
      add_chip(genome);
    }
  }

  /// The predictor errs: one aims below the bar, one at it, the others above, by as much as may be
  /// lost each.
  double aimed_accuracy(std::size_t index) const {
    return screening_bar() + (static_cast<double>(index) - 1) * options_.most_points_lost;
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

  /// Of the accurate networks, or of the largest alone, on every chip met so far.
  Genome fastest_known(bool any_network) {
    std::vector<CimnetDesign> designs;
    for (const Evaluation& evaluation : known_) {
      const bool is_largest = evaluation.genome == baseline_.design.genome;
      if (is_largest || any_network) designs.push_back(on_best_chip(evaluation.genome));
    }
    std::stable_sort(designs.begin(), designs.end(),
                     [](const CimnetDesign& a, const CimnetDesign& b) {
                       return a.cost.latency_ms < b.cost.latency_ms;
                     });
    const auto found = std::find_if(
        designs.begin(), designs.end(),
        [&](const CimnetDesign& design) { return is_accurate(network_of(space_, design.genome)); });
    return found->genome;  // the largest network is accurate
  }

  CimnetDesign on_best_chip(const Genome& network) const {
    CimnetDesign best = measure(space_, simulator_, network);  // on the default chip, the first
    for (std::size_t i = 1; i < chips_.size(); ++i) {
      CimnetDesign design = measure(space_, simulator_, on_chip(space_, network, chips_[i]));
      if (design.cost.latency_ms < best.cost.latency_ms) best = std::move(design);
    }
    return best;
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

  static constexpr std::size_t kFirstJudged = 3;
  static constexpr double kScreened = 100;  // worse than to miss any accuracy
  static constexpr std::size_t kMostSearches = 10000;

  const space::CimnetSpace& space_;
  const sim::Simulator& simulator_;
  const CimnetArmOptions& options_;
  std::uint64_t seed_;
  const NetworkAccuracies& accuracies_;
  CimnetArm baseline_;
  std::vector<Evaluation> known_;  ///< networks, screened
  std::map<Genome, double> judged_;
  std::vector<Genome> chips_;
  std::vector<CimnetArm> arms_;
};

}  // namespace

CimnetArm baseline_arm(const space::CimnetSpace& space, const sim::Simulator& simulator,
                       const NetworkAccuracies& accuracies) {
  const Genome genome = space.baseline();
  return {"baseline", "default", 0, measure(space, simulator, genome), accuracies.judge(genome)};
}

std::vector<CimnetArm> search_cimnet_arms(const space::CimnetSpace& space,
                                          const sim::Simulator& simulator,
                                          const CimnetArmOptions& options, std::uint64_t seed,
                                          const NetworkAccuracies& accuracies) {
  return SeedSearch(space, simulator, options, seed, accuracies).run();
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
