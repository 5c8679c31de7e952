#include "gibbon/nn/starting_weights.hpp"

#include <gmock/gmock.h>

#include "error_of.hpp"
#include "gibbon/nn/vision_transformer.hpp"

namespace gibbon::nn {
namespace {

using test::error_of;
using ::testing::Each;
using ::testing::ElementsAre;

constexpr int kIn = kNetworkInput;

Network two_convolutions(std::vector<Layer> layers) {
  NetworkDescription description;
  description.name = "two";
  description.input = {1, 4, 4};
  description.layers = std::move(layers);
  return Network(description);
}

Conv pointwise(int in, int out) {
  Conv conv;
  conv.in_channels = in;
  conv.out_channels = out;
  conv.kernel = 1;
  return conv;
}

/// Layer i has weights of the value i + 1 (of the right number for none but convolutions).
TrainedNetwork numbered(const Network& network) {
  TrainedNetwork trained{network, std::vector<LayerState>(network.layers().size())};
  for (std::size_t i = 0; i < trained.states.size(); ++i) {
    trained.states[i].weight.assign(2, static_cast<float>(i + 1));
    trained.states[i].gamma.assign(2, static_cast<float>(i + 1));
    trained.states[i].beta.assign(2, static_cast<float>(i + 1));
    trained.states[i].output_range = 7;
  }
  return trained;
}

TEST(StartingWeights, NamesDecideWhereAllAreThere) {
  const Network source = two_convolutions(
      {{"a", pointwise(1, 2), {kIn}}, {"b", pointwise(1, 2), {kIn}}, {"sum", Add{2}, {0, 1}}});
  const Network swapped = two_convolutions(
      {{"b", pointwise(1, 2), {kIn}}, {"a", pointwise(1, 2), {kIn}}, {"sum", Add{2}, {0, 1}}});
  const TrainedNetwork given = with_weights_of(swapped, numbered(source));
  EXPECT_THAT(given.states[0].weight, Each(2.0F));
  EXPECT_THAT(given.states[1].weight, Each(1.0F));
  EXPECT_EQ(given.states[0].output_range, -1);  // measured anew
}

/// The list of layers is another one, what reads what is the same: x goes into the sum first.
TEST(StartingWeights, ConnectionsDecideOtherwise) {
  const Network source = two_convolutions(
      {{"y", pointwise(1, 2), {kIn}}, {"x", pointwise(1, 2), {kIn}}, {"sum", Add{2}, {1, 0}}});
  const Network network = two_convolutions({{"first", pointwise(1, 2), {kIn}},
                                            {"second", pointwise(1, 2), {kIn}},
                                            {"sum", Add{2}, {0, 1}}});
  const TrainedNetwork given = with_weights_of(network, numbered(source));
  EXPECT_THAT(given.states[0].weight, Each(2.0F));
  EXPECT_THAT(given.states[1].weight, Each(1.0F));
}

TEST(StartingWeights, BatchNormsOfAnotherNumberBeginNeutral) {
  const Network source = two_convolutions({{"a", pointwise(1, 2), {kIn}},
                                           {"inner", BatchNorm{2, {}}, {0}},
                                           {"norm", BatchNorm{2, {}}, {1}}});
  const Network network =
      two_convolutions({{"conv", pointwise(1, 2), {kIn}}, {"bn", BatchNorm{2, {}}, {0}}});
  const TrainedNetwork given = with_weights_of(network, numbered(source));
  EXPECT_THAT(given.states[0].weight, Each(1.0F));
  EXPECT_THAT(given.states[1].gamma, ElementsAre(1, 1));
  EXPECT_THAT(given.states[1].beta, ElementsAre(0, 0));
  const TrainedNetwork same = with_weights_of(source, numbered(source));
  EXPECT_THAT(same.states[1].gamma, ElementsAre(2, 2));
  EXPECT_THAT(same.states[2].beta, ElementsAre(3, 3));
}

/// b - bias - a - bias against conv1 - shift1 - conv2 - shift2, and a source without the first
/// bias.
TEST(StartingWeights, ABiasIsThatBehindTheMatchedLayer) {
  const Network network = two_convolutions({{"conv1", pointwise(1, 2), {kIn}},
                                            {"shift1", Bias{2, {}}, {0}},
                                            {"conv2", pointwise(2, 2), {1}},
                                            {"shift2", Bias{2, {}}, {2}}});
  const Network whole = two_convolutions({{"b", pointwise(1, 2), {kIn}},
                                          {"b_bias", Bias{2, {}}, {0}},
                                          {"a", pointwise(2, 2), {1}},
                                          {"a_bias", Bias{2, {}}, {2}}});
  const TrainedNetwork given = with_weights_of(network, numbered(whole));
  EXPECT_THAT(given.states[1].beta, ElementsAre(2, 2));
  EXPECT_THAT(given.states[3].beta, ElementsAre(4, 4));
  const Network part = two_convolutions(
      {{"b", pointwise(1, 2), {kIn}}, {"a", pointwise(2, 2), {0}}, {"a_bias", Bias{2, {}}, {1}}});
  const TrainedNetwork partly = with_weights_of(network, numbered(part));
  EXPECT_THAT(partly.states[1].beta, ElementsAre(0, 0));
  EXPECT_THAT(partly.states[3].beta, ElementsAre(3, 3));
}

/// A bias behind a layer without weights has no partner but by its name.
TEST(StartingWeights, ANetworksOwnBiasesAreTaken) {
  const Network network = two_convolutions({{"first", Bias{1, {}}, {kIn}},
                                            {"conv", pointwise(1, 2), {0}},
                                            {"relu", Relu{}, {1}},
                                            {"last", Bias{2, {}}, {2}}});
  const TrainedNetwork given = with_weights_of(network, numbered(network));
  EXPECT_EQ(given.states[0].beta.front(), 1);
  EXPECT_EQ(given.states[3].beta.front(), 4);
}

TEST(StartingWeights, ATransformersLayersAreMatchedWhateverTheirNames) {
  VisionTransformer vit;
  vit.input = {1, 8, 8};
  vit.num_classes = 2;
  vit.patch = 4;
  vit.width = 8;
  vit.head_width = 4;
  vit.blocks = {{2, 8}, {2, 8}};
  const Network network = make_vision_transformer(vit);
  NetworkDescription renamed = network.description();
  for (std::size_t i = 0; i < renamed.layers.size(); ++i) {
    renamed.layers[i].name = "node" + std::to_string(i);
  }
  const TrainedNetwork source = numbered(Network(renamed));
  const TrainedNetwork given = with_weights_of(network, source);
  for (std::size_t i = 0; i < network.layers().size(); ++i) {
    const bool has_weights = std::holds_alternative<Conv>(network.layers()[i].parameters) ||
                             std::holds_alternative<Tokens>(network.layers()[i].parameters);
    if (!has_weights) continue;
    EXPECT_EQ(given.states[i].weight, source.states[i].weight) << i;
  }
}

TEST(StartingWeights, SayWhatDoesNotFit) {
  const Network network = two_convolutions({{"a", pointwise(1, 2), {kIn}}});
  const Network wider = two_convolutions({{"b", pointwise(1, 3), {kIn}}});
  EXPECT_EQ(error_of([&] { with_weights_of(network, numbered(wider)); }),
            "starting weights: layer 'a' (conv) of 2x1x1 cannot take those of 'b' (conv) of 3x1x1");
  const Network deeper =
      two_convolutions({{"b", pointwise(1, 2), {kIn}}, {"c", pointwise(2, 2), {0}}});
  EXPECT_EQ(error_of([&] { with_weights_of(network, numbered(deeper)); }),
            "starting weights: network 'two' has 2 layers with weights, 'two' needs 1");
  TrainedNetwork stateless = numbered(network);
  stateless.states.clear();
  EXPECT_EQ(error_of([&] { with_weights_of(network, stateless); }),
            "starting weights: network 'two' has 1 layers, but states for 0");
}

TEST(StartingWeights, FilesOfEitherKindAreTold) {
  EXPECT_THAT(error_of([] { load_trained_file("/none/a.onnx"); }),
              ::testing::HasSubstr("/none/a.onnx"));
  EXPECT_THAT(error_of([] { load_trained_file("/none/a.gibbon"); }),
              ::testing::HasSubstr("/none/a.gibbon"));
}

}  // namespace
}  // namespace gibbon::nn
