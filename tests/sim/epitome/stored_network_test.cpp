#include "gibbon/sim/epitome/stored_network.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "error_of.hpp"
#include "gibbon/nn/residual_network.hpp"
#include "gibbon/sim/epitome/storage_costs.hpp"
#include "gibbon/sim/simulator.hpp"

namespace gibbon::sim {
namespace {

nn::Network small_residual_network() {
  nn::ResidualNetwork residual;
  residual.width = 16;
  residual.blocks = {1, 1};
  return nn::make_residual_network(residual);
}

std::vector<LayerStorage> by_rule(const nn::Network& network) {
  return uniform_storage(network, 4, nn::parse_epitome_rule("64x8"));
}

TEST(StoredNetwork, KeepsWhatTheStorageSays) {
  const nn::Network network = small_residual_network();
  const hw::HardwareConfig hardware;
  EXPECT_FALSE(has_epitomes(network));
  const nn::Network stored = stored_network(network, by_rule(network), hardware);
  EXPECT_TRUE(has_epitomes(stored));
  const auto again = storage_of(stored, hardware);
  const auto expected = by_rule(network);
  for (std::size_t i = 0; i < again.size(); ++i) {
    EXPECT_EQ(again[i].epitome, expected[i].epitome) << i;
    const auto* conv = std::get_if<nn::Conv>(&stored.layers()[i].parameters);
    if (conv == nullptr) continue;
    EXPECT_EQ(conv->weight_bits, 5);  // 4 slices and the sign
    EXPECT_EQ(again[i].slices, 4);
  }
}

/// One crossbar instead of a pair holds the sign as a bit.
TEST(StoredNetwork, TheSignTakesASliceOfASingleCrossbar) {
  hw::HardwareConfig hardware;
  hardware.pe.polarity = 2;
  EXPECT_EQ(weight_slices(9, hardware), 8);
  hardware.pe.polarity = 1;
  EXPECT_EQ(weight_slices(9, hardware), 9);
  const nn::Network stored =
      stored_network(small_residual_network(), by_rule(small_residual_network()), hardware);
  EXPECT_EQ(std::get<nn::Conv>(stored.layers()[0].parameters).weight_bits, 4);
}

TEST(StoredNetwork, ModelsCostItAsSimulateStoredDoes) {
  const hw::HardwareConfig hardware;
  const nn::Network network = small_residual_network();
  const nn::Network stored = stored_network(network, by_rule(network), hardware);
  for (const char* model : {"mnsim2", "mnsim2-corrected", "mnsim2-packed"}) {
    const auto expected = simulate_stored(stored, hardware, packed_model(model),
                                          stored_layers(stored, storage_of(stored, hardware)));
    const auto simulator = make_simulator(model);
    const auto result = simulator->simulate(stored, hardware);
    EXPECT_EQ(to_json(*result), to_json(*expected)) << model;
    EXPECT_EQ(simulator->cost(stored, hardware)->energy_mj, summarize(*result).energy_mj) << model;
    EXPECT_THAT(test::error_of([&] { simulator->explain(stored, hardware, Quantity::kEnergy); }),
                testing::HasSubstr("the rounds of epitomes are not explained"));
  }
}

TEST(StoredNetwork, TheDigitalModelRefusesEpitomes) {
  hw::HardwareConfig hardware;
  hardware.digital_cim.emplace();
  const nn::Network network = small_residual_network();
  const nn::Network stored = stored_network(network, by_rule(network), hardware);
  EXPECT_EQ(test::error_of([&] { make_simulator("digital_cim")->cost(stored, hardware); }),
            "the cost model 'digital_cim' knows no epitomes");
}

/// 16 filters of 8 slices are 128 columns of one crossbar instead of 8 planes of 16 columns.
TEST(StoredNetwork, ThePackedModelPacksWithoutEpitomes) {
  const hw::HardwareConfig hardware;
  const nn::Network network = small_residual_network();
  const auto planes = make_simulator("mnsim2")->simulate(network, hardware);
  const auto packed = make_simulator("mnsim2-packed")->simulate(network, hardware);
  EXPECT_EQ(packed->layers[0].processing_elements, 1);
  EXPECT_EQ(planes->layers[0].processing_elements, 8 / hardware.pe.groups);
  EXPECT_EQ(make_simulator("mnsim2-packed")->name(), "mnsim2-packed");
}

TEST(StoredNetwork, StorageOfAnotherNetworkIsRefused) {
  EXPECT_EQ(test::error_of([] {
              stored_network(small_residual_network(), std::vector<LayerStorage>(3), {});
            }).substr(0, 22),
            "network 'resnet18' has");
}

}  // namespace
}  // namespace gibbon::sim
