#include "gibbon/train/trainers/layer_plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "train/test_networks.hpp"

namespace gibbon::train {
namespace {

using ::testing::ElementsAre;

TEST(LayerPlan, FindsTheGridThatEachWeightLayerReads) {
  // 0 conv, 1 bn, 2 tanh (9 bits), 3 conv, 4 bn, 5 add, 6 tanh (5 bits), 7 pool, 8 flatten, 9 fc.
  const nn::Network network = testing::block_network({3, 8, 8}, 4, {{4, 3, 1, 5}}, {}, 2);
  const std::vector<LayerPlan> plans = plan_layers(network);
  EXPECT_THAT(plans[0].grid_sources, ElementsAre(nn::kNetworkInput));
  EXPECT_EQ(plans[0].input_bits, 9);
  EXPECT_FALSE(plans[0].requantize_input);
  EXPECT_THAT(plans[3].grid_sources, ElementsAre(2));
  EXPECT_EQ(plans[3].input_bits, 9);
  EXPECT_FALSE(plans[3].requantize_input);
  EXPECT_THAT(plans[9].grid_sources, ElementsAre(6));
  EXPECT_EQ(plans[9].input_bits, 5);
  EXPECT_TRUE(plans[9].requantize_input) << "an average is not on the grid";
}

// As in the test above, and a conv that a pool separates from its batch norm.
TEST(LayerPlan, TheScaleOfWeightsIsFreeWhereABatchNormAloneReadsThem) {
  using namespace nn;
  const Network blocks = testing::block_network({3, 8, 8}, 4, {{4, 3, 1, 5}}, {}, 2);
  const std::vector<LayerPlan> plans = plan_layers(blocks);
  EXPECT_TRUE(plans[0].scale_is_free);
  EXPECT_TRUE(plans[3].scale_is_free);
  EXPECT_FALSE(plans[9].scale_is_free) << "the classifier";
  const auto conv_is_free = [](Layer second, std::vector<int> adds) {
    NetworkDescription d;
    d.name = "n";
    d.input = {3, 8, 8};
    d.num_classes = 4;
    d.layers = {{"conv", Conv{3, 4, 3, 1, 1}, {kNetworkInput}},
                std::move(second),
                {"bn", BatchNorm{4, {}}, {1}},
                {"act", HardTanh{5, 4.0}, {2}},
                {"add", Add{4}, std::move(adds)},
                {"pool", Pool{PoolMode::kGlobalAverage, 8, 8}, {4}},
                {"flatten", Flatten{}, {5}},
                {"fc", Linear{4, 4}, {6}}};
    return plan_layers(Network(d))[0].scale_is_free;
  };
  const Layer pool = {"between", Pool{PoolMode::kMax, 1, 1}, {0}};
  EXPECT_TRUE(conv_is_free(pool, {3, 3}));
  EXPECT_FALSE(conv_is_free(pool, {3, 0})) << "the sum reads the conv too";
  EXPECT_FALSE(conv_is_free(pool, {3, 1})) << "the sum reads the pool too";
  EXPECT_FALSE(conv_is_free({"between", HardTanh{5, 4.0}, {0}}, {3, 3})) << "it clamps";
}

TEST(LayerPlan, OverwritesOnlyWhatNothingElseReads) {
  const nn::Network network = testing::block_network({3, 8, 8}, 4, {{4, 3, 1, 5}}, {}, 2);
  const std::vector<LayerPlan> plans = plan_layers(network);
  EXPECT_TRUE(plans[2].in_place) << "the batch norm's output has one reader";
  EXPECT_TRUE(plans[6].in_place);
  EXPECT_FALSE(plans[3].in_place) << "the stem's output is the shortcut too";
}

TEST(LayerPlan, TheQuantizerRectifiesForAReluThatItAloneReads) {
  using namespace nn;
  const auto plans_of = [](std::vector<int> adds) {
    NetworkDescription d;
    d.name = "n";
    d.input = {3, 8, 8};
    d.num_classes = 4;
    d.layers = {{"conv", Conv{3, 4, 3, 1, 1}, {kNetworkInput}},
                {"bn", BatchNorm{4, {}}, {0}},
                {"relu", Relu{}, {1}},
                {"act", HardTanh{5, 4.0}, {2}},
                {"add", Add{4}, std::move(adds)},
                {"pool", Pool{PoolMode::kGlobalAverage, 8, 8}, {4}},
                {"flatten", Flatten{}, {5}},
                {"fc", Linear{4, 4}, {6}}};
    return plan_layers(Network(d));
  };
  std::vector<LayerPlan> plans = plans_of({3, 3});
  EXPECT_TRUE(plans[2].rectified_by_quantizer);
  EXPECT_TRUE(plans[3].rectified_by_quantizer);
  EXPECT_TRUE(plans[3].in_place) << "over the batch norm's output";
  plans = plans_of({3, 2});
  EXPECT_FALSE(plans[2].rectified_by_quantizer) << "the sum reads the ReLU too";
  EXPECT_FALSE(plans[3].rectified_by_quantizer);
  EXPECT_FALSE(plans[3].in_place);
  plans = plans_of({3, 1});
  EXPECT_TRUE(plans[3].rectified_by_quantizer);
  EXPECT_FALSE(plans[3].in_place) << "the sum reads the batch norm's output";
}

/// Two clamped branches side by side, read by conv "c".
nn::Network branches(nn::HardTanh left, nn::HardTanh right) {
  nn::NetworkDescription d;
  d.name = "n";
  d.input = {3, 8, 8};
  d.num_classes = 4 * 8 * 8;
  d.layers = {{"a", nn::Conv{3, 4, 1}, {nn::kNetworkInput}},
              {"ta", left, {0}},
              {"b", nn::Conv{3, 4, 1}, {nn::kNetworkInput}},
              {"tb", right, {2}},
              {"both", nn::Concat{}, {1, 3}},
              {"c", nn::Conv{8, 4, 1}, {4}},
              {"raw", nn::Concat{}, {2, 4}},
              {"d", nn::Conv{12, 4, 1}, {6}}};
  return nn::Network(d);
}

TEST(LayerPlan, AConcatsReaderHasOneGridForAllItsInputs) {
  const nn::Network network = branches({9, 1.0}, {5, 4.0});
  const std::vector<LayerPlan> plans = plan_layers(network);
  EXPECT_THAT(plans[5].grid_sources, ElementsAre(1, 3));
  EXPECT_EQ(plans[5].input_bits, 9);
  EXPECT_TRUE(plans[5].requantize_input);
  const auto measured = [](int source) { return source == 2 ? 6.0 : -1.0; };
  EXPECT_EQ(input_range(network, plans[5], measured), 4.0);
  // d reads b's own output, whose range is measured, beside the same two.
  EXPECT_THAT(plans[7].grid_sources, ElementsAre(1, 2, 3));
  EXPECT_TRUE(plans[7].requantize_input);
  EXPECT_EQ(input_range(network, plans[7], measured), 6.0);
}

TEST(LayerPlan, AConcatOfOneGridStaysOnIt) {
  EXPECT_FALSE(plan_layers(branches({9, 2.0}, {9, 2.0}))[5].requantize_input);
  EXPECT_TRUE(plan_layers(branches({9, 2.0}, {8, 2.0}))[5].requantize_input);
  EXPECT_TRUE(plan_layers(branches({9, 2.0}, {9, 1.0}))[5].requantize_input);
  // Layers with measured ranges have a grid each.
  EXPECT_TRUE(plan_layers(branches({9, 2.0}, {9, 2.0}))[7].requantize_input);
}

void expect_tail(const LayerPlan& plan, int conv, int norm, int add) {
  ASSERT_TRUE(plan.tail.has_value());
  EXPECT_EQ(plan.tail->conv, conv);
  EXPECT_EQ(plan.tail->norm, norm);
  EXPECT_EQ(plan.tail->add, add);
}

TEST(LayerPlan, FindsTheTailsOfBlocks) {
  const nn::Network network = testing::block_network({3, 8, 8}, 4, {{4, 3, 1, 5}}, {}, 2);
  const std::vector<LayerPlan> plans = plan_layers(network);
  for (const std::size_t index : {0U, 1U, 2U}) expect_tail(plans[index], 0, 1, -1);
  for (const std::size_t index : {3U, 4U, 5U, 6U}) expect_tail(plans[index], 3, 4, 5);
  for (const std::size_t index : {7U, 8U, 9U}) EXPECT_FALSE(plans[index].tail) << index;
}

/// 0 stem, 1 bn, 2 tanh, 3 conv, 4 bn, 5 add of `adds`, 6 relu, 7 tanh, 8 pool, 9 flatten, 10 fc.
std::vector<LayerPlan> tail_plans(std::vector<int> adds, int channels = 4,
                                  std::optional<int> norm_bits = {}, int stem_bits = 9,
                                  int pooled = 7) {
  using namespace nn;
  NetworkDescription d;
  d.name = "n";
  d.input = {3, 8, 8};
  d.num_classes = 4;
  d.layers = {{"stem", Conv{3, 4, 3, 1, 1}, {kNetworkInput}},
              {"stem.bn", BatchNorm{4, {}}, {0}},
              {"stem.act", HardTanh{stem_bits, 1.0}, {1}},
              {"conv", Conv{4, channels, 3, 1, 1}, {2}},
              {"bn", BatchNorm{channels, norm_bits}, {3}},
              {"add", Add{channels}, std::move(adds)},
              {"relu", Relu{}, {5}},
              {"act", HardTanh{5, 4.0}, {6}},
              {"pool", Pool{PoolMode::kGlobalAverage, 8, 8}, {pooled}},
              {"flatten", Flatten{}, {8}},
              {"fc", Linear{channels, 4}, {9}}};
  return plan_layers(Network(d));
}

TEST(LayerPlan, ATailMayRectify) {
  const std::vector<LayerPlan> plans = tail_plans({4, 2});
  for (const std::size_t index : {3U, 4U, 5U, 6U, 7U}) expect_tail(plans[index], 3, 4, 5);
}

/// 0 conv, 1 pool, 2 bn, 3 relu, 4 act, 5 pool, 6 flatten, 7 fc.
std::vector<LayerPlan> pooled_plans(nn::PoolMode mode) {
  using namespace nn;
  NetworkDescription d;
  d.name = "n";
  d.input = {3, 8, 8};
  d.num_classes = 4;
  d.layers = {{"conv", Conv{3, 4, 3, 1, 1}, {kNetworkInput}},
              {"halves", Pool{mode, 2, 2}, {0}},
              {"bn", BatchNorm{4, {}}, {1}},
              {"relu", Relu{}, {2}},
              {"act", HardTanh{5, 4.0}, {3}},
              {"pool", Pool{PoolMode::kGlobalAverage, 4, 4}, {4}},
              {"flatten", Flatten{}, {5}},
              {"fc", Linear{4, 4}, {6}}};
  return plan_layers(Network(d));
}

TEST(LayerPlan, ATailMayPool) {
  const std::vector<LayerPlan> plans = pooled_plans(nn::PoolMode::kMax);
  for (const std::size_t index : {0U, 1U, 2U, 3U, 4U}) {
    expect_tail(plans[index], 0, 2, -1);
    EXPECT_EQ(plans[index].tail->pool, 1);
  }
  EXPECT_FALSE(pooled_plans(nn::PoolMode::kAverage)[4].tail) << "averages leave the grid";
}

TEST(LayerPlan, ATailsShortcutMayHaveOtherChannels) {
  for (const int channels : {2, 6}) expect_tail(tail_plans({4, 2}, channels)[7], 3, 4, 5);
}

TEST(LayerPlan, WhatIsNoTailHasNone) {
  EXPECT_FALSE(tail_plans({2, 4})[7].tail) << "the shortcut comes first";
  EXPECT_FALSE(tail_plans({4, 2, 2})[7].tail) << "a sum of three";
  EXPECT_FALSE(tail_plans({4, 4})[7].tail) << "the sum reads the batch norm twice";
  EXPECT_FALSE(tail_plans({4, 2}, 4, 9)[7].tail) << "the batch norm quantises";
  EXPECT_FALSE(tail_plans({4, 2}, 4, {}, 9, 6)[7].tail) << "the pool reads the ReLU too";
  EXPECT_TRUE(tail_plans({4, 2}, 4, {}, 15)[7].tail);
  EXPECT_FALSE(tail_plans({4, 2}, 4, {}, 16)[7].tail) << "16 bits do not fit the codes";
  EXPECT_TRUE(tail_plans({4, 2}, 4, {}, 16)[2].tail) << "the stem's own output has the input's";
}

TEST(LayerPlan, FixedRanges) {
  const nn::Network network = testing::block_network({3, 8, 8}, 4, {{4, 3, 1, 5}}, {}, 2);
  EXPECT_DOUBLE_EQ(fixed_range(network, nn::kNetworkInput), 1.0);  // 255 levels of 1/255
  EXPECT_EQ(fixed_range(network, 2), 1.0);
  EXPECT_LT(fixed_range(network, 0), 0.0);
}

}  // namespace
}  // namespace gibbon::train
