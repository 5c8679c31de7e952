#include "gibbon/study/insights.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "gibbon/search/pareto.hpp"
#include "gibbon/search/searcher.hpp"
#include "gibbon/study/paired_effect.hpp"

namespace gibbon::study {

namespace {

using space::Evaluation;
using space::Metric;

constexpr int kPerAsk = 20;

/// A third of the network: 0 the first stage, 2 the last.
int stage_of(const space::Gene& gene) {
  constexpr std::string_view kPrefix = "stage";
  if (!gene.name.starts_with(kPrefix) || gene.block < 0) return -1;
  return gene.name[kPrefix.size()] - '1';
}

GeneFilter slot_in_stage(std::string_view slot, int stage) {
  return [slot = std::string(slot), stage](const space::Gene& gene) {
    return gene.slot == slot && stage_of(gene) == stage;
  };
}

space::Objective front_of(std::vector<Metric> metrics) {
  space::Objective objective;
  objective.metrics = std::move(metrics);
  return objective;
}

/// Measures what the insights speak of.
class Checker {
 public:
  Checker(const Surrogate& surrogate, const InsightOptions& options)
      : surrogate_(surrogate), options_(options) {}

  std::vector<Insight> check();

 private:
  Effect effect(const Setting& before, const Setting& after,
                const std::vector<Setting>& common = {}) const {
    return paired_effect(surrogate_, common, before, after, options_.pairs, options_.seed);
  }
  /// The designs on the fronts of some searches.
  std::vector<Evaluation> best_designs(const space::Objective& objective) const;
  /// Those of them that are at most `points` below the most accurate.
  static std::vector<Evaluation> accurate(std::vector<Evaluation> designs, double points);
  /// Share of active genes of a slot with this value.
  double share(const std::vector<Evaluation>& designs, std::string_view slot, double value) const;
  /// Mean over active genes of a slot in a stage: 0 the least choice, 1 the greatest.
  double level(const std::vector<Evaluation>& designs, std::string_view slot, int stage) const;
  double best_accuracy(const Setting& setting, double share) const;

  void add(int number, std::string claim, std::string figure, std::string paper, std::string ours,
           bool confirmed) {
    insights_.push_back({number, std::move(claim), std::move(figure), std::move(paper),
                         std::move(ours), confirmed});
  }
  void kernels(const std::vector<Evaluation>& front);
  void groups(const std::vector<Evaluation>& front);
  void channels(const std::vector<Evaluation>& accurate_designs);
  void bits(const std::vector<Evaluation>& efficient);
  void converters();
  void first_channels();
  void crossbars();

