#include "gibbon/sim/simulators/vector_layer.hpp"

#include <gmock/gmock.h>

#include "gibbon/nn/vision_transformer.hpp"
#include "gibbon/sim/simulators/mnsim.hpp"
#include "sim/small_networks.hpp"

namespace gibbon::sim {
namespace {

using testing_support::conv;

/// 3 tokens of 8 features; attention of 2 heads over queries, keys and values of 9 bits.
nn::Network attention() {
  return testing_support::network({8, 3, 1}, {{"query", conv(8, 8, 1), {-1}},
                                              {"key", conv(8, 8, 1), {-1}},
                                              {"value", conv(8, 8, 1), {-1}},
                                              {"scores", nn::MatMul{2, true, 0.5, 9}, {0, 1}},
                                              {"shares", nn::Softmax{2}, {3}},
                                              {"context", nn::MatMul{2, false, 1, 9}, {4, 2}},
                                              {"norm", nn::LayerNorm{8, 7}, {5}},
                                              {"next", conv(8, 8, 1), {6}}});
}

hw::HardwareConfig four_lanes() {
  hw::HardwareConfig hardware;
  hardware.vector_unit.lanes = 4;
  return hardware;
}

const LayerResult& layer_named(const SimulationResult& result, std::string_view name) {
  for (const LayerResult& layer : result.layers) {
    if (layer.name == name) return layer;
  }
  throw std::logic_error("no layer " + std::string(name));
}

/// A token's scores: 2 heads x 3 tokens x 4 features = 24 multiply-accumulates, 6 cycles of 2 ns on
/// 4 lanes; 8 x 9 = 72 bits in, two words of 64 at 20 ns; 6 x 9 = 54 bits out, one word.
/// The layer behind is beside the tiles, too, so that nothing is moved.
TEST(VectorLayer, TimesOfAttentionByHand) {
  const auto result = *MnsimSimulator().simulate(attention(), four_lanes());
  const LayerResult& scores = layer_named(result, "scores");
  EXPECT_DOUBLE_EQ(scores.busy_ns[Component::kVectorUnit], 3 * 12.0);
  EXPECT_DOUBLE_EQ(scores.busy_ns[Component::kBufferWrite], 3 * 40.0);
  EXPECT_DOUBLE_EQ(scores.busy_ns[Component::kBufferRead], 3 * 20.0);
  EXPECT_DOUBLE_EQ(scores.busy_ns[Component::kInterTile], 0);
  EXPECT_EQ(scores.type, "matmul");
  EXPECT_EQ(scores.tiles, 0);
  // Softmax: 8 operations for each of 6 shares, 12 cycles; norm: 64 operations, 16 cycles.
  EXPECT_DOUBLE_EQ(layer_named(result, "shares").busy_ns[Component::kVectorUnit], 3 * 24.0);
  EXPECT_DOUBLE_EQ(layer_named(result, "norm").busy_ns[Component::kVectorUnit], 3 * 32.0);
}

/// Two operations a multiply-accumulate, 0.75 pJ each at 45 nm and 0.9 V (0.4 pJ an addition, 1.1 a
/// multiplication): 3 x 48 x 0.75 = 108 pJ.
/// The memory holds two tokens of 9 bytes and keys of 27: 45 bytes, an SRAM of 45/1024 KB with
/// 10 sqrt(45/1024/8) / 8 = 0.0926448 pJ a byte. Written 27 + 27 bytes, read 27 and 3 x 27.
TEST(VectorLayer, EnergiesAndAreasByHand) {
  const auto result = *MnsimSimulator().simulate(attention(), four_lanes());
  const LayerResult& scores = layer_named(result, "scores");
  EXPECT_NEAR(scores.energy_nj[Component::kVectorUnit], 0.108, 1e-12);
  EXPECT_NEAR(scores.energy_nj[Component::kBufferWrite], 54 * 0.0926448e-3, 1e-8);
  EXPECT_NEAR(scores.energy_nj[Component::kBufferRead], 108 * 0.0926448e-3, 1e-8);
  EXPECT_NEAR(scores.power_w[Component::kVectorUnit], 0.108 / 36, 1e-12);
  // 4 lanes of 1360 + 1640 um^2; 45 x 8 cells of 0.346 um^2, half of the memory's area.
  EXPECT_NEAR(scores.area_um2[Component::kVectorUnit], 12000, 1e-6);
  EXPECT_NEAR(scores.area_um2[Component::kBufferRead], 360 * 0.346 * 2, 1e-6);
}

/// 22 nm and 0.8 V: 0.75 pJ x (111.15 / 160) x (0.8 / 0.9)^2.
TEST(VectorLayer, FollowsItsNodeAndVoltage) {
  hw::HardwareConfig hardware = four_lanes();
  hardware.vector_unit.technology_nm = 22;
  hardware.vector_unit.voltage_v = 0.8;
  const auto result = *MnsimSimulator().simulate(attention(), hardware);
  EXPECT_NEAR(layer_named(result, "scores").energy_nj[Component::kVectorUnit],
              0.108 * 111.15 / 160 * 64 / 81, 1e-9);
}

TEST(VectorLayer, MoreLanesTakeLessTimeAndTheSameEnergy) {
  hw::HardwareConfig wide = four_lanes();
  wide.vector_unit.lanes = 24;  // 24 multiply-accumulates in one cycle
  const auto result = *MnsimSimulator().simulate(attention(), wide);
  const LayerResult& scores = layer_named(result, "scores");
  EXPECT_DOUBLE_EQ(scores.busy_ns[Component::kVectorUnit], 3 * 2.0);
  EXPECT_NEAR(scores.energy_nj[Component::kVectorUnit], 0.108, 1e-12);
  wide.vector_unit.lanes = 23;
  EXPECT_DOUBLE_EQ(layer_named(*MnsimSimulator().simulate(attention(), wide), "scores")
                       .busy_ns[Component::kVectorUnit],
                   3 * 4.0);
}

/// Scores wait for all keys; shares follow them token by token; a context waits for all values and
/// its own token's shares.
TEST(VectorLayer, WaitsForTheWholeSecondOperand) {
  const auto result = *MnsimSimulator().simulate(attention(), four_lanes());
  const LayerResult& scores = layer_named(result, "scores");
  EXPECT_DOUBLE_EQ(scores.begin_ns, layer_named(result, "key").finish_ns);
  const LayerResult& shares = layer_named(result, "shares");
  EXPECT_DOUBLE_EQ(shares.begin_ns, scores.begin_ns + 72);
  EXPECT_LT(shares.begin_ns, scores.finish_ns);
  EXPECT_LT(layer_named(result, "context").begin_ns, shares.finish_ns);
}

TEST(VectorLayer, TheClassTokenWaitsForNothing) {
  const auto vit = [](bool class_token) {
    return testing_support::network({3, 2, 2}, {{"patch", conv(3, 8, 1), {-1}},
                                                {"tokens", nn::Tokens{class_token}, {0}},
                                                {"class", nn::SelectToken{0}, {1}},
                                                {"norm", nn::LayerNorm{8, {}}, {2}}});
  };
  const auto with = *MnsimSimulator().simulate(vit(true), {});
  EXPECT_EQ(layer_named(with, "tokens").begin_ns, 0);
  // The choice of a token is free; what reads it waits for all tokens.
  ASSERT_EQ(with.layers.size(), 3U);
  EXPECT_EQ(layer_named(with, "norm").begin_ns, layer_named(with, "tokens").finish_ns);
  const auto without = *MnsimSimulator().simulate(vit(false), {});
  EXPECT_GT(layer_named(without, "tokens").begin_ns, 0);
}

TEST(VectorLayer, EveryModelCostsViTB) {
  const nn::Network vit = nn::make_vision_transformer({});
  for (const char* name : {"mnsim2", "mnsim2-corrected", "mnsim2-packed"}) {
    const auto simulator = make_simulator(name);
    const auto result = simulator->simulate(vit, {});
    ASSERT_TRUE(result.ok()) << result.reason();
    const Cost cost = *simulator->cost(vit, {});
    const Cost summary = summarize(*result);
    EXPECT_EQ(cost.latency_ms, summary.latency_ms);
    EXPECT_EQ(cost.energy_mj, summary.energy_mj);
    EXPECT_EQ(cost.area_mm2, summary.area_mm2);
    for (const LayerResult& layer : result->layers) {
      EXPECT_GT(layer.finish_ns, layer.begin_ns) << layer.name;
      for (const double value : layer.energy_nj.values) EXPECT_GE(value, 0) << layer.name;
    }
    for (const Quantity quantity : kQuantities) {
      const Explanation explanation = *simulator->explain(vit, {}, quantity);
      double sum = 0;
      for (const Term& term : explanation.terms) sum += term.value;
      EXPECT_NEAR(sum, explanation.total, 1e-9 * explanation.total) << quantity_name(quantity);
    }
  }
}

TEST(VectorLayer, BiasesAreFree) {
  nn::VisionTransformer biased;
  biased.biases = true;
  for (const char* name : {"mnsim2", "mnsim2-corrected", "mnsim2-packed"}) {
    const auto simulator = make_simulator(name);
    const Cost with = *simulator->cost(nn::make_vision_transformer(biased), {});
    const Cost without = *simulator->cost(nn::make_vision_transformer({}), {});
    EXPECT_EQ(with.latency_ms, without.latency_ms) << name;
    EXPECT_EQ(with.energy_mj, without.energy_mj) << name;
    EXPECT_EQ(with.area_mm2, without.area_mm2) << name;
  }
}

TEST(VectorLayer, LayerByLayerIsSlower) {
  MnsimOptions options;
  options.schedule = ScheduleMode::kLayerByLayer;
  EXPECT_GT(MnsimSimulator(options).cost(attention(), {})->latency_ms,
            MnsimSimulator().cost(attention(), {})->latency_ms);
}

}  // namespace
}  // namespace gibbon::sim
