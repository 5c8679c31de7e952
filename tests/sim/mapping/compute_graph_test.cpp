#include "gibbon/sim/mapping/compute_graph.hpp"

#include <gmock/gmock.h>

#include "sim/small_networks.hpp"

namespace gibbon::sim {
namespace {

using testing::ElementsAre;
using testing_support::conv;

/// conv a (5 bits) -> norm -> tanh (7) -> conv b (6) -> add(b, tanh) -> conv c -> pool -> flatten
/// -> linear.
nn::Network residual() {
  nn::Conv a = conv(3, 8, 3, 1, 1);
  a.activation_bits = 5;
  nn::Conv b = conv(8, 8, 3, 1, 1);
  b.activation_bits = 6;
  nn::Conv c = conv(8, 4, 1);
  c.activation_bits = 8;
  nn::Linear fc;
  fc.in_features = 4;
  fc.out_features = 2;
  return testing_support::network(
      {3, 8, 8}, {{"a", a, {-1}},
                  {"norm", nn::BatchNorm{8, {}}, {0}},
                  {"tanh", nn::HardTanh{7}, {1}},
                  {"b", b, {2}},
                  {"add", nn::Add{8, 9}, {3, 2}},
                  {"c", c, {4}},
                  {"pool", nn::Pool{nn::PoolMode::kGlobalAverage, 2, 2, 0, 9}, {5}},
                  {"flat", nn::Flatten{}, {6}},
                  {"fc", fc, {7}}});
}

std::vector<int> input_bits(InputBitRule rule) {
  ComputeGraph graph;
  build_compute_graph(residual(), rule, graph);
  std::vector<int> bits;
  for (const ComputeLayer& layer : graph.layers) {
    if (layer.kind == ComputeKind::kConv || layer.kind == ComputeKind::kLinear) {
      bits.push_back(layer.input_bits);
    }
  }
  return bits;
}

TEST(ComputeGraph, LinksThroughTransparentLayers) {
  ComputeGraph graph;
  build_compute_graph(residual(), InputBitRule::kExplicit, graph);
  ASSERT_EQ(graph.layers.size(), 6U);  // a, b, add, c, pool, fc
  EXPECT_THAT(graph.sources_of(graph.layers[0]), ElementsAre(-1));
  EXPECT_THAT(graph.sources_of(graph.layers[2]), ElementsAre(1, 0));
  EXPECT_THAT(graph.destinations_of(graph.layers[0]), ElementsAre(1, 2));
  EXPECT_THAT(graph.destinations_of(graph.layers[5]), testing::IsEmpty());
  EXPECT_EQ(graph.layers[5].network_index, 8);
  EXPECT_EQ(graph.reference_source(graph.layers[2]), 1);
  EXPECT_EQ(graph.layers[2].output_bits, 6);  // of b
}

TEST(ComputeGraph, InputBitRules) {
  // a reads the input (9); b reads tanh (7); c reads max(b 6, tanh 7); fc reads c (8) via the pool.
  EXPECT_THAT(input_bits(InputBitRule::kExplicit), ElementsAre(9, 7, 7, 8));
  EXPECT_THAT(input_bits(InputBitRule::kOwn), ElementsAre(5, 6, 8, 9));
  // The last quantiser in list order: for c that is b, not the add's widest input.
  EXPECT_THAT(input_bits(InputBitRule::kPropagated), ElementsAre(9, 7, 6, 8));
}

TEST(ComputeGraph, GlobalAverageWaitsForItsWholeInput) {
  ComputeGraph graph;
  build_compute_graph(residual(), InputBitRule::kExplicit, graph);
  EXPECT_EQ(graph.layers[4].kernel, 8);
  build_compute_graph(residual(), InputBitRule::kOwn, graph);
  EXPECT_EQ(graph.layers[4].kernel, 2);  // as stated by the layer
}

TEST(ComputeGraph, AddOfOtherChannelCounts) {
  ComputeGraph graph;
  build_compute_graph(testing_support::network({3, 8, 8}, {{"a", conv(3, 8, 1), {-1}},
                                                           {"b", conv(3, 16, 1), {-1}},
                                                           {"add", nn::Add{16, 9}, {0, 1}}}),
                      InputBitRule::kExplicit, graph);
  EXPECT_EQ(graph.layers[2].out_channels, 16);
  EXPECT_EQ(graph.layers[2].positions(), 64);
}

TEST(ComputeGraph, AddOfTheInputAndAddsAloneUsesItsOwnBits) {
  ComputeGraph graph;
  build_compute_graph(testing_support::network({3, 8, 8}, {{"add", nn::Add{3, 7}, {-1, -1}},
                                                           {"again", nn::Add{3, 5}, {0, 0}}}),
                      InputBitRule::kExplicit, graph);
  EXPECT_EQ(graph.layers[0].output_bits, 7);
  EXPECT_EQ(graph.layers[1].output_bits, 5);
}

/// a (5 bits) and b (7 bits, behind a norm) side by side, and beside them the input and a again.
nn::Network joined() {
  nn::Conv a = conv(3, 4, 1);
  a.activation_bits = 5;
  nn::Conv b = conv(3, 8, 1);
  b.activation_bits = 7;
  return testing_support::network({3, 8, 8}, {{"a", a, {-1}},
                                              {"b", b, {-1}},
                                              {"norm", nn::BatchNorm{8, {}}, {1}},
                                              {"ab", nn::Concat{}, {0, 2}},
                                              {"relu", nn::Relu{}, {3}},
                                              {"c", conv(12, 2, 1), {4}},
                                              {"all", nn::Concat{}, {0, 4, -1}},
                                              {"d", conv(19, 12, 1), {6}},
                                              {"sum", nn::Add{12, 9}, {7, 4}}});
}

TEST(ComputeGraph, AConcatsReaderHasAllItsProducersOnce) {
  ComputeGraph graph;
  build_compute_graph(joined(), InputBitRule::kExplicit, graph);
  ASSERT_EQ(graph.layers.size(), 5U);  // a, b, c, d, sum
  EXPECT_THAT(graph.sources_of(graph.layers[2]), ElementsAre(0, 1));
  EXPECT_EQ(graph.layers[2].in_channels, 12);
  EXPECT_THAT(graph.sources_of(graph.layers[3]), ElementsAre(0, 1, -1));
  EXPECT_EQ(graph.layers[3].in_channels, 19);
  EXPECT_THAT(graph.destinations_of(graph.layers[1]), ElementsAre(2, 3, 4));
}

TEST(ComputeGraph, AConcatsReaderReadsTheWidestBits) {
  ComputeGraph graph;
  build_compute_graph(joined(), InputBitRule::kExplicit, graph);
  EXPECT_EQ(graph.layers[2].input_bits, 7);  // of a 5, b 7
  EXPECT_EQ(graph.layers[3].input_bits, 9);  // and the input 9
}

TEST(ComputeGraph, AnAddOfAConcatHasTwoOperands) {
  ComputeGraph graph;
  build_compute_graph(joined(), InputBitRule::kExplicit, graph);
  EXPECT_THAT(graph.sources_of(graph.layers[4]), ElementsAre(3, 0, 1));
  EXPECT_EQ(graph.layers[4].operands, 2);
  EXPECT_EQ(accumulator_data_bytes(graph.layers[4]), 12 * 9 * 2 / 8.0);
}

/// Each concat doubles the last one: 2^24 namings of the input, one source.
TEST(ComputeGraph, NestedConcatsStaySmall) {
  std::vector<nn::Layer> layers;
  for (int i = 0; i < 24; ++i) {
    layers.push_back({"n" + std::to_string(i), nn::Concat{}, {i - 1, i - 1}});
  }
  layers.push_back({"fc", nn::Linear{1 << 24, 2}, {23}});
  ComputeGraph graph;
  build_compute_graph(testing_support::network({1, 1, 1}, layers), InputBitRule::kExplicit, graph);
  ASSERT_EQ(graph.layers.size(), 1U);
  EXPECT_THAT(graph.sources_of(graph.layers[0]), ElementsAre(-1));
}

}  // namespace
}  // namespace gibbon::sim
