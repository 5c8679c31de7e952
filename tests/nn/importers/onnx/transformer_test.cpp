#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nn/importers/onnx/imported_vit.hpp"

namespace gibbon::nn {
namespace {

using ::testing::ElementsAre;

/// A bias behind the split, and a part of a layer that is also read as a whole.
TEST(OnnxTransformer, LinearLayersAreReadAsAWholeAndInParts) {
  VitBuilder vit(6);
  const std::string rows = vit.linear(vit.embedding(), 6, 12);
  const std::string active = vit.node("Relu", {rows});
  const std::string half =
      vit.node("Slice", {rows, vit.integers({6}), vit.integers({100}), vit.integers({2})});
  const std::string biased = vit.node("Add", {half, vit.random({1, 1, 6})});
  const std::string wide = vit.linear(active, 12, 6);
  vit.head(vit.node("Add", {biased, wide}));
  const TrainedNetwork trained = expect_same_function(vit);
  EXPECT_EQ(count_of(trained, "conv"), 4);  // patches, the whole, its half, the last one
}

/// Of 1x1 patches of two channels and two positions: y[o] = W[o] x + bias, then tokens.
TEST(OnnxTransformer, ClassTokenAndPositions) {
  OnnxBuilder onnx({1, 2, 1, 2});
  onnx.constant("w", {2, 2, 1, 1}, {1, 2, 3, 4});
  onnx.constant("b", {2}, {10, 20});
  onnx.node("Conv", {"x", "w", "b"}, "patches");
  onnx.integers("flat", {1, 2, -1});
  onnx.node("Reshape", {"patches", "flat"}, "rows");
  set(onnx.node("Transpose", {"rows"}, "tokens"), "perm", {0, 2, 1});
  onnx.constant("class", {1, 1, 2}, {5, 6});
  set(onnx.node("Concat", {"class", "tokens"}, "all"), "axis", std::int64_t{1});
  onnx.constant("positions", {1, 3, 2}, {0.5F, 1, 1.5F, 2, 2.5F, 3});
  onnx.node("Add", {"positions", "all"}, "placed");
  onnx.integers("last", {-1});
  set(onnx.node("Gather", {"placed", "last"}, "token"), "axis", std::int64_t{-2});
  onnx.integers("axes", {1});
  onnx.node("Squeeze", {"token", "axes"}, "y");
  const TrainedNetwork trained = parse_onnx(onnx.bytes(), "model.onnx");
  EXPECT_THAT(vit_types(trained), ElementsAre("conv", "tokens", "select_token"));
  EXPECT_EQ(trained.network.layers()[1].name, "placed");
  EXPECT_TRUE(first_of<Tokens>(trained).class_token);
  EXPECT_EQ(first_of<SelectToken>(trained).index, 2);
  EXPECT_EQ(trained.network.output_shape(1), (Shape{2, 3, 1}));
  EXPECT_EQ(trained.network.description().num_classes, 2);
  EXPECT_THAT(trained.states[1].gamma, ElementsAre(5, 6));
  // The bias of the patches is part of their positions, not of the class token's.
  EXPECT_THAT(trained.states[1].weight, ElementsAre(0.5F, 1, 11.5F, 22, 12.5F, 23));
  // Token 2 is position 1 of x = {{1, 2}, {3, 4}}: 1 x 2 + 2 x 4 + 12.5 and 3 x 2 + 4 x 4 + 23.
  EXPECT_THAT(PlainNetwork(trained).run({1, 2, 3, 4}), ElementsAre(22.5, 45));
}

TEST(OnnxTransformer, PositionsBeforeTheClassToken) {
  VitBuilder vit(7);
  const std::string placed = vit.with_positions(vit.patches());
  vit.head(vit.norm(vit.with_class_token(placed)));
  const TrainedNetwork trained = expect_same_function(vit);
  EXPECT_THAT(vit_types(trained),
              ElementsAre("conv", "tokens", "layer_norm", "select_token", "linear", "bias"));
  const std::vector<float>& positions = trained.states[1].weight;
  EXPECT_THAT(std::vector<float>(positions.begin(), positions.begin() + 6),
              ElementsAre(0, 0, 0, 0, 0, 0));
}

/// Positions that are added again are another layer of their own.
TEST(OnnxTransformer, PositionsInTheMiddle) {
  VitBuilder vit(8);
  vit.head(vit.with_positions(vit.linear(vit.norm(vit.embedding()), 6, 6)));
  EXPECT_THAT(vit_types(expect_same_function(vit)),
              ElementsAre("conv", "tokens", "layer_norm", "conv", "tokens", "select_token",
                          "linear", "bias"));
}

/// As torch expands a class token to the batch.
TEST(OnnxTransformer, TheClassTokenMayBeExpanded) {
  VitBuilder vit(9);
  vit.tokens = 7;
  const std::string token = vit.node("Expand", {vit.random({1, 1, 6}), vit.integers({1, 1, 1})});
  const std::string all = vit.node("Concat", {token, vit.patches()}, "axis", std::int64_t{-2});
  vit.head(vit.with_positions(all));
  expect_same_function(vit);
}

TEST(OnnxTransformer, ChannelsMayComeLast) {
  VitBuilder vit(10);
  const std::string rows = vit.transpose(vit.patches(), {0, 2, 1});  // [1, C, T]
  const std::string image = vit.reshape(rows, {1, 6, 2, 3});
  const std::string last = vit.transpose(image, {0, 2, 3, 1});
  const std::string placed = vit.node("Add", {last, vit.random({1, 2, 3, 6})});
  const std::string tokens = vit.reshape(placed, {1, -1, 6});
  vit.classifier(vit.node("Gather", {tokens, vit.index(4)}, "axis", std::int64_t{1}));
  EXPECT_THAT(vit_types(expect_same_function(vit)),
              ElementsAre("conv", "tokens", "select_token", "linear", "bias"));
}

TEST(OnnxTransformer, TheMeanOfAllTokens) {
  const auto with_mean = [](const VitPart& mean) {
    VitBuilder vit(12);
    vit.classifier(mean(vit, vit.norm(vit.with_positions(vit.patches()))));
    const TrainedNetwork trained = expect_same_function(vit);
    EXPECT_THAT(vit_types(trained),
                ElementsAre("conv", "tokens", "layer_norm", "pool", "linear", "bias"));
    EXPECT_FALSE(first_of<Tokens>(trained).class_token);
    EXPECT_EQ(first_of<Pool>(trained).mode, PoolMode::kGlobalAverage);
    EXPECT_EQ(first_of<Pool>(trained).kernel, 6);
  };
  with_mean([](VitBuilder& vit, const std::string& from) {
    const std::string name = vit.fresh("mean");
    auto& mean = vit.onnx.node("ReduceMean", {from}, name);
    set(mean, "axes", std::vector<std::int64_t>{1});
    set(mean, "keepdims", std::int64_t{0});
    return name;
  });
  // As opset 18 has it.
  with_mean([](VitBuilder& vit, const std::string& from) {
    const std::string mean = vit.node("ReduceMean", {from, vit.integers({-2})});
    return vit.node("Squeeze", {mean, vit.integers({1})});
  });
  with_mean([](VitBuilder& vit, const std::string& from) {
    const std::string mean = vit.node("GlobalAveragePool", {vit.transpose(from, {0, 2, 1})});
    return vit.reshape(mean, {1, 6});
  });
}

TEST(OnnxTransformer, TheMeanOfAnImageIsAPoolToo) {
  VitBuilder vit(13);
  const std::string image = vit.reshape(vit.transpose(vit.patches(), {0, 2, 1}), {1, 6, 2, 3});
  const std::string name = vit.fresh("mean");
  auto& mean = vit.onnx.node("ReduceMean", {vit.node("Relu", {image})}, name);
  set(mean, "axes", std::vector<std::int64_t>{-1, 2});
  set(mean, "keepdims", std::int64_t{0});
  vit.classifier(name);
  EXPECT_THAT(vit_types(expect_same_function(vit)),
              ElementsAre("conv", "bias", "relu", "pool", "linear", "bias"));
}

TEST(OnnxTransformer, OneTokenIsChosen) {
  const auto with_choice = [](const VitPart& choose) {
    VitBuilder vit(14);
    vit.classifier(choose(vit, vit.embedding()));
    EXPECT_THAT(vit_types(expect_same_function(vit)),
                ElementsAre("conv", "tokens", "select_token", "linear", "bias"));
  };
  with_choice([](VitBuilder& vit, const std::string& from) {
    return vit.node("Gather", {from, vit.index(-7)}, "axis", std::int64_t{1});
  });
  with_choice([](VitBuilder& vit, const std::string& from) {
    const std::string token =
        vit.node("Slice", {from, vit.integers({0}), vit.integers({1}), vit.integers({1})});
    return vit.node("Squeeze", {token, vit.integers({1})});
  });
  with_choice([](VitBuilder& vit, const std::string& from) {
    const std::string token = vit.node(
        "Slice", {from, vit.integers({0, 6}), vit.integers({1, 99}), vit.integers({0, 1})});
    return vit.reshape(token, {1, -1});
  });
  // The rest, which nothing reads, could not be imported.
  with_choice([](VitBuilder& vit, const std::string& from) {
    const std::string name = vit.fresh("token");
    auto& split = vit.onnx.node("Split", {from, vit.integers({1, 6})}, name);
    split.add_output(name + "_rest");
    set(split, "axis", std::int64_t{1});
    return vit.node("Squeeze", {name, vit.integers({1})});
  });
}

TEST(OnnxTransformer, GeluInAnyOrder) {
  const auto with_gelu = [](const VitPart& gelu) {
    VitBuilder vit(15);
    vit.head(gelu(vit, vit.linear(vit.embedding(), 6, 6)));
    EXPECT_THAT(
        vit_types(expect_same_function(vit)),
        ElementsAre("conv", "tokens", "conv", "bias", "gelu", "select_token", "linear", "bias"));
  };
  const auto gate = [](VitBuilder& vit, const std::string& from) {
    const std::string erf = vit.node("Erf", {vit.node("Div", {from, vit.number(1.41421354F)})});
    return vit.node("Add", {erf, vit.number(1)});
  };
  with_gelu([](VitBuilder& vit, const std::string& from) { return vit.gelu(from); });
  with_gelu([](VitBuilder& vit, const std::string& from) { return vit.node("Gelu", {from}); });
  with_gelu([&](VitBuilder& vit, const std::string& from) {
    const std::string half = vit.node("Mul", {vit.number(0.5F), from});
    return vit.node("Mul", {half, gate(vit, from)});
  });
  with_gelu([&](VitBuilder& vit, const std::string& from) {
    const std::string half = vit.node("Div", {gate(vit, from), vit.number(2)});
    return vit.node("Mul", {half, from});
  });
  with_gelu([](VitBuilder& vit, const std::string& from) {
    const std::string erf = vit.node("Erf", {vit.node("Mul", {vit.number(0.70710677F), from})});
    const std::string twice = vit.node("Mul", {vit.node("Add", {vit.number(1), erf}), from});
    return vit.node("Mul", {vit.number(0.5F), twice});
  });
}

TEST(OnnxTransformer, LayerNormsKeepTheirNumbers) {
  VitBuilder vit(16);
  const std::string tokens = vit.embedding();
  vit.onnx.constant("gamma", {6}, {1, 2, 3, 4, 5, 6});
  vit.onnx.constant("beta", {6}, {6, 5, 4, 3, 2, 1});
  set(vit.onnx.node("LayerNormalization", {tokens, "gamma", "beta"}, "n"), "epsilon", 0.25F);
  set(vit.onnx.node("LayerNormalization", {"n", "gamma"}, "m"), "axis", std::int64_t{2});
  vit.head("m");
  const TrainedNetwork trained = expect_same_function(vit);
  const LayerState& first = trained.states[find_layer(trained, "n")];
  EXPECT_THAT(first.gamma, ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(first.beta, ElementsAre(6, 5, 4, 3, 2, 1));
  EXPECT_DOUBLE_EQ(first.epsilon, 0.25);
  EXPECT_EQ(first.output.bits, 9);
  EXPECT_EQ(first_of<LayerNorm>(trained).output_bits, 9);
  const LayerState& second = trained.states[find_layer(trained, "m")];
  EXPECT_THAT(second.beta, ElementsAre(0, 0, 0, 0, 0, 0));
  EXPECT_FLOAT_EQ(static_cast<float>(second.epsilon), 1e-5F);
}

TEST(OnnxTransformer, FactorsOfFeaturesGoIntoTheWeights) {
  VitBuilder vit(17);
  const std::string tokens = vit.embedding();
  vit.onnx.filled("w", {6, 2}, 1);
  vit.onnx.constant("b", {2}, {3, 4});
  vit.onnx.node("MatMul", {tokens, "w"}, "m");
  vit.onnx.node("Add", {"m", "b"}, "s");
  vit.onnx.constant("scale", {1, 1, 2}, {0.5F, -2});
  vit.onnx.node("Mul", {"scale", "s"}, "scaled");
  const std::string token = vit.node("Gather", {"scaled", vit.index(0)}, "axis", std::int64_t{1});
  vit.onnx.node("Relu", {token}, "y");
  const TrainedNetwork trained = expect_same_function(vit);
  const std::size_t conv = find_layer(trained, "m");
  EXPECT_THAT(trained.states[conv].weight,
              ElementsAre(0.5F, 0.5F, 0.5F, 0.5F, 0.5F, 0.5F, -2, -2, -2, -2, -2, -2));
  EXPECT_THAT(trained.states[conv + 1].beta, ElementsAre(1.5F, -8));
}

/// A block of ConvNeXt, with channels last between its convolutions.
TEST(OnnxTransformer, LinearLayersOverPositionsOfAnImage) {
  VitBuilder vit(18);
  vit.onnx.filled("k", {6, 2, 2, 2}, 0.25F);
  set(vit.onnx.node("Conv", {"x", "k"}, "image"), "strides", {2, 2});
  const std::string last = vit.transpose("image", {0, 2, 3, 1});
  const std::string scaled = vit.node(
      "Mul", {vit.transpose(vit.mlp(vit.norm(last)), {0, 3, 1, 2}), vit.random({6, 1, 1})});
  const std::string sum = vit.node("Add", {scaled, "image"});
  const std::string pooled = vit.node("GlobalAveragePool", {sum});
  vit.classifier(vit.reshape(pooled, {1, -1}));
  const TrainedNetwork trained = expect_same_function(vit);
  EXPECT_THAT(vit_types(trained), ElementsAre("conv", "layer_norm", "conv", "bias", "gelu", "conv",
                                              "bias", "add", "pool", "flatten", "linear", "bias"));
  EXPECT_EQ(trained.network.output_shape(7), (Shape{6, 2, 3}));
}

/// Features first, a sequence is flattened as its layer's output lies.
TEST(OnnxTransformer, FlattenedSequences) {
  VitBuilder vit(19);
  const std::string first = vit.transpose(vit.embedding(), {0, 2, 1});
  vit.size.features = 42;  // 6 x 7 tokens
  vit.classifier(vit.node("Flatten", {first}));
  EXPECT_THAT(vit_types(expect_same_function(vit)),
              ElementsAre("conv", "tokens", "flatten", "linear", "bias"));
}

TEST(OnnxTransformer, BatchNormsOverFeaturesOfASequence) {
  VitBuilder vit(20);
  const std::string first = vit.transpose(vit.linear(vit.embedding(), 6, 6), {0, 2, 1});
  vit.onnx.filled("one", {6}, 1);
  vit.onnx.filled("two", {6}, 2);
  vit.onnx.node("BatchNormalization", {first, "one", "two", "two", "one"}, "n");
  vit.classifier(vit.node("Gather", {"n", vit.index(0)}, "axis", std::int64_t{2}));
  const TrainedNetwork trained = import_vit(vit);
  EXPECT_THAT(vit_types(trained), ElementsAre("conv", "tokens", "conv", "batch_norm",
                                              "select_token", "linear", "bias"));
  EXPECT_EQ(std::get<BatchNorm>(trained.network.layers()[3].parameters).output_bits, 9);
}

}  // namespace
}  // namespace gibbon::nn
