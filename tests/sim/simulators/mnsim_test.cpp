#include "gibbon/sim/simulators/mnsim.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <thread>

#include "gibbon/base/error.hpp"
#include "gibbon/hw/component_library.hpp"
#include "sim/random_designs.hpp"
#include "sim/small_networks.hpp"

namespace gibbon::sim {
namespace {

using testing_support::conv;
using testing_support::RandomDesigns;

void expect_sound(const ComponentValues& values, const std::string& where) {
  double total = 0;
  for (const double value : values.values) {
    EXPECT_TRUE(std::isfinite(value) && value >= 0) << where << " " << value;
    total += value;
  }
  EXPECT_DOUBLE_EQ(values.sum(), total) << where;
}

TEST(MnsimSimulator, RandomDesignsAreSoundAndCostAgreesWithSimulate) {
  const auto simulator = make_simulator("mnsim2");
  RandomDesigns designs(7);
  int feasible = 0;
  for (int i = 0; i < 400; ++i) {
    const nn::Network network = designs.network(16, 4);
    const hw::HardwareConfig hardware = designs.hardware();
    const auto cost = simulator->cost(network, hardware);
    const auto result = simulator->simulate(network, hardware);
    ASSERT_EQ(cost.ok(), result.ok()) << i;
    if (!result) {
      EXPECT_EQ(cost.reason(), result.reason());
      continue;
    }
    ++feasible;
    double energy = 0;
    for (const LayerResult& layer : result->layers) {
      expect_sound(layer.area_um2, "area " + layer.name);
      expect_sound(layer.power_w, "power " + layer.name);
      expect_sound(layer.energy_nj, "energy " + layer.name);
      expect_sound(layer.busy_ns, "busy " + layer.name);
      EXPECT_GE(layer.begin_ns, 0);
      EXPECT_LT(layer.begin_ns, layer.finish_ns) << layer.name;
      EXPECT_LE(layer.finish_ns, result->latency_ns) << layer.name;
      EXPECT_GE(layer.utilization, 0);
      EXPECT_LE(layer.utilization, 1) << layer.name;
      energy += layer.energy_nj.sum();
    }
    EXPECT_EQ(energy, result->energy_nj());
    const Cost summary = summarize(*result);
    EXPECT_EQ(cost->latency_ms, summary.latency_ms) << i;
    EXPECT_EQ(cost->energy_mj, summary.energy_mj) << i;
    EXPECT_EQ(cost->area_mm2, summary.area_mm2) << i;
    EXPECT_EQ(cost->power_w, summary.power_w) << i;
    EXPECT_GT(cost->energy_mj, 0);
  }
  EXPECT_GT(feasible, 300);
}

TEST(MnsimSimulator, PipeliningIsNeverSlowerThanLayerByLayerWithTheSameFills) {
  RandomDesigns designs(11);
  const MnsimSimulator pipelined(
      {InputBitRule::kExplicit, ScheduleMode::kPipelinedRowFills, false});
  const MnsimSimulator one_by_one({InputBitRule::kExplicit, ScheduleMode::kLayerByLayer, false});
  for (int i = 0; i < 50; ++i) {
    const nn::Network network = designs.network(16, 3);
    const hw::HardwareConfig hardware = designs.hardware();
    const auto fast = pipelined.cost(network, hardware);
    const auto slow = one_by_one.cost(network, hardware);
    if (!fast) continue;
    EXPECT_LE(fast->latency_ms, slow->latency_ms * (1 + 1e-12));
    EXPECT_DOUBLE_EQ(fast->area_mm2, slow->area_mm2);
  }
}

TEST(MnsimSimulator, SameBitsOnEveryThread) {
  RandomDesigns designs(3);
  const nn::Network network = designs.network(16, 3);
  const hw::HardwareConfig hardware;
  const auto simulator = make_simulator("mnsim2");
  const Cost expected = *simulator->cost(network, hardware);
  std::vector<double> energies(4);
  std::vector<std::thread> threads;
  for (double& energy : energies) {
    threads.emplace_back([&] { energy = simulator->cost(network, hardware)->energy_mj; });
  }
  for (std::thread& thread : threads) thread.join();
  for (const double energy : energies) EXPECT_EQ(energy, expected.energy_mj);
}

/// The reference case of one convolution and one linear layer, worked out by hand in part: 3 -> 8
/// channels of 3x3 on 16x16, 2048 -> 10, MNSIM's default chip with ADC 6.
TEST(MnsimSimulator, TwoLayersByHand) {
  nn::Linear fc;
  fc.in_features = 2048;
  fc.out_features = 10;
  const nn::Network network =
      testing_support::network({3, 16, 16}, {{"conv", conv(3, 8, 3, 1, 1), {-1}},
                                             {"norm", nn::BatchNorm{8, 9}, {0}},
                                             {"flat", nn::Flatten{}, {1}},
                                             {"fc", fc, {2}}});
  hw::HardwareConfig hardware;
  hardware.adc = hw::adc_preset(6);
  const auto result = make_simulator("mnsim2")->simulate(network, hardware);
  ASSERT_TRUE(result.ok());
  const LayerResult& first = result->layers.at(0);
  const LayerResult& second = result->layers.at(1);
  EXPECT_EQ(first.tiles, 2);
  EXPECT_EQ(second.tiles, 16);  // 8 planes x 8 row blocks / 4
  EXPECT_EQ(second.crossbars, 128);
  // 18 tiles x 4 PEs x 2 crossbars x 388771.84 um^2 and 18 x 4 x 128 ADCs x 1650 um^2.
  EXPECT_NEAR(first.area_um2[Component::kCrossbar] + second.area_um2[Component::kCrossbar],
              144 * 388771.84, 1e-6);
  EXPECT_NEAR(first.area_um2[Component::kAdc] + second.area_um2[Component::kAdc],
              18 * 4 * 128 * 1650.0, 1e-6);
  // 8 PEs x ceil(8 columns / 2) ADCs x 1.26 mW for 256 positions x 9 reads x 8 ns.
  EXPECT_NEAR(first.energy_nj[Component::kAdc], 8 * 4 * 1.26e-3 * 256 * 9 * 8, 1e-9);
  // Weights: 27 x 8 x 8 planes of 8 PEs x 65536 cells.
  EXPECT_NEAR(first.utilization, 27 * 8 * 8 / (8 * 65536.0), 1e-15);
  EXPECT_NEAR(result->latency_ns, 118647.3484236045, 1e-6);
  EXPECT_NEAR(result->energy_nj(), 1948.699591598528, 1e-8);
  EXPECT_DOUBLE_EQ(result->operations, 2.0 * (27 * 8 * 256 + 20480));
}

TEST(MnsimSimulator, GroupsSaveAreaAndEnergyAtNoTime) {
  hw::HardwareConfig hardware;
  hardware.crossbar.subarray_rows = 64;
  hardware.pe.dacs_per_subarray = 64;
  const auto cost = [&](int groups) {
    return *make_simulator("mnsim2")->cost(
        testing_support::network({112, 8, 8}, {{"c", conv(112, 112, 3, 1, 1, groups), {-1}}}),
        hardware);
  };
  // 4 groups of 28 channels are one crossbar column each, with a quarter of the outputs.
  EXPECT_LT(cost(4).energy_mj, cost(1).energy_mj);
  EXPECT_LE(cost(4).latency_ms, cost(1).latency_ms);
  EXPECT_LE(cost(4).area_mm2, cost(1).area_mm2);
}

TEST(MnsimSimulator, AdderEnergyIsAnOption) {
  hw::HardwareConfig hardware;
  hardware.pe.groups = 4;
  const nn::Network network =
      testing_support::network({3, 8, 8}, {{"c", conv(3, 8, 3, 1, 1), {-1}}});
  const auto as_mnsim = MnsimSimulator().simulate(network, hardware);
  const auto counted = MnsimSimulator({InputBitRule::kExplicit, ScheduleMode::kPipelined, true})
                           .simulate(network, hardware);
  EXPECT_EQ(as_mnsim->layers[0].energy_nj[Component::kAdder], 0);
  EXPECT_GT(counted->layers[0].energy_nj[Component::kAdder], 0);
  EXPECT_GT(counted->energy_nj(), as_mnsim->energy_nj());
}

TEST(MnsimSimulator, ReasonsForWhatDoesNotFit) {
  const nn::Network network =
      testing_support::network({3, 8, 8}, {{"c", conv(3, 8, 3, 1, 1), {-1}}});
  hw::HardwareConfig hardware;
  hardware.chip.buffer_bitwidth = 512;
  EXPECT_THAT(make_simulator("mnsim2")->cost(network, hardware).reason(),
              testing::HasSubstr("PE input buffer: no SRAM"));
  hardware.pe.input_buffer_from_mapping = false;
  hardware.pe.input_buffer_kb = 4;
  EXPECT_THAT(make_simulator("mnsim2")->cost(network, hardware).reason(),
              testing::HasSubstr("tile output buffer"));
  hardware.tile.output_buffer_from_mapping = false;
  hardware.tile.output_buffer_kb = 4;
  EXPECT_TRUE(make_simulator("mnsim2")->cost(network, hardware).ok());
}

TEST(SimulatorRegistry, KnowsItsNames) {
  ASSERT_FALSE(simulator_registry().empty());
  for (const SimulatorEntry& entry : simulator_registry()) {
    EXPECT_EQ(make_simulator(entry.name)->name(), entry.name);
    EXPECT_FALSE(entry.summary.empty());
  }
  try {
    make_simulator("mnsim");
    FAIL();
  } catch (const base::Error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("did you mean 'mnsim2'"));
  }
}

TEST(SimulationResult, JsonHasTotalsAndParts) {
  const auto result = make_simulator("mnsim2")->simulate(
      testing_support::network({3, 8, 8}, {{"c", conv(3, 8, 3, 1, 1), {-1}}}), {});
  const base::Json json = to_json(*result);
  EXPECT_DOUBLE_EQ(json.at("energy_nj").get<double>(), result->energy_nj());
  EXPECT_EQ(json.at("layers").at(0).at("name"), "c");
  EXPECT_DOUBLE_EQ(json.at("layers").at(0).at("area_um2").at("total").get<double>(),
                   result->area_um2());
  EXPECT_EQ(component_name(Component::kInterTile), "inter_tile");
}

TEST(Cost, Units) {
  const Cost cost = cost_of(2e6, 3e6, 4e6, 0.5);
  EXPECT_DOUBLE_EQ(cost.latency_ms, 2);
  EXPECT_DOUBLE_EQ(cost.energy_mj, 3);
  EXPECT_DOUBLE_EQ(cost.area_mm2, 4);
  EXPECT_DOUBLE_EQ(cost.edp_ms_mj(), 6);
}

}  // namespace
}  // namespace gibbon::sim