  const Surrogate& surrogate_;
  const InsightOptions& options_;
  std::vector<Insight> insights_;
};

std::vector<Evaluation> Checker::best_designs(const space::Objective& objective) const {
  std::vector<Evaluation> best;
  for (int i = 0; i < options_.seeds; ++i) {
    const auto searcher =
        search::make_searcher("esapp", surrogate_.space(), objective,
                              {options_.seed + static_cast<std::uint64_t>(i), {}});
    std::vector<Evaluation> told;
    while (static_cast<int>(told.size()) < options_.designs) {
      const auto fresh = surrogate_.evaluate(searcher->ask({kPerAsk, {}}));
      if (fresh.empty()) break;
      searcher->tell(fresh);
      told.insert(told.end(), fresh.begin(), fresh.end());
    }
    for (const std::size_t index : search::pareto_front(told, objective)) {
      best.push_back(told[index]);
    }
  }
  return best;
}

std::vector<Evaluation> Checker::accurate(std::vector<Evaluation> designs, double points) {
  double best = 0;
  for (const Evaluation& design : designs) {
    best = std::max(best, design.metrics[Metric::kAccuracy]);
  }
  std::erase_if(designs, [&](const Evaluation& design) {
    return design.metrics[Metric::kAccuracy] < best - points;
  });
  return designs;
}

double Checker::share(const std::vector<Evaluation>& designs, std::string_view slot,
                      double value) const {
  const space::SearchSpace& space = surrogate_.space();
  int genes = 0;
  int hits = 0;
  for (const Evaluation& design : designs) {
    for (std::size_t i = 0; i < space.genes().size(); ++i) {
      if (space.genes()[i].slot != slot || !space.is_active(design.genome, i)) continue;
      ++genes;
      if (space.value(design.genome, i) == value) ++hits;
    }
  }
  return genes == 0 ? 0 : static_cast<double>(hits) / genes;
}

double Checker::level(const std::vector<Evaluation>& designs, std::string_view slot,
                      int stage) const {
  const space::SearchSpace& space = surrogate_.space();
  const GeneFilter filter = slot_in_stage(slot, stage);
  double sum = 0;
  int genes = 0;
  for (const Evaluation& design : designs) {
    for (std::size_t i = 0; i < space.genes().size(); ++i) {
      const space::Gene& gene = space.genes()[i];
      if (!filter(gene) || gene.choices.size() < 2 || !space.is_active(design.genome, i)) continue;
      sum += static_cast<double>(design.genome[i]) / static_cast<double>(gene.choices.size() - 1);
      ++genes;
    }
  }
  return genes == 0 ? 0 : sum / genes;
}

/// Mean accuracy of the best `share` of random designs that have the setting.
double Checker::best_accuracy(const Setting& setting, double share) const {
  const auto genomes = designs_with(surrogate_.space(), {setting}, options_.pairs, options_.seed);
  std::vector<double> accuracies;
  for (const Evaluation& design : surrogate_.evaluate(genomes)) {
    if (design.feasible()) accuracies.push_back(design.metrics[Metric::kAccuracy]);
  }
  std::sort(accuracies.rbegin(), accuracies.rend());
  const auto kept = std::max<std::size_t>(
      1, static_cast<std::size_t>(share * static_cast<double>(accuracies.size())));
  double sum = 0;
  for (std::size_t i = 0; i < kept && i < accuracies.size(); ++i) sum += accuracies[i];
  return sum / static_cast<double>(kept);
}

void Checker::kernels(const std::vector<Evaluation>& front) {
  const Effect change = effect({in_slot("kernel"), 3}, {in_slot("kernel"), 2});
  const std::string claim = "2x2 kernels save EDP and area for little accuracy";
  add(1, claim, "EDP, 3x3 to 2x2, %", "-85", fmt::format("{:+.1f}", change.edp_percent),
      change.edp_percent < 0);
  add(1, claim, "area, 3x3 to 2x2, %", "-10", fmt::format("{:+.1f}", change.area_percent),
      change.area_percent < 0);
  add(1, claim, "accuracy, 3x3 to 2x2, points", "-1",
      fmt::format("{:+.2f}", change.accuracy_points()), change.accuracy_points() > -2);
  const double even = share(front, "kernel", 2);
  add(1, "Most convolutions choose even kernels", "share of 2x2 on the front, %", "most",
      fmt::format("{:.0f}", 100 * even), even > 0.5);
}

void Checker::groups(const std::vector<Evaluation>& front) {
  const Effect change =
      effect({in_slot("groups"), 1}, {in_slot("groups"), 2}, {{in_slot("wordline_share"), 0.25}});
  const std::string claim = "With a DAC for four wordlines, 2 groups cost no latency";
  add(2, claim, "latency, 1 to 2 groups, %", "0", fmt::format("{:+.1f}", change.latency_percent),
      change.latency_percent < 1);
  const double grouped = share(front, "groups", 2);
  add(2, "Most convolutions choose groups", "share of 2 groups on the front, %", "most",
      fmt::format("{:.0f}", 100 * grouped), grouped > 0.5);
}

void Checker::channels(const std::vector<Evaluation>& designs) {
  const double first = level(designs, "channels", 0);
  const double middle = level(designs, "channels", 1);
  const double last = level(designs, "channels", 2);
  add(3, "Accurate designs are wide at both ends, narrow in the middle",
      "channels by stage, 0 least to 1 greatest choice", "middle least",
      fmt::format("{:.2f}, {:.2f}, {:.2f}", first, middle, last), middle < first && middle < last);
}

void Checker::bits(const std::vector<Evaluation>& designs) {
  const auto row = [&](const char* slot) {
    return std::array{level(designs, slot, 0), level(designs, slot, 1), level(designs, slot, 2)};
  };
  const auto weights = row("weight_bits");
  const auto activations = row("activation_bits");
  const auto text = [](const std::array<double, 3>& levels) {
    return fmt::format("{:.2f}, {:.2f}, {:.2f}", levels[0], levels[1], levels[2]);
  };
  add(4, "Deeper layers take more bits for weights", "weight bits by stage, 0 to 1", "rising",
      text(weights), weights[2] > weights[0]);
  add(4, "Middle layers take fewer bits for activations", "activation bits by stage, 0 to 1",
      "middle least", text(activations),
      activations[1] < activations[0] && activations[1] < activations[2]);
}

void Checker::converters() {
  const GeneFilter adc = in_slot("adc_bits");
  const Effect to_eight = effect({adc, 10}, {adc, 8});
  const Effect to_six = effect({adc, 8}, {adc, 6});
  const Effect to_four = effect({adc, 6}, {adc, 4});
  const std::string claim = "ADCs of 8 bits are as accurate as of 10, those of 6 are not";
  add(5, claim, "accuracy, 10 to 8 bits, points", "about 0",
      fmt::format("{:+.2f}", to_eight.accuracy_points()), to_eight.accuracy_points() > -1);
  add(5, claim, "accuracy, 8 to 6 bits, points", "non-negligible",
      fmt::format("{:+.2f}", to_six.accuracy_points()), to_six.accuracy_points() < -1);
  add(5, "(ours) It is with ADCs of 4 bits that accuracy is lost", "accuracy, 6 to 4 bits, points",
      "-", fmt::format("{:+.2f}", to_four.accuracy_points()), to_four.accuracy_points() < -1);
  std::string means;
  double best = 0;
  double best_size = 0;
  for (const double size : {32.0, 64.0, 128.0, 256.0}) {
    const double accuracy = best_accuracy({in_slot("crossbar_size"), size}, 0.1);
    means += fmt::format("{}{:.0f}: {:.1f}", means.empty() ? "" : ", ", size, accuracy);
    if (accuracy <= best) continue;
    best = accuracy;
    best_size = size;
  }
  add(5, "The mean of the best accuracies is greatest with 64x64", "mean of the best tenth, %",
      "64 best", means, best_size == 64);
}

void Checker::first_channels() {
  const auto widened = [&](int stage) -> Effect {
    std::optional<double> least;
    double greatest = 0;
    for (const space::Gene& gene : surrogate_.space().genes()) {
      if (!slot_in_stage("channels", stage)(gene)) continue;
      least = gene.choices.front();
      greatest = gene.choices.back();
    }
    if (!least) return {};
    return effect({slot_in_stage("channels", stage), *least},
                  {slot_in_stage("channels", stage), greatest});
  };
  const Effect first = widened(0);
  const Effect last = widened(2);
  add(6, "The first blocks' channels decide the latency",
      "latency, least to most channels, %: first, last stage", "first more",
      fmt::format("{:+.1f}, {:+.1f}", first.latency_percent, last.latency_percent),
      first.latency_percent > last.latency_percent);
  add(6, "Wide last blocks add accuracy at little latency",
      "accuracy, least to most channels, points: first, last stage", "last positive",
      fmt::format("{:+.2f}, {:+.2f}", first.accuracy_points(), last.accuracy_points()),
      last.accuracy_points() > 0);
}

void Checker::crossbars() {
  const GeneFilter size = in_slot("crossbar_size");
  std::string changes;
  Effect last;
  bool all_fall = true;
  for (const auto& [from, to] : {std::pair{32.0, 64.0}, {64.0, 128.0}, {128.0, 256.0}}) {
    last = effect({size, from}, {size, to});
    all_fall = all_fall && last.energy_percent < 0;
    changes += fmt::format("{}{:.0f} to {:.0f}: {:+.0f}", changes.empty() ? "" : ", ", from, to,
                           last.energy_percent);
  }
  add(7, "Large crossbars save energy", "energy, 128 to 256, %", "-75",
      fmt::format("{:+.1f}", last.energy_percent), last.energy_percent < 0);
  add(7, "Large crossbars save energy", "energy, each size to the next, %", "falling", changes,
      all_fall);
}

std::vector<Insight> Checker::check() {
  const auto front =
      accurate(best_designs(front_of({Metric::kAccuracy, Metric::kEdp, Metric::kArea})), 10);
  const auto by_accuracy = accurate(best_designs(front_of({Metric::kAccuracy})), 0.5);
  const auto by_energy = accurate(best_designs(front_of({Metric::kAccuracy, Metric::kEnergy})), 10);
  kernels(front);
  groups(front);
  channels(by_accuracy);
  bits(by_energy);
  converters();
  first_channels();
  crossbars();
  return std::move(insights_);
}

}  // namespace

std::vector<Insight> check_insights(const Surrogate& surrogate, const InsightOptions& options) {
  return Checker(surrogate, options).check();
}

}  // namespace gibbon::study
