#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <limits>

#include "nn/importers/onnx/imported_vit.hpp"

namespace gibbon::nn {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::FloatEq;
using ::testing::Pointwise;

using VitParts = std::vector<VitPart>;

/// A whole transformer of one block with this attention.
TrainedNetwork expect_attention(const VitPart& attention, VitSizes sizes = {}) {
  VitBuilder vit(3, sizes);
  const std::string tokens = vit.embedding();
  const std::string middle = vit.node("Add", {tokens, attention(vit, vit.norm(tokens))});
  const std::string last = vit.node("Add", {middle, vit.mlp(vit.norm(middle))});
  vit.head(vit.norm(last));
  return expect_same_function(vit);
}

/// Softmax of q k, and its product with v, back as [1, T, C] of [1, H, T, D].
std::string attended(VitBuilder& vit, const std::string& q, const std::string& k,
                     const std::string& v, double after = 1) {
  std::string scores = vit.node("MatMul", {q, k});
  if (after != 1) scores = vit.node("Mul", {scores, vit.number(static_cast<float>(after))});
  const std::string shares = vit.node("Softmax", {scores}, "axis", std::int64_t{-1});
  const std::string context = vit.node("MatMul", {shares, v});
  return vit.reshape(vit.transpose(context, {0, 2, 1, 3}), {1, vit.tokens, vit.size.features});
}

/// The queries, keys and values of one linear layer as [3, 1, H, T, D].
std::string packed(VitBuilder& vit, const std::string& from) {
  const std::int64_t features = vit.size.features;
  const std::string all = vit.linear(from, features, 3 * features);
  const std::string parts =
      vit.reshape(all, {1, vit.tokens, 3, vit.size.heads, features / vit.size.heads});
  return vit.transpose(parts, {2, 0, 3, 1, 4});
}

std::string project(VitBuilder& vit, const std::string& from) {
  return vit.linear(from, vit.size.features, vit.size.features);
}

/// timm's attention: one part each by Gather, the scores scaled behind their product.
std::string timm_by_gather(VitBuilder& vit, const std::string& from) {
  const std::string all = packed(vit, from);
  const std::string q = vit.node("Gather", {all, vit.index(0)});
  const std::string k = vit.node("Gather", {all, vit.index(1)});
  const std::string v = vit.node("Gather", {all, vit.index(-1)});
  return project(vit, attended(vit, q, vit.transpose(k, {0, 1, 3, 2}), v, 0.25));
}

/// By Split and Squeeze, the queries scaled.
std::string timm_by_split(VitBuilder& vit, const std::string& from) {
  const std::string all = packed(vit, from);
  std::vector<std::string> parts = {vit.fresh("q"), vit.fresh("k"), vit.fresh("v")};
  auto& split = vit.onnx.node("Split", {all, vit.integers({1, 1, 1})}, parts[0]);
  split.add_output(parts[1]);
  split.add_output(parts[2]);
  set(split, "axis", std::int64_t{0});
  for (std::string& part : parts) part = vit.node("Squeeze", {part, vit.integers({0})});
  const std::string q = vit.node("Mul", {parts[0], vit.number(0.25F)});
  return project(vit, attended(vit, q, vit.transpose(parts[1], {0, 1, 3, 2}), parts[2]));
}

std::string in_heads(VitBuilder& vit, const std::string& from, const OnnxBuilder::Extents& perm) {
  const std::int64_t width = vit.size.features / vit.size.heads;
  return vit.transpose(vit.reshape(from, {1, vit.tokens, vit.size.heads, width}), perm);
}

/// Hugging Face's: three layers, the scores divided.
std::string hugging_face(VitBuilder& vit, const std::string& from) {
  const std::string q = in_heads(vit, project(vit, from), {0, 2, 1, 3});
  const std::string k = in_heads(vit, project(vit, from), {0, 2, 3, 1});
  const std::string v = in_heads(vit, project(vit, from), {0, 2, 1, 3});
  const std::string scores = vit.node("Div", {vit.node("MatMul", {q, k}), vit.number(4)});
  const std::string shares = vit.node("Softmax", {scores}, "axis", std::int64_t{3});
  const std::string same = vit.node("Cast", {shares}, "to", std::int64_t{1});
  const std::string context = vit.transpose(vit.node("MatMul", {same, v}), {0, 2, 1, 3});
  return project(vit, vit.reshape(context, {1, vit.tokens, -1}));
}

/// Of the batch and the heads one dimension, as torch.nn.MultiheadAttention has them.
std::string folded(VitBuilder& vit, const std::string& from, const OnnxBuilder::Extents& perm) {
  const std::int64_t width = vit.size.features / vit.size.heads;
  return vit.transpose(vit.reshape(from, {vit.tokens, vit.size.heads, width}), perm);
}

std::string attended_folded(VitBuilder& vit, const std::string& q, const std::string& k,
                            const std::string& v) {
  const std::int64_t features = vit.size.features;
  const std::string queries = folded(vit, q, {1, 0, 2});
  const std::string scaled = vit.node("Mul", {queries, vit.number(0.25F)});
  const std::string scores = vit.node("MatMul", {scaled, folded(vit, k, {1, 2, 0})});
  const std::string shares = vit.node("Softmax", {scores}, "axis", std::int64_t{-1});
  const std::string context = vit.node("MatMul", {shares, folded(vit, v, {1, 0, 2})});
  const std::string rows = vit.reshape(vit.transpose(context, {1, 0, 2}), {vit.tokens, features});
  const std::string projected = vit.fresh("projected");
  auto& gemm = vit.onnx.node(
      "Gemm", {rows, vit.random({features, features}), vit.random({features})}, projected);
  set(gemm, "transB", std::int64_t{1});
  return vit.transpose(vit.reshape(projected, {vit.tokens, 1, features}), {1, 0, 2});
}

/// torchvision's with the parts as slices of the features, as older versions have them.
std::string torchvision_by_slice(VitBuilder& vit, const std::string& from) {
  const std::int64_t features = vit.size.features;
  const std::string all =
      vit.linear(vit.transpose(from, {1, 0, 2}), features, 3 * features);  // [T, 1, 3C]
  std::vector<std::string> parts;
  for (const std::int64_t part : {0, 1, 2}) {
    parts.push_back(vit.node("Slice", {all, vit.integers({part * features}),
                                       vit.integers({(part + 1) * features}), vit.integers({-1})}));
  }
  return attended_folded(vit, parts[0], parts[1], parts[2]);
}

/// With a dimension of the three that newer versions bring to the front.
std::string torchvision_by_dimension(VitBuilder& vit, const std::string& from) {
  const std::int64_t features = vit.size.features;
  std::string all = vit.linear(vit.transpose(from, {1, 0, 2}), features, 3 * features);
  all = vit.reshape(all, {vit.tokens, 1, 3, features});
  all = vit.transpose(vit.node("Unsqueeze", {all, vit.integers({0})}), {3, 1, 2, 0, 4});
  all = vit.node("Squeeze", {all, vit.integers({-2})});  // [3, T, 1, C]
  std::vector<std::string> parts;
  for (const std::int64_t part : {0, 1, 2}) {
    parts.push_back(vit.node("Gather", {all, vit.index(part)}, "axis", std::int64_t{0}));
  }
  return attended_folded(vit, parts[0], parts[1], parts[2]);
}

/// The layers of a block with one linear layer each for queries, keys and values, all biased.
const std::vector<std::string> kBlockTypes = {
    "conv",   "tokens",     "layer_norm",   "conv",   "bias",   "conv", "bias",
    "matmul", "softmax",    "conv",         "bias",   "matmul", "conv", "bias",
    "add",    "layer_norm", "conv",         "bias",   "gelu",   "conv", "bias",
    "add",    "layer_norm", "select_token", "linear", "bias"};

TEST(OnnxAttention, AttentionAsTimmWritesIt) {
  for (const VitPart& attention : VitParts{timm_by_gather, timm_by_split}) {
    const TrainedNetwork trained = expect_attention(attention);
    EXPECT_THAT(vit_types(trained), ElementsAreArray(kBlockTypes));
    const auto& scores = first_of<MatMul>(trained);
    EXPECT_EQ(scores.heads, 2);
    EXPECT_TRUE(scores.transposed);
    EXPECT_EQ(scores.scale, 0.25);
    EXPECT_EQ(first_of<Softmax>(trained).groups, 2);
  }
}

TEST(OnnxAttention, AttentionAsHuggingFaceWritesIt) {
  const TrainedNetwork trained = expect_attention(hugging_face);
  EXPECT_THAT(vit_types(trained), ElementsAreArray(kBlockTypes));
  EXPECT_EQ(first_of<MatMul>(trained).scale, 0.25);
}

TEST(OnnxAttention, AttentionAsTorchvisionWritesIt) {
  for (const VitPart& attention : VitParts{torchvision_by_slice, torchvision_by_dimension}) {
    const TrainedNetwork trained = expect_attention(attention);
    EXPECT_THAT(vit_types(trained), ElementsAreArray(kBlockTypes));
    EXPECT_EQ(first_of<MatMul>(trained).scale, 0.25);
  }
}

/// One head of all features, and heads of one feature each.
TEST(OnnxAttention, AnyNumberOfHeads) {
  for (const std::int64_t heads : {1, 3, 6}) {
    VitSizes sizes;
    sizes.heads = heads;
    for (const VitPart& attention : VitParts{timm_by_gather, timm_by_split, hugging_face,
                                             torchvision_by_slice, torchvision_by_dimension}) {
      const TrainedNetwork trained = expect_attention(attention, sizes);
      EXPECT_EQ(first_of<MatMul>(trained).heads, heads);
    }
  }
}

/// One patch and the class token; as many tokens as features.
TEST(OnnxAttention, AnyNumberOfTokens) {
  VitSizes one;
  one.height = one.width = 2;
  VitSizes as_features;
  as_features.width = 10;
  as_features.height = 2;
  for (const VitSizes& sizes : {one, as_features}) {
    for (const VitPart& attention :
         VitParts{timm_by_gather, hugging_face, torchvision_by_dimension}) {
      expect_attention(attention, sizes);
    }
  }
}

TEST(OnnxAttention, BlocksFollowEachOther) {
  VitBuilder vit(4);
  std::string tokens = vit.embedding();
  for (const VitPart& attention : VitParts{timm_by_split, hugging_face, torchvision_by_slice}) {
    const std::string middle = vit.node("Add", {attention(vit, vit.norm(tokens)), tokens});
    tokens = vit.node("Add", {middle, vit.mlp(vit.norm(middle))});
  }
  vit.head(vit.norm(tokens));
  const TrainedNetwork trained = expect_same_function(vit);
  EXPECT_EQ(count_of(trained, "matmul"), 6);
  EXPECT_EQ(count_of(trained, "conv"), 1 + 3 * 6);
}

/// Weights and biases of two features, by hand: W[i][o] = 10 i + o, biases 1 to 6.
TEST(OnnxAttention, QueriesKeysAndValuesAreRowsOfOneLayer) {
  VitSizes sizes;
  sizes.features = 2;
  sizes.heads = 1;
  VitBuilder vit(5, sizes);
  const std::string tokens = vit.embedding();
  vit.onnx.constant("w", {2, 6}, {0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15});
  vit.onnx.constant("b", {6}, {1, 2, 3, 4, 5, 6});
  vit.onnx.node("MatMul", {tokens, "w"}, "qkv");
  vit.onnx.node("Add", {"qkv", "b"}, "biased");
  const std::string parts = vit.transpose(vit.reshape("biased", {1, 7, 3, 1, 2}), {2, 0, 3, 1, 4});
  const std::string q = vit.node("Gather", {parts, vit.index(0)});
  const std::string k = vit.node("Gather", {parts, vit.index(1)});
  const std::string v = vit.node("Gather", {parts, vit.index(2)});
  vit.head(attended(vit, q, vit.transpose(k, {0, 1, 3, 2}), v, 0.5));
  const TrainedNetwork trained = expect_same_function(vit);

  const auto weight_of = [&](const char* name) {
    return trained.states[find_layer(trained, name)].weight;
  };
  EXPECT_THAT(weight_of("qkv_query"), ElementsAre(0, 10, 1, 11));
  EXPECT_THAT(weight_of("qkv_key"), ElementsAre(2, 12, 3, 13));
  EXPECT_THAT(weight_of("qkv_value"), ElementsAre(4, 14, 5, 15));
  EXPECT_THAT(trained.states[find_layer(trained, "biased_query")].beta, ElementsAre(1, 2));
  EXPECT_THAT(trained.states[find_layer(trained, "biased_key")].beta, ElementsAre(3, 4));
  EXPECT_THAT(trained.states[find_layer(trained, "biased_value")].beta, ElementsAre(5, 6));
  const std::size_t query = find_layer(trained, "qkv_query");
  const auto& conv = std::get<Conv>(trained.network.layers()[query].parameters);
  EXPECT_EQ(conv.in_channels, 2);
  EXPECT_EQ(conv.out_channels, 2);
  EXPECT_EQ(conv.kernel, 1);
  EXPECT_EQ(conv.weight_bits, 9);
  // Each part has a grid of its own: 11 / 255 and 15 / 255.
  EXPECT_DOUBLE_EQ(trained.states[query].weights.scale, 11.0 / 255);
  EXPECT_DOUBLE_EQ(trained.states[find_layer(trained, "qkv_value")].weights.scale, 15.0 / 255);
}

/// Features 0 to 3 of head 0 are queries and keys of two features each, and so on.
TEST(OnnxAttention, PartsMayLieInsideTheHeads) {
  const auto inside = [](VitBuilder& vit, const std::string& from) {
    const std::int64_t features = vit.size.features;
    const std::string all =
        vit.reshape(vit.linear(from, features, 3 * features), {1, vit.tokens, vit.size.heads, -1});
    const std::string name = vit.fresh("q");
    auto& split = vit.onnx.node("Split", {all}, name);
    split.add_output(name + "k");
    split.add_output(name + "v");
    set(split, "axis", std::int64_t{3});
    const std::string q = vit.transpose(name, {0, 2, 1, 3});
    const std::string k = vit.transpose(name + "k", {0, 2, 3, 1});
    return project(vit, attended(vit, q, k, vit.transpose(name + "v", {0, 2, 1, 3}), 0.5));
  };
  expect_attention(inside);
}

/// As scaled_dot_product_attention is exported: both factors the fourth root of 1 / width, which is
/// computed from the shape of the queries.
TEST(OnnxAttention, ScalesComeFromShapes) {
  const auto attention = [](VitBuilder& vit, const std::string& from) {
    const std::string q = in_heads(vit, project(vit, from), {0, 2, 1, 3});
    const std::string k = in_heads(vit, project(vit, from), {0, 2, 3, 1});
    const std::string v = in_heads(vit, project(vit, from), {0, 2, 1, 3});
    const std::string width = vit.node(
        "Slice", {vit.node("Shape", {q}), vit.integers({-1}),
                  vit.integers({std::numeric_limits<std::int64_t>::max()}), vit.integers({0})});
    const std::string root = vit.node("Sqrt", {vit.node("Cast", {width}, "to", std::int64_t{1})});
    const std::string scale = vit.node("Sqrt", {vit.node("Div", {vit.number(1), root})});
    return project(vit, attended(vit, vit.node("Mul", {q, scale}), vit.node("Mul", {k, scale}), v));
  };
  const TrainedNetwork trained = expect_attention(attention);
  EXPECT_NEAR(first_of<MatMul>(trained).scale, 1 / std::sqrt(3), 1e-7);
}

TEST(OnnxAttention, FactorsOfSharesAndValuesAreTheProducts) {
  const auto attention = [](VitBuilder& vit, const std::string& from) {
    const std::string q = in_heads(vit, project(vit, from), {0, 2, 1, 3});
    const std::string k = in_heads(vit, project(vit, from), {0, 2, 3, 1});
    const std::string v =
        vit.node("Mul", {in_heads(vit, project(vit, from), {0, 2, 1, 3}), vit.number(0.5F)});
    const std::string context = attended(vit, q, k, v);
    return project(vit, vit.node("Mul", {vit.number(4), context}));
  };
  const TrainedNetwork trained = expect_attention(attention);
  for (const Layer& layer : trained.network.layers()) {
    const auto* product = std::get_if<MatMul>(&layer.parameters);
    if (product == nullptr) continue;
    EXPECT_EQ(product->scale, product->transposed ? 1 : 2);
  }
}

TEST(OnnxAttention, GridsThatAreNotKnownHaveTheirBits) {
  VitBuilder vit(21);
  const std::string tokens = vit.embedding();
  vit.head(vit.node("Add", {hugging_face(vit, vit.norm(tokens)), tokens}));
  const TrainedNetwork trained = parse_onnx(vit.onnx.bytes(), "vit.onnx", {5, 7, 4, 0.5});
  for (std::size_t i = 0; i < trained.states.size(); ++i) {
    const LayerParameters& layer = trained.network.layers()[i].parameters;
    const LayerState& state = trained.states[i];
    if (const auto* conv = std::get_if<Conv>(&layer)) {
      EXPECT_EQ(conv->weight_bits, 5);
      EXPECT_EQ(state.weights.bits, 5);
      EXPECT_EQ(state.input.bits, i == 0 ? 4 : 7);
      EXPECT_EQ(state.input.scale, i == 0 ? 0.5 : 0);
    }
    if (const auto* product = std::get_if<MatMul>(&layer)) {
      EXPECT_EQ(product->activation_bits, 7);
      EXPECT_EQ(state.output.bits, 7);
      EXPECT_EQ(state.output_range, -1);
    }
  }
}

TEST(OnnxAttention, IsReadyToBeSaved) {
  VitBuilder vit(22);
  const std::string tokens = vit.embedding();
  vit.head(vit.norm(vit.node("Add", {timm_by_split(vit, vit.norm(tokens)), tokens})));
  const TrainedNetwork trained = import_vit(vit);
  const std::filesystem::path path =
      std::filesystem::path(::testing::TempDir()) / "onnx_vit_saved.gibbon";
  save(trained, path);
  const TrainedNetwork loaded = load_trained_network(path);
  std::filesystem::remove(path);
  ASSERT_EQ(loaded.states.size(), trained.states.size());
  for (std::size_t i = 0; i < loaded.states.size(); ++i) {
    EXPECT_THAT(loaded.states[i].weight, Pointwise(FloatEq(), trained.states[i].weight));
    EXPECT_THAT(loaded.states[i].gamma, Pointwise(FloatEq(), trained.states[i].gamma));
  }
}

}  // namespace
}  // namespace gibbon::nn
