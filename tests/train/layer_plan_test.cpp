#include "gibbon/train/trainers/layer_plan.hpp"

#include <gtest/gtest.h>

#include "train/test_networks.hpp"

namespace gibbon::train {
namespace {

TEST(LayerPlan, FindsTheGridThatEachWeightLayerReads) {
  // 0 conv, 1 bn, 2 tanh (9 bits), 3 conv, 4 bn, 5 add, 6 tanh (5 bits), 7 pool, 8 flatten, 9 fc.
  const nn::Network network = testing::block_network({3, 8, 8}, 4, {{4, 3, 1, 5}}, {}, 2);
  const std::vector<LayerPlan> plans = plan_layers(network);
  EXPECT_EQ(plans[0].grid_source, nn::kNetworkInput);
  EXPECT_EQ(plans[0].input_bits, 9);
  EXPECT_FALSE(plans[0].requantize_input);
  EXPECT_EQ(plans[3].grid_source, 2);
  EXPECT_EQ(plans[3].input_bits, 9);
  EXPECT_FALSE(plans[3].requantize_input);
  EXPECT_EQ(plans[9].grid_source, 6);
  EXPECT_EQ(plans[9].input_bits, 5);
  EXPECT_TRUE(plans[9].requantize_input) << "an average is not on the grid";
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

TEST(LayerPlan, FixedRanges) {
  const nn::Network network = testing::block_network({3, 8, 8}, 4, {{4, 3, 1, 5}}, {}, 2);
  EXPECT_DOUBLE_EQ(fixed_range(network, nn::kNetworkInput), 1.0);  // 255 levels of 1/255
  EXPECT_EQ(fixed_range(network, 2), 1.0);
  EXPECT_LT(fixed_range(network, 0), 0.0);
}

}  // namespace
}  // namespace gibbon::train
