#include "gibbon/study/epitome_search.hpp"

#include <gtest/gtest.h>

#include "error_of.hpp"

namespace gibbon::study {
namespace {

using test::error_of;

nn::Conv conv(int in, int out) {
  nn::Conv conv;
  conv.in_channels = in;
  conv.out_channels = out;
  conv.kernel = 3;
  conv.padding = 1;
  return conv;
}

/// Three convolutions of 36, 72 and 144 thousand weights.
nn::Network three_layers() {
  nn::NetworkDescription description;
  description.name = "three";
  description.input = {64, 8, 8};
  description.num_classes = 2;
  description.layers = {{"a", conv(64, 64), {nn::kNetworkInput}},
                        {"b", conv(64, 128), {0}},
                        {"c", conv(128, 128), {1}}};
  return nn::Network(std::move(description));
}

sim::StorageCosts costs_of(std::vector<int> widths = {9}) {
  sim::EpitomeChoices choices;
  choices.rules = {nn::parse_epitome_rule("512x32")};
  return sim::StorageCosts(three_layers(), {}, sim::packed_model("mnsim2"), choices,
                           std::move(widths));
}

EpitomeSearchOptions options_of(const sim::StorageCosts& costs) {
  EpitomeSearchOptions options;
  options.max_crossbars = costs.totals(uniform_design(costs, 1)).crossbars;
  return options;
}

double value(space::Metric metric, const sim::StorageCosts::Totals& totals) {
  if (metric == space::Metric::kLatency) return totals.latency_ns;
  if (metric == space::Metric::kEnergy) return totals.energy_nj;
  return totals.latency_ns * totals.energy_nj;
}

TEST(EpitomeSearch, EachObjectiveIsBetterThanTheUniformDesignAtItsBudget) {
  const sim::StorageCosts costs = costs_of();
  const EpitomeDesign uniform = uniform_design(costs, 1);
  const auto before = costs.totals(uniform);
  EpitomeSearchOptions options = options_of(costs);
  for (const space::Metric metric :
       {space::Metric::kLatency, space::Metric::kEnergy, space::Metric::kEdp}) {
    options.objective = metric;
    const EpitomeSearchResult found = search_epitomes(costs, options, {uniform});
    EXPECT_LE(found.totals.crossbars, options.max_crossbars);
    EXPECT_LT(value(metric, found.totals), value(metric, before));
  }
}

/// Few enough designs to look at all of them.
TEST(EpitomeSearch, FindsTheBestOfASmallTable) {
  const sim::StorageCosts costs = costs_of();
  EpitomeSearchOptions options = options_of(costs);
  options.objective = space::Metric::kEnergy;
  double best = 1e300;
  const auto& layers = costs.layers();
  for (std::size_t a = 0; a < layers[0].shapes.size(); ++a) {
    for (std::size_t b = 0; b < layers[1].shapes.size(); ++b) {
      for (std::size_t c = 0; c < layers[2].shapes.size(); ++c) {
        const EpitomeDesign design = {{static_cast<std::uint8_t>(a), 0},
                                      {static_cast<std::uint8_t>(b), 0},
                                      {static_cast<std::uint8_t>(c), 0}};
        const auto totals = costs.totals(design);
        if (totals.crossbars <= options.max_crossbars) best = std::min(best, totals.energy_nj);
      }
    }
  }
  EXPECT_DOUBLE_EQ(search_epitomes(costs, options).totals.energy_nj, best);
}

TEST(EpitomeSearch, TheSameSeedGivesTheSameDesign) {
  const sim::StorageCosts costs = costs_of({3, 5});
  EpitomeSearchOptions options = options_of(costs);
  options.generations = 5;
  const auto storage = [&] { return costs.storage(search_epitomes(costs, options).design); };
  EXPECT_EQ(storage(), storage());
}

TEST(EpitomeSearch, KeepsTheWeightsAskedFor) {
  const sim::StorageCosts costs = costs_of();
  EpitomeSearchOptions options = options_of(costs);
  options.max_crossbars = 1000;
  options.objective = space::Metric::kEnergy;
  const long all = costs.totals(uniform_design(costs, 0)).stored_weights;
  const long few = search_epitomes(costs, options).totals.stored_weights;
  ASSERT_LT(few, all * 3 / 4);
  options.min_stored_weights = all * 3 / 4;
  EXPECT_GE(search_epitomes(costs, options).totals.stored_weights, all * 3 / 4);
}

/// Room for everything at 5 bits, and for nothing more than 3 bits.
TEST(EpitomeSearch, WidthsFillTheBudget) {
  const sim::StorageCosts costs = costs_of({3, 5});
  EpitomeDesign design = uniform_design(costs, 0);
  const long narrow = costs.totals(design).crossbars;
  assign_widths(costs, 1000, design);
  EXPECT_DOUBLE_EQ(relative_noise(costs, design), 1.0 / 25);
  assign_widths(costs, narrow, design);
  EXPECT_EQ(costs.totals(design).crossbars, narrow);
}

TEST(EpitomeSearch, MistakesAreRefused) {
  const sim::StorageCosts costs = costs_of();
  EpitomeSearchOptions options = options_of(costs);
  options.objective = space::Metric::kArea;
  EXPECT_EQ(error_of([&] { search_epitomes(costs, options); }),
            "epitomes are searched for latency, energy or edp, not area");
  options.objective = space::Metric::kEdp;
  options.max_crossbars = 1;
  EXPECT_EQ(error_of([&] { search_epitomes(costs, options); }),
            "no design of epitomes within 1 crossbars was found that stores 0 weights");
}

}  // namespace
}  // namespace gibbon::study
