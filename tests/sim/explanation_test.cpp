#include "gibbon/sim/explanation.hpp"

#include <gmock/gmock.h>

#include <cmath>

#include "gibbon/sim/simulator.hpp"
#include "sim/random_designs.hpp"
#include "sim/small_networks.hpp"

namespace gibbon::sim {
namespace {

using testing_support::conv;

double figure_of(const SimulationResult& result, Quantity quantity) {
  switch (quantity) {
    case Quantity::kLatency:
      return result.latency_ns;
    case Quantity::kEnergy:
      return result.energy_nj();
    case Quantity::kArea:
      return result.area_um2();
    case Quantity::kPower:
      return result.power_w();
  }
  return -1;
}

void expect_sums(const Explanation& explanation, double figure, const std::string& where) {
  EXPECT_EQ(explanation.total, figure) << where;
  double sum = 0;
  for (const Term& term : explanation.terms) {
    EXPECT_GT(term.count, 0) << where;
    EXPECT_DOUBLE_EQ(term.value, term.count * term.unit_value * term.time_ns) << where;
    EXPECT_FALSE(term.what.empty() || term.source.empty()) << where;
    sum += term.value;
  }
  EXPECT_NEAR(sum, figure, 1e-9 * figure) << where;
}

TEST(Explanation, TermsSumToTheFiguresOfEveryModel) {
  testing_support::RandomDesigns designs(17);
  int explained = 0;
  for (int i = 0; i < 40; ++i) {
    const nn::Network network = designs.network(16, 4);
    hw::HardwareConfig hardware = designs.hardware();
    hardware.digital_cim.emplace();
    for (const SimulatorEntry& entry : simulator_registry()) {
      const auto simulator = entry.make();
      const auto result = simulator->simulate(network, hardware);
      if (!result) {
        EXPECT_EQ(simulator->explain(network, hardware, Quantity::kArea).reason(), result.reason());
        continue;
      }
      for (const Quantity quantity : kQuantities) {
        expect_sums(*simulator->explain(network, hardware, quantity), figure_of(*result, quantity),
                    fmt::format("{} {} {}", entry.name, quantity_name(quantity), i));
        ++explained;
      }
    }
  }
  EXPECT_GT(explained, 200);
}

/// The default chip: 8 planes of 3 x 3 x 3 weights are 8 PEs, 2 tiles of 4 PEs with 2 crossbars.
TEST(Explanation, CountsByHand) {
  const nn::Network network =
      testing_support::network({3, 8, 8}, {{"c", conv(3, 8, 3, 1, 1), {-1}}});
  const auto simulator = make_simulator("mnsim2");
  const Explanation area = *simulator->explain(network, {}, Quantity::kArea);
  EXPECT_EQ(area.layers, std::vector<std::string>{"c"});
  EXPECT_EQ(area.terms.at(0).what, "crossbars");
  EXPECT_EQ(area.terms.at(0).count, 16);
  EXPECT_DOUBLE_EQ(area.terms.at(0).unit_value, 388771.84);
  // 64 positions; 9 reads each (9 input bits, one turn) of 12 / 1.5 = 8 ns; the first position is
  // the only one of its class, 7 are on the left.
  const Explanation latency = *simulator->explain(network, {}, Quantity::kLatency);
  for (const Term& term : latency.terms) {
    if (term.component == Component::kAdc) {
      EXPECT_EQ(term.count, 64 * 9);
      EXPECT_DOUBLE_EQ(term.unit_value, 8);
    }
    if (term.what == "line buffer, left") {
      EXPECT_EQ(term.count, 7);
    }
  }
  // 8 PEs x ceil(8 columns / 2) ADCs.
  const Explanation power = *simulator->explain(network, {}, Quantity::kPower);
  for (const Term& term : power.terms) {
    if (term.component == Component::kAdc) {
      EXPECT_NEAR(term.count, 32, 1e-9);
    }
  }
}

TEST(Explanation, LayersBesideTheChainHaveNoTimeTerms) {
  // "b" is 1x1 with few rows and done long before "a".
  const nn::Network network =
      testing_support::network({16, 8, 8}, {{"a", conv(16, 8, 3, 1, 1), {-1}},
                                            {"b", conv(16, 8, 1), {-1}},
                                            {"s", nn::Add{8, 9}, {0, 1}}});
  const Explanation latency = *make_simulator("mnsim2")->explain(network, {}, Quantity::kLatency);
  EXPECT_EQ(latency.layers.size(), 3u);
  bool slow = false;
  for (const Term& term : latency.terms) {
    EXPECT_NE(term.layer, "b");
    slow = slow || term.layer == "a";
  }
  EXPECT_TRUE(slow);
}

TEST(Explanation, Json) {
  const nn::Network network = testing_support::network({3, 8, 8}, {{"c", conv(3, 8, 3), {-1}}});
  const auto simulator = make_simulator("mnsim2-corrected");
  const base::Json json = to_json(*simulator->explain(network, {}, Quantity::kEnergy));
  EXPECT_EQ(json.at("quantity"), "energy");
  EXPECT_EQ(json.at("unit"), "nJ");
  EXPECT_EQ(json.at("terms").at(0).at("layer"), "c");
  EXPECT_TRUE(json.at("terms").at(0).contains("time_ns"));
  const base::Json power = to_json(*simulator->explain(network, {}, Quantity::kPower));
  EXPECT_FALSE(power.at("terms").at(0).contains("time_ns"));
}

}  // namespace
}  // namespace gibbon::sim
