#include "gibbon/sim/mapping/packed_crossbars.hpp"

#include <gtest/gtest.h>

#include <string>

#include "../small_networks.hpp"
#include "error_of.hpp"

namespace gibbon::sim {
namespace {

using test::error_of;

constexpr CrossbarSize kSize{256, 256};

/// The five shapes of layers of ResNet-50, by hand, with 32 slices.
TEST(PackedCrossbars, AreWholeChannelsTimesPackedSlices) {
  // 7x7, 3 to 64: floor(256/49) = 5 channels, 1 row block; 64 x 32 / 256 = 8.
  EXPECT_EQ(packed_crossbars(3, 49, 64, 32, kSize), 8);
  // 3x3, 64 to 64: floor(256/9) = 28, ceil(64/28) = 3; 8.
  EXPECT_EQ(packed_crossbars(64, 9, 64, 32, kSize), 24);
  // 3x3, 512 to 512: ceil(512/28) = 19; 64.
  EXPECT_EQ(packed_crossbars(512, 9, 512, 32, kSize), 1216);
  // 1x1, 1024 to 2048: 4; 256.
  EXPECT_EQ(packed_crossbars(1024, 1, 2048, 32, kSize), 1024);
  // 2048 to 1000: 8; 1000 x 32 / 256 = 125.
  EXPECT_EQ(packed_crossbars(2048, 1, 1000, 32, kSize), 1000);
}

TEST(PackedCrossbars, BoundariesOfRowsAndColumns) {
  EXPECT_EQ(packed_crossbars(28, 9, 256, 1, kSize), 1);
  EXPECT_EQ(packed_crossbars(29, 9, 256, 1, kSize), 2);
  EXPECT_EQ(packed_crossbars(28, 9, 257, 1, kSize), 2);
  EXPECT_EQ(packed_crossbars(28, 9, 128, 2, kSize), 1);
  EXPECT_EQ(packed_crossbars(28, 9, 129, 2, kSize), 2);
  // Slices are packed: 3 x 86 = 258 columns are 2 crossbars, not a crossbar for each slice.
  EXPECT_EQ(packed_crossbars(1, 1, 86, 3, kSize), 2);
  EXPECT_EQ(packed_crossbars(1, 256, 1, 1, kSize), 1);
}

TEST(PackedCrossbars, ImpossibleNumbersAreRefused) {
  EXPECT_EQ(error_of([] { packed_crossbars(1, 257, 1, 1, kSize); }),
            "the 257 rows of a channel do not fit the 256 of a crossbar");
  EXPECT_EQ(error_of([] { packed_crossbars(0, 1, 2, 3, kSize); }),
            "0 channels of 1 rows, 2 columns and 3 slices: all must be positive");
  EXPECT_EQ(error_of([] { packed_crossbars(1, 1, 1, 0, kSize); }),
            "1 channels of 1 rows, 1 columns and 0 slices: all must be positive");
  EXPECT_EQ(error_of([] {
              packed_crossbars(1, 1, 1, 1, {256, 0});
            }),
            "crossbars of 256x0 are not positive");
}

TEST(PackedCrossbars, QuantizedWeightsLeaveTheSignToThePair) {
  EXPECT_EQ(quantized_weight_slices(9), 8);
  EXPECT_EQ(quantized_weight_slices(2), 1);
  EXPECT_EQ(quantized_weight_slices(16), 15);
  EXPECT_EQ(error_of([] { quantized_weight_slices(1); }), "weights of 1 bits, allowed are 2 to 16");
  EXPECT_EQ(error_of([] { quantized_weight_slices(17); }),
            "weights of 17 bits, allowed are 2 to 16");
}

class PackedNetwork : public testing::Test {
 protected:
  /// 3x3, 64 to 300; 1x1, 300 to 10; 10 to 5.
  const nn::Network network_ = testing_support::network(
      {64, 4, 4}, {{"a", testing_support::conv(64, 300, 3, 1, 1), {nn::kNetworkInput}},
                   {"relu", nn::Relu{}, {0}},
                   {"b", testing_support::conv(300, 10, 1), {1}},
                   {"pool", nn::Pool{nn::PoolMode::kGlobalAverage, 4, 4, 0, 9}, {2}},
                   {"flat", nn::Flatten{}, {3}},
                   {"fc", nn::Linear{10, 5, 9, 9, -2}, {4}}});
};

/// a: ceil(64/28) = 3 by ceil(300 x 2 / 256) = 3: 9; b: 2 by 1; fc: 1. 12 crossbars.
/// Cells: 2 x (300 x 576 + 3000 + 50) = 351700 of 12 x 65536 = 786432: 44.72 %.
TEST_F(PackedNetwork, SumsItsLayers) {
  const auto storage = uniform_storage(network_, 2);
  const NetworkCrossbars count = count_packed_crossbars(network_, storage);
  ASSERT_EQ(count.layers.size(), 3u);
  EXPECT_EQ(count.layers[0].crossbars, 9);
  EXPECT_EQ(count.layers[1].crossbars, 2);
  EXPECT_EQ(count.layers[2].crossbars, 1);
  EXPECT_EQ(count.layers[2].layer, 5);
  EXPECT_EQ(count.layers[2].name, "fc");
  EXPECT_EQ(count.crossbars(), 12);
  EXPECT_EQ(count.stored_weights(), network_.weight_count());
  EXPECT_DOUBLE_EQ(count.utilization(), 351700.0 / 786432);
}

/// Epitomes of 256x128: floor(256/9) = 28 channels of 3x3: 28 x 9 x 128 = 32256 weights, less than
/// a's 172800: one crossbar for each slice's 128 columns, 1 by 128 x 2 / 256 = 1. b has fewer
/// weights than an epitome and stays.
TEST_F(PackedNetwork, LargeConvolutionsBecomeEpitomes) {
  const auto storage = uniform_storage(network_, 2, nn::parse_epitome_rule("256x128"));
  EXPECT_EQ(storage[0].epitome, (nn::EpitomeShape{128, 28, 3, 3}));
  EXPECT_EQ(storage[2].epitome, std::nullopt);
  EXPECT_EQ(storage[5].epitome, std::nullopt);
  const NetworkCrossbars count = count_packed_crossbars(network_, storage);
  EXPECT_EQ(count.layers[0].crossbars, 1);
  EXPECT_EQ(count.layers[0].stored_weights, 32256);
  EXPECT_EQ(count.layers[0].used_cells, 64512);
  EXPECT_EQ(count.crossbars(), 4);
}

TEST_F(PackedNetwork, LayersMayDifferInTheirBits) {
  auto storage = uniform_storage(network_, 2);
  storage[0].slices = 4;  // 3 by ceil(300 x 4 / 256) = 5
  EXPECT_EQ(count_packed_crossbars(network_, storage).crossbars(), 15 + 2 + 1);
}

TEST_F(PackedNetwork, MistakesNameTheLayer) {
  auto storage = uniform_storage(network_, 2);
  storage[5].epitome = nn::EpitomeShape{1, 1, 1, 1};
  EXPECT_EQ(error_of([&] { count_packed_crossbars(network_, storage); }),
            "layer 'fc': only a convolution can be an epitome");
  storage.pop_back();
  EXPECT_EQ(error_of([&] { count_packed_crossbars(network_, storage); }),
            "network 'small' has 6 layers, storage is given for 5");
  const auto all = uniform_storage(network_, 2);
  EXPECT_EQ(error_of([&] {
              count_packed_crossbars(network_, all, {8, 8});
            }),
            "layer 'a': the 9 rows of a channel do not fit the 8 of a crossbar");
  const nn::Network grouped = testing_support::network(
      {4, 4, 4}, {{"g", testing_support::conv(4, 4, 1, 1, 0, 2), {nn::kNetworkInput}}});
  EXPECT_EQ(error_of([&] { count_packed_crossbars(grouped, uniform_storage(grouped, 2)); }),
            "layer 'g': 2 groups; only ungrouped convolutions are counted");
}

TEST(PackedCrossbars, ANetworkWithoutWeightsHasNone) {
  const nn::Network relu =
      testing_support::network({1, 1, 1}, {{"r", nn::Relu{}, {nn::kNetworkInput}}});
  const NetworkCrossbars count = count_packed_crossbars(relu, uniform_storage(relu, 1));
  EXPECT_EQ(count.crossbars(), 0);
  EXPECT_EQ(count.utilization(), 0);
}

}  // namespace
}  // namespace gibbon::sim
