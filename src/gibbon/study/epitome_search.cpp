#include "gibbon/study/epitome_search.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "gibbon/base/error.hpp"
#include "gibbon/nn/mixed_precision.hpp"
#include "gibbon/search/choice_minimizer.hpp"

namespace gibbon::study {

namespace {

using sim::StorageCosts;

double noise_of_width(int bits) {
  constexpr int kFloatBits = 32;
  return bits == kFloatBits ? 0 : nn::rounding_noise(bits);
}

/// How far a value is beyond a bound, relative to it.
double excess(double value, double bound) {
  return std::max(0.0, value / bound - 1);
}

double value_of(space::Metric objective, const StorageCosts::Totals& totals) {
  switch (objective) {
    case space::Metric::kLatency:
      return totals.latency_ns;
    case space::Metric::kEnergy:
      return totals.energy_nj;
    case space::Metric::kEdp:
      return totals.latency_ns * totals.energy_nj;
    default:
      throw base::Error(fmt::format("epitomes are searched for latency, energy or edp, not {}",
                                    space::metric_name(objective)));
  }
}

class EpitomeSearch {
 public:
  EpitomeSearch(const StorageCosts& costs, const EpitomeSearchOptions& options)
      : costs_(costs), options_(options) {
    value_of(options.objective, {});  // refuses any other objective
  }

  EpitomeDesign design_of(std::span<const std::uint8_t> shapes) const {
    EpitomeDesign design;
    for (const std::uint8_t shape : shapes) design.push_back({shape, 0});
    assign_widths(costs_, options_.max_crossbars, design);
    return design;
  }

  double violation(const EpitomeDesign& design, const StorageCosts::Totals& totals) const {
    double sum =
        excess(static_cast<double>(totals.crossbars), static_cast<double>(options_.max_crossbars));
    sum += excess(static_cast<double>(options_.min_stored_weights),
                  static_cast<double>(totals.stored_weights));
    return sum + excess(relative_noise(costs_, design), options_.max_noise);
  }

  double loss(std::span<const std::uint8_t> shapes) const {
    const EpitomeDesign design = design_of(shapes);
    const StorageCosts::Totals totals = costs_.totals(design);
    const double beyond = violation(design, totals);
    // Any design beyond a bound is worse than any within, and the worse the further beyond.
    constexpr double kRefused = 1e300;
    return beyond > 0 ? kRefused * (1 - 1 / (2 + beyond)) : value_of(options_.objective, totals);
  }

 private:
  const StorageCosts& costs_;
  const EpitomeSearchOptions& options_;
};

search::Choices shapes_of(const EpitomeDesign& design) {
  search::Choices shapes;
  for (const StorageCosts::Choice& choice : design) shapes.push_back(choice.shape);
  return shapes;
}

}  // namespace

EpitomeDesign uniform_design(const StorageCosts& costs, std::uint8_t shape, std::uint8_t width) {
  EpitomeDesign design;
  for (const StorageCosts::Layer& layer : costs.layers()) {
    const bool has_shape = shape < layer.shapes.size() && layer.rule_shapes > 0;
    design.push_back({has_shape ? shape : std::uint8_t{0}, width});
  }
  return design;
}

void assign_widths(const StorageCosts& costs, long max_crossbars, EpitomeDesign& design) {
  std::vector<std::vector<nn::BitOption>> layers(design.size());
  for (std::size_t i = 0; i < design.size(); ++i) {
    for (std::size_t width = 0; width < costs.widths().size(); ++width) {
      const int bits = costs.widths()[width];
      const auto& entry = costs.entry(i, {design[i].shape, static_cast<std::uint8_t>(width)});
      layers[i].push_back({bits, entry.crossbars, noise_of_width(bits)});
    }
  }
  const std::vector<std::size_t> widths = nn::assign_bits(layers, max_crossbars);
  for (std::size_t i = 0; i < design.size(); ++i) {
    design[i].width = static_cast<std::uint8_t>(widths[i]);
  }
}

double relative_noise(const StorageCosts& costs, const EpitomeDesign& design) {
  const double narrowest = noise_of_width(costs.widths().front());
  if (narrowest == 0) return 1;
  double sum = 0;
  for (const StorageCosts::Choice& choice : design) {
    sum += noise_of_width(costs.widths()[choice.width]);
  }
  return sum / (static_cast<double>(design.size()) * narrowest);
}

EpitomeSearchResult search_epitomes(const StorageCosts& costs, const EpitomeSearchOptions& options,
                                    const std::vector<EpitomeDesign>& start) {
  const EpitomeSearch search(costs, options);
  std::vector<int> counts;
  for (const StorageCosts::Layer& layer : costs.layers()) {
    counts.push_back(static_cast<int>(layer.shapes.size()));
  }
  search::ChoiceMinimizerOptions minimizer;
  minimizer.population = options.population;
  minimizer.generations = options.generations;
  minimizer.seed = options.seed;
  for (const EpitomeDesign& design : start) minimizer.start.push_back(shapes_of(design));
  const search::Choices best = search::minimize_choices(
      counts, [&](std::span<const std::uint8_t> shapes) { return search.loss(shapes); }, minimizer);

  EpitomeSearchResult result;
  result.design = search.design_of(best);
  result.totals = costs.totals(result.design);
  result.noise = relative_noise(costs, result.design);
  if (search.violation(result.design, result.totals) > 0) {
    throw base::Error(
        fmt::format("no design of epitomes within {} crossbars was found that stores {} weights",
                    options.max_crossbars, options.min_stored_weights));
  }
  return result;
}

}  // namespace gibbon::study
