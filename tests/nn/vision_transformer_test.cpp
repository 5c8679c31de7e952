#include "gibbon/nn/vision_transformer.hpp"

#include <gtest/gtest.h>

#include "error_of.hpp"

namespace gibbon::nn {
namespace {

using test::error_of;

int index_of(const Network& network, const std::string& name) {
  for (std::size_t i = 0; i < network.layers().size(); ++i) {
    if (network.layers()[i].name == name) return static_cast<int>(i);
  }
  ADD_FAILURE() << "no layer " << name;
  return 0;
}

/// torchvision's vit_b_16 has 86,567,656 parameters. Weights of its matrices:
///   patch 768 x 3 x 16 x 16 = 589,824
///   a block 4 x 768 x 768 + 2 x 768 x 3072 = 7,077,888, twelve 84,934,656
///   head 768,000
/// The rest, 275,176: class token 768, positions 197 x 768 = 151,296, layer norms 25 x 2 x 768 =
/// 38,400, biases 768 + 12 x (4 x 768 + 3072 + 768) + 1000 = 84,712.
TEST(VisionTransformer, ViTB16HasTorchvisionsWeights) {
  const Network network = make_vision_transformer({});
  EXPECT_EQ(network.weight_count(), 86567656 - 768 - 151296 - 38400 - 84712);
}

/// Of those 84,712 the patches' 768 are part of the positions.
TEST(VisionTransformer, WithBiasesItHasTorchvisions) {
  VisionTransformer vit;
  vit.biases = true;
  long biases = 0;
  for (const Layer& layer : make_vision_transformer(vit).layers()) {
    if (const auto* bias = std::get_if<Bias>(&layer.parameters)) biases += bias->features;
  }
  EXPECT_EQ(biases, 84712 - 768);
}

/// Multiply-accumulates: patch 196 x 589,824 = 115,605,504; a block 197 x 7,077,888 =
/// 1,394,343,936 and two products of 12 x 197 x 197 x 64 = 29,805,312 each, together
/// 59,610,624; head 768,000.
TEST(VisionTransformer, ViTB16HasItsOperations) {
  const long product = 12L * 197 * 197 * 64;
  EXPECT_EQ(product, 29805312);
  EXPECT_EQ(make_vision_transformer({}).mac_count(),
            115605504 + 12 * (1394343936L + 2 * product) + 768000);
}

TEST(VisionTransformer, ShapesOfABlockWithFewerHeads) {
  VisionTransformer vit;
  vit.blocks = {{6, 1024}};
  const Network network = make_vision_transformer(vit);
  const auto shape = [&](const char* name) {
    return network.output_shape(index_of(network, name));
  };
  EXPECT_EQ(shape("patch"), (Shape{768, 14, 14}));
  EXPECT_EQ(shape("tokens"), (Shape{768, 197, 1}));
  EXPECT_EQ(shape("b1.query"), (Shape{384, 197, 1}));
  EXPECT_EQ(shape("b1.scores"), (Shape{6 * 197, 197, 1}));
  EXPECT_EQ(shape("b1.context"), (Shape{384, 197, 1}));
  EXPECT_EQ(shape("b1.expand"), (Shape{1024, 197, 1}));
  EXPECT_EQ(shape("b1.add2"), (Shape{768, 197, 1}));
  EXPECT_EQ(shape("class"), (Shape{768, 1, 1}));
  EXPECT_EQ(shape("head"), (Shape{1000, 1, 1}));
}

TEST(VisionTransformer, JsonGivesItBack) {
  const Network network = make_vision_transformer({});
  EXPECT_EQ(to_json(network_from_json(to_json(network))), to_json(network));
}

TEST(VisionTransformer, RefusesAPatchOfNothing) {
  VisionTransformer vit;
  vit.patch = 0;
  EXPECT_EQ(error_of([&] { make_vision_transformer(vit); }),
            "vision transformer 'vit-b16-imagenet': patch is 0, head_width 64, both must be "
            "positive");
}

Network of(Shape input, std::vector<Layer> layers) {
  NetworkDescription description;
  description.name = "n";
  description.input = input;
  description.layers = std::move(layers);
  return Network(std::move(description));
}

TEST(TransformerLayers, RefuseWhatDoesNotFit) {
  const auto error = [](Shape input, std::vector<Layer> layers) {
    return error_of([&] { of(input, layers); });
  };
  const std::vector<int> in{kNetworkInput};
  const std::vector<int> both{kNetworkInput, kNetworkInput};
  EXPECT_EQ(error({8, 4, 1}, {{"m", MatMul{2, true}, in}}), "layer 'm' (matmul): takes two inputs");
  EXPECT_EQ(error({8, 4, 2}, {{"m", MatMul{2, true}, both}}),
            "layer 'm' (matmul): needs tokens of width 1, an input is 8x4x2");
  EXPECT_EQ(error({8, 4, 1}, {{"m", MatMul{3, true}, both}}),
            "layer 'm' (matmul): heads is 3, which does not divide 8 channels");
  EXPECT_EQ(error({8, 3, 1}, {{"m", MatMul{2, false}, both}}),
            "layer 'm' (matmul): its first input has 8 channels, 6 are needed for 2 heads and a "
            "second input of 8x3");
  EXPECT_EQ(error({8, 4, 1}, {{"m", MatMul{2, true, 0.0}, both}}),
            "layer 'm' (matmul): scale is 0, it must be positive");
  EXPECT_EQ(error({8, 4, 1}, {{"m", MatMul{2, true, 1.0, 17}, both}}),
            "layer 'm' (matmul): activation_bits is 17, allowed are 2 to 16");
  EXPECT_EQ(error({8, 4, 1}, {{"s", Softmax{3}, in}}),
            "layer 's' (softmax): groups is 3, which does not divide 8 channels");
  EXPECT_EQ(error({8, 4, 1}, {{"l", LayerNorm{7, {}}, in}}),
            "layer 'l' (layer_norm): features is 7, its input has 8 channels");
  EXPECT_EQ(error({8, 4, 1}, {{"t", SelectToken{4}, in}}),
            "layer 't' (select_token): index is 4, its input has 4 tokens");
  EXPECT_EQ(error({8, 4, 2}, {{"t", SelectToken{0}, in}}),
            "layer 't' (select_token): needs tokens of width 1, an input is 8x4x2");
  EXPECT_EQ(error({8, 4, 1}, {{"g", Gelu{}, both}}), "layer 'g' (gelu): takes one input");
}

TEST(TransformerLayers, ShapesOnBothSidesOfTheBoundary) {
  EXPECT_EQ(
      of({8, 4, 1}, {{"m", MatMul{2, false}, {kNetworkInput, kNetworkInput}}}).output_shape(0),
      (Shape{8, 4, 1}));  // 2 heads x 4 tokens = 8 channels
  EXPECT_EQ(of({8, 4, 1}, {{"t", SelectToken{3}, {kNetworkInput}}}).output_shape(0),
            (Shape{8, 1, 1}));
  EXPECT_EQ(of({8, 4, 2}, {{"t", Tokens{false}, {kNetworkInput}}}).output_shape(0),
            (Shape{8, 8, 1}));
}

TEST(TransformerLayers, AreToldFromTheOthers) {
  EXPECT_FALSE(is_transformer_layer(Dropout{}));
  EXPECT_TRUE(is_transformer_layer(Tokens{}));
  EXPECT_TRUE(is_transformer_layer(MatMul{}));
}

TEST(TransformerLayers, JsonNamesTheKeys) {
  const auto read = [](const char* layer) {
    network_from_json(base::Json::parse(
        std::string(R"({"name": "n", "input": {"channels": 8, "height": 4, "width": 1},
                        "num_classes": 2, "layers": [)") +
        layer + "]}"));
  };
  EXPECT_EQ(error_of([&] { read(R"({"name": "t", "type": "tokens", "class_token": 1})"); }),
            "network layer 0 't': key 'class_token' must be true or false, got 1");
  EXPECT_NE(error_of([&] { read(R"({"name": "t", "type": "soft"})"); }).find("softmax, matmul"),
            std::string::npos);
}

}  // namespace
}  // namespace gibbon::nn
