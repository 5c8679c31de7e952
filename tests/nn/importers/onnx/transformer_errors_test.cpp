#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "error_of.hpp"
#include "gibbon/nn/importers/onnx.hpp"
#include "nn/importers/onnx/vit_builder.hpp"

namespace gibbon::nn {
namespace {

using ::testing::HasSubstr;

using Extents = OnnxBuilder::Extents;

std::string vit_error(const std::string& content) {
  return test::error_of([&] { parse_onnx(content, "vit.onnx"); });
}

/// The error of nodes behind the tokens [1, 7, 6] of a transformer, of which a token is classified.
std::string error_behind_tokens(
    const std::function<std::string(VitBuilder&, const std::string&)>& nodes) {
  VitBuilder vit(1);
  vit.head(nodes(vit, vit.embedding()));
  return vit_error(vit.onnx.bytes());
}

/// Nodes that give what is no sequence any more: the output is theirs.
std::string error_of_output(
    const std::function<std::string(VitBuilder&, const std::string&)>& nodes) {
  VitBuilder vit(1);
  vit.onnx.node("Relu", {nodes(vit, vit.embedding())}, "y");
  return vit_error(vit.onnx.bytes());
}

TEST(OnnxTransformerErrors, ClassTokensAndPositions) {
  const auto error_of_token = [](const Extents& extents, std::int64_t axis) {
    return error_behind_tokens([&](VitBuilder& vit, const std::string&) {
      return vit.node("Concat", {vit.random(extents), vit.patches()}, "axis", axis);
    });
  };
  EXPECT_EQ(error_of_token({1, 1, 6}, 1), "no error");
  EXPECT_THAT(
      error_of_token({1, 2, 6}, 1),
      HasSubstr("it joins a constant of [1, 2, 6] and [1, 6, 6]; one class token before all "
                "others is supported"));
  EXPECT_THAT(error_of_token({1, 6, 1}, 2), HasSubstr("it joins a constant of [1, 6, 1]"));
  EXPECT_THAT(error_of_token({1, 1, 6}, 3), HasSubstr("axis 3 is outside of 3 dimensions"));
  EXPECT_THAT(error_behind_tokens([](VitBuilder& vit, const std::string& from) {
                return vit.with_class_token(from);
              }),
              HasSubstr("it is a second class token, one is supported"));
  EXPECT_THAT(error_behind_tokens([](VitBuilder& vit, const std::string& from) {
                return vit.node("Add", {from, vit.random({1, 7, 1})});
              }),
              HasSubstr("of shape [1, 7, 1] is not one value or one for each of the 6 channels"));
  EXPECT_THAT(error_behind_tokens([](VitBuilder& vit, const std::string& from) {
                return vit.node("Add", {from, vit.random({1, 6, 6})});
              }),
              HasSubstr("of shape [1, 6, 6] is not one value"));
  // Behind a transposition they would have to be transposed.
  EXPECT_THAT(error_of_output([](VitBuilder& vit, const std::string& from) {
                return vit.node("Add", {vit.transpose(from, {0, 2, 1}), vit.random({1, 6, 7})});
              }),
              HasSubstr("[1, 6, 7] is not a row of features for each token"));
}

TEST(OnnxTransformerErrors, LayerNorms) {
  const auto error_of_norm = [](const Extents& gamma, float epsilon, std::int64_t axis) {
    return error_behind_tokens([&](VitBuilder& vit, const std::string& from) {
      const std::string name = vit.fresh("norm");
      auto& norm = vit.onnx.node("LayerNormalization", {from, vit.random(gamma)}, name);
      set(norm, "epsilon", epsilon);
      set(norm, "axis", axis);
      return name;
    });
  };
  EXPECT_EQ(error_of_norm({6}, 1e-12F, -1), "no error");
  EXPECT_EQ(error_of_norm({6}, 1, 2), "no error");
  EXPECT_THAT(error_of_norm({6}, 0, -1), HasSubstr("epsilon is 0, it must be positive"));
  EXPECT_THAT(error_of_norm({6}, std::numeric_limits<float>::infinity(), -1),
              HasSubstr("epsilon is inf, it must be positive"));
  EXPECT_THAT(error_of_norm({7}, 1, -1), HasSubstr("has 7 values, its input has 6 channels"));
  EXPECT_THAT(error_of_norm({6}, 1, 1),
              HasSubstr("it normalises [1, 7, 6] from axis 1 on, supported is the last one over "
                        "all features"));
  EXPECT_THAT(error_of_norm({6}, 1, 3), HasSubstr("axis 3 is outside of 3 dimensions"));
  EXPECT_THAT(error_of_norm({6}, 1, -4), HasSubstr("axis -4 is outside of 3 dimensions"));
  EXPECT_THAT(error_of_output([](VitBuilder& vit, const std::string& from) {
                const std::string heads = vit.reshape(from, {1, 7, 2, 3});
                return vit.node("LayerNormalization", {heads, vit.random({3})});
              }),
              HasSubstr("it normalises [1, 7, 2, 3] from axis -1 on"));
}

TEST(OnnxTransformerErrors, PartsOfGelu) {
  using Text = std::string;
  const auto erf = [](VitBuilder& vit, const Text& from, float root) {
    return vit.node("Erf", {vit.node("Div", {from, vit.number(root)})});
  };
  EXPECT_EQ(error_behind_tokens([](VitBuilder& vit, const Text& from) { return vit.gelu(from); }),
            "no error");
  EXPECT_THAT(error_behind_tokens([](VitBuilder& vit, const Text& from) {
                return vit.node("Gelu", {from}, "approximate", "tanh");
              }),
              HasSubstr("(Gelu): approximate is 'tanh', 'none' is supported"));
  EXPECT_THAT(error_behind_tokens([&](VitBuilder& vit, const Text& from) {
                return vit.node("Add", {erf(vit, from, 1.4144F), vit.number(1)});
              }),
              HasSubstr("(Erf): it is supported in GELU, of x / sqrt(2), only"));
  // 1.4143 / sqrt(2) - 1 = 6.1e-5, 1.4144 / sqrt(2) - 1 = 1.3e-4.
  EXPECT_THAT(error_behind_tokens(
                  [&](VitBuilder& vit, const Text& from) { return erf(vit, from, 1.4143F); }),
              HasSubstr("(Gather): a part of GELU is read"));
  EXPECT_THAT(error_behind_tokens([&](VitBuilder& vit, const Text& from) {
                return vit.node("Add", {erf(vit, from, 1.41421354F), vit.number(2)});
              }),
              HasSubstr("(Add): to erf(x / sqrt(2)) only 1 is added in GELU"));
  EXPECT_THAT(error_behind_tokens([&](VitBuilder& vit, const Text& from) {
                return vit.node("Relu", {erf(vit, from, 1.41421354F)});
              }),
              HasSubstr("(Relu): a part of GELU is read, which is supported as a whole: x * "
                        "0.5 * (1 + erf(x / sqrt(2)))"));
  EXPECT_THAT(error_behind_tokens([&](VitBuilder& vit, const Text& from) {
                return vit.node("Mul", {from, from});
              }),
              HasSubstr("(Mul): products of two results are supported in GELU only"));
  // The gate of another value.
  EXPECT_THAT(error_behind_tokens([&](VitBuilder& vit, const Text& from) {
                const Text gate = vit.node("Add", {erf(vit, from, 1.41421354F), vit.number(1)});
                return vit.node("Mul", {gate, vit.node("Relu", {from})});
              }),
              HasSubstr("products of two results are supported in GELU only"));
  EXPECT_THAT(error_behind_tokens([&](VitBuilder& vit, const Text& from) {
                const Text gate = vit.node("Add", {erf(vit, from, 1.41421354F), vit.number(1)});
                return vit.node("Relu", {vit.node("Mul", {gate, from})});
              }),
              HasSubstr("(Relu): 2 times a result is read, which is supported in attention and "
                        "GELU"));
}

TEST(OnnxTransformerErrors, Factors) {
  const auto error_of_factor = [](const std::string& type, float factor) {
    return error_behind_tokens([&](VitBuilder& vit, const std::string& from) {
      return vit.node("Relu", {vit.node(type, {from, vit.number(factor)})});
    });
  };
  EXPECT_EQ(error_of_factor("Mul", 1), "no error");
  EXPECT_THAT(error_of_factor("Mul", 0.5F), HasSubstr("0.5 times a result is read"));
  EXPECT_THAT(error_of_factor("Div", 4), HasSubstr("0.25 times a result is read"));
  EXPECT_THAT(error_of_factor("Mul", 0), HasSubstr("its constant is 0, positive ones are"));
  EXPECT_THAT(error_of_factor("Div", -1), HasSubstr("its constant is -1, positive ones are"));
  const auto error_of_shape = [](const std::string& type, const Extents& extents) {
    return error_behind_tokens([&](VitBuilder& vit, const std::string& from) {
      const std::string name = vit.fresh("ones");
      vit.onnx.filled(name, extents, 1);
      return vit.node(type, {from, name});
    });
  };
  EXPECT_EQ(error_of_shape("Mul", {1, 1, 1}), "no error");
  EXPECT_THAT(error_of_shape("Mul", {1, 1, 1, 1}),
              HasSubstr("its constant has 4 dimensions, its input 3"));
  EXPECT_THAT(error_of_shape("Div", {6}), HasSubstr("has shape [6], one number is supported"));
  EXPECT_THAT(
      error_of_shape("Mul", {6}),
      HasSubstr("it multiplies [1, 7, 6] by a constant of shape [6]; one number is supported, "
                "or one a feature behind a linear layer over tokens"));
  EXPECT_THAT(error_behind_tokens([](VitBuilder& vit, const std::string& from) {
                return vit.node("Mul", {vit.linear(from, 6, 6), vit.random({1, 7, 1})});
              }),
              HasSubstr("of shape [1, 7, 1] is not one value or one for each of the 6 channels"));
  EXPECT_THAT(error_behind_tokens([](VitBuilder& vit, const std::string& from) {
                vit.onnx.filled("huge", {6}, 3e38F);
                const std::string once = vit.node("Mul", {vit.linear(from, 6, 6), "huge"});
                return vit.node("Mul", {once, "huge"});
              }),
              HasSubstr("its factor 3e+38 makes a weight infinite"));
  EXPECT_THAT(error_behind_tokens([](VitBuilder& vit, const std::string& from) {
                std::string last = from;
                for (int i = 0; i < 9; ++i) last = vit.node("Mul", {last, vit.number(3e38F)});
                return last;
              }),
              HasSubstr("its factors come to inf, positive numbers are supported"));
  EXPECT_THAT(error_behind_tokens([](VitBuilder& vit, const std::string& from) {
                return vit.node("Div", {vit.number(1), from});
              }),
              HasSubstr("is constant, only weights may be"));
}

TEST(OnnxTransformerErrors, OutputsThatNoLayerGives) {
  OnnxBuilder onnx({1, 4});
  onnx.node("Relu", {"x"}, "r");
  onnx.constant("two", {}, {2});
  onnx.node("Mul", {"r", "two"}, "y");
  EXPECT_EQ(
      vit_error(onnx.bytes()),
      "vit.onnx: the graph's output 'y' cannot be imported: 2 times a result is read, which is "
      "supported in attention and GELU");
}

/// [1, 2, 7, 3] of tokens [1, 7, 6], or with other dimensions.
std::string heads(VitBuilder& vit, const std::string& from, const Extents& perm = {0, 2, 1, 3}) {
  return vit.transpose(vit.reshape(from, {1, 7, 2, 3}), perm);
}

TEST(OnnxTransformerErrors, MatrixProducts) {
  const auto error_of_product = [](const Extents& first, const Extents& second) {
    return error_of_output([&](VitBuilder& vit, const std::string& from) {
      return vit.node("MatMul", {heads(vit, from, first), heads(vit, from, second)});
    });
  };
  EXPECT_THAT(error_of_product({0, 2, 1, 3}, {0, 2, 3, 1}),
              HasSubstr("the graph's output 'y' is [1, 2, 7, 7] of 14 channels of 7x1; only [1, "
                        "all] is supported at the end"));
  EXPECT_THAT(error_of_product({0, 2, 1, 3}, {0, 2, 1, 3}),
              HasSubstr("[1, 2, 7, 3] times [1, 2, 7, 3] is no product of tokens' queries and "
                        "keys, or of scores and values, head by head"));
  // Sums over heads, over tokens of both, products of each head with all features.
  EXPECT_THAT(error_of_product({0, 3, 1, 2}, {0, 3, 2, 1}), HasSubstr("is no product"));
  EXPECT_THAT(error_of_product({0, 2, 3, 1}, {0, 2, 1, 3}), HasSubstr("is no product"));
  EXPECT_THAT(error_of_output([](VitBuilder& vit, const std::string& from) {
                const std::string three = vit.reshape(from, {1, 7, 3, 2});
                return vit.node("MatMul", {heads(vit, from), vit.transpose(three, {0, 2, 3, 1})});
              }),
              HasSubstr("[1, 2, 7, 3] times [1, 3, 2, 7] is no product"));
  EXPECT_THAT(error_of_output([](VitBuilder& vit, const std::string& from) {
                return vit.node("MatMul", {heads(vit, from), from});
              }),
              HasSubstr("is no product"));
}

TEST(OnnxTransformerErrors, AttentionOverAnImage) {
  VitBuilder vit(2);
  const std::string patches = vit.patches();  // [1, 6, 6] without positions
  vit.onnx.node("MatMul", {patches, vit.transpose(patches, {0, 2, 1})}, "y");
  EXPECT_THAT(vit_error(vit.onnx.bytes()),
              HasSubstr("[1, 6, 6] times [1, 6, 6] is no product of tokens' queries"));
}

TEST(OnnxTransformerErrors, ScoresBeyondAllElements) {
  // 8192 x 8192 positions; scores of each with each are 2^26 times 2^26.
  OnnxBuilder onnx({1, 1, 8192, 8192});
  onnx.constant("w", {1, 1, 1, 1}, {1});
  onnx.node("Conv", {"x", "w"}, "c");
  onnx.integers("flat", {1, 1, -1});
  onnx.node("Reshape", {"c", "flat"}, "rows");
  set(onnx.node("Transpose", {"rows"}, "tokens"), "perm", {0, 2, 1});
  onnx.constant("class", {1, 1, 1}, {1});
  set(onnx.node("Concat", {"class", "tokens"}, "y"), "axis", std::int64_t{1});
  EXPECT_THAT(vit_error(onnx.bytes()),
              HasSubstr("its output of 1x67108865 has more than 67108864 elements"));
  OnnxBuilder scores({1, 1, 1, 9000});
  scores.integers("flat", {1, 1, -1});
  scores.node("Reshape", {"x", "flat"}, "rows");
  set(scores.node("Transpose", {"rows"}, "tokens"), "perm", {0, 2, 1});
  scores.filled("positions", {1, 9000, 1}, 1);
  scores.node("Add", {"tokens", "positions"}, "placed");
  set(scores.node("Transpose", {"placed"}, "turned"), "perm", {0, 2, 1});
  scores.node("MatMul", {"placed", "turned"}, "y");
  EXPECT_THAT(vit_error(scores.bytes()),
              HasSubstr("its output of 9000x9000 has more than 67108864 elements"));
}

TEST(OnnxTransformerErrors, SoftmaxesOverOtherAxes) {
  const auto error_of_softmax = [](std::int64_t axis) {
    return error_behind_tokens([&](VitBuilder& vit, const std::string& from) {
      return vit.node("Softmax", {from}, "axis", axis);
    });
  };
  EXPECT_EQ(error_of_softmax(2), "no error");
  EXPECT_EQ(error_of_softmax(-1), "no error");
  EXPECT_THAT(error_of_softmax(1),
              HasSubstr("axis is 1 of [1, 7, 6]; supported are the last node, and the last axis of "
                        "scores or features"));
  EXPECT_THAT(error_of_softmax(3), HasSubstr("axis 3 is outside of 3 dimensions"));
  EXPECT_THAT(error_of_output([](VitBuilder& vit, const std::string& from) {
                return vit.node("Softmax", {heads(vit, from, {0, 3, 1, 2})});
              }),
              HasSubstr("axis is -1 of [1, 3, 7, 2]"));
  EXPECT_THAT(error_behind_tokens([](VitBuilder& vit, const std::string& from) {
                return vit.node("LogSoftmax", {from});
              }),
              HasSubstr("(LogSoftmax): it is supported as the last node only"));
}

TEST(OnnxTransformerErrors, ChoicesOfTokensAndFeatures) {
  const auto error_of_slice = [](std::int64_t start, std::int64_t end, std::int64_t axis,
                                 std::int64_t step) {
    return error_behind_tokens([&](VitBuilder& vit, const std::string& from) {
      return vit.node("Slice", {from, vit.integers({start}), vit.integers({end}),
                                vit.integers({axis}), vit.integers({step})});
    });
  };
  EXPECT_EQ(error_of_slice(0, 7, 1, 1), "no error");
  EXPECT_EQ(error_of_slice(6, 7, 1, 1), "no error");
  EXPECT_THAT(error_of_slice(1, 7, 1, 1),
              HasSubstr("it takes 1 to 6 of dimension 1 of [1, 7, 6]; one token or features of a "
                        "linear layer are supported"));
  EXPECT_THAT(
      error_of_slice(0, 3, 2, 1),
      HasSubstr("it takes a part of the features of [1, 7, 6], which no linear layer gives"));
  EXPECT_THAT(error_of_slice(0, 7, 1, 2), HasSubstr("its step is 2, 1 is supported"));
  EXPECT_THAT(error_of_slice(3, 3, 1, 1), HasSubstr("it makes an empty tensor"));
  EXPECT_THAT(error_of_slice(0, 7, 3, 1), HasSubstr("axis 3 is outside of 3 dimensions"));
  EXPECT_THAT(error_of_slice(0, 7, 1, 0), HasSubstr("its steps [0] hold a 0"));

  const auto error_of_gather = [](const Extents& indices, std::int64_t axis) {
    return error_of_output([&](VitBuilder& vit, const std::string& from) {
      return vit.reshape(vit.node("Gather", {from, vit.integers(indices)}, "axis", axis), {1, 6});
    });
  };
  EXPECT_EQ(error_of_gather({6}, 1), "no error");
  EXPECT_EQ(error_of_gather({-7}, 1), "no error");
  EXPECT_THAT(error_of_gather({7}, 1), HasSubstr("index 7 is outside of 7"));
  EXPECT_THAT(error_of_gather({-8}, 1), HasSubstr("index -8 is outside of 7"));
  EXPECT_THAT(error_of_gather({0, 1}, 1),
              HasSubstr("its indices have shape [2], one index is supported"));
  EXPECT_THAT(error_of_gather({0}, 2), HasSubstr("which no linear layer gives"));
  EXPECT_THAT(error_of_output([](VitBuilder& vit, const std::string&) {
                return vit.node("Gather", {vit.patches(), vit.index(0)}, "axis", std::int64_t{1});
              }),
              HasSubstr("it takes a position of an image [1, 6, 6], of tokens one is supported"));
}

TEST(OnnxTransformerErrors, SplitsThatDoNotFit) {
  const auto error_of_split = [](const Extents& sizes, int outputs) {
    return error_behind_tokens([&](VitBuilder& vit, const std::string& from) {
      const std::string rows = vit.linear(from, 6, 12);
      std::vector<std::string> inputs = {rows};
      if (!sizes.empty()) inputs.push_back(vit.integers(sizes));
      const std::string first = vit.fresh("part");
      auto& split = vit.onnx.node("Split", inputs, first);
      set(split, "axis", std::int64_t{2});
      for (int output = 1; output < outputs; ++output) split.add_output(vit.fresh("part"));
      return vit.linear(first, sizes.empty() ? 12 / outputs : sizes.front(), 6);
    });
  };
  EXPECT_EQ(error_of_split({}, 3), "no error");
  EXPECT_EQ(error_of_split({5, 7}, 2), "no error");
  EXPECT_THAT(error_of_split({5, 6}, 2),
              HasSubstr("it has 2 outputs of sizes [5, 6] for an extent of 12"));
  EXPECT_THAT(error_of_split({5, 8}, 2), HasSubstr("of sizes [5, 8] for an extent of 12"));
  EXPECT_THAT(error_of_split({5, 7}, 3), HasSubstr("it has 3 outputs of sizes [5, 7]"));
  EXPECT_THAT(error_of_split({12, 0}, 2), HasSubstr("of sizes [12, 0]"));
  // 8 parts of 2 rounded up would leave -2 for the last one.
  EXPECT_THAT(error_of_split({}, 8), HasSubstr("of sizes [2, 2, 2, 2, 2, 2, 2, -2]"));
}

TEST(OnnxTransformerErrors, ReshapesThatSplitUnevenly) {
  const auto error_of_reshape = [](const Extents& target) {
    return error_of_output(
        [&](VitBuilder& vit, const std::string& from) { return vit.reshape(from, target); });
  };
  EXPECT_THAT(error_of_reshape({1, 7, 2, 3}), HasSubstr("the graph's output 'y' is [1, 7, 2, 3]"));
  EXPECT_THAT(
      error_of_reshape({1, 6, 7}),
      HasSubstr("it makes [1, 6, 7] of [1, 7, 6], which splits tokens or features unevenly"));
  EXPECT_THAT(error_of_reshape({1, 43}),
              HasSubstr("it makes [1, 43] of 6 channels of 7x1; only [1, all] is supported"));
  EXPECT_THAT(error_of_reshape({1, 42}), HasSubstr("the graph's output 'y' is [1, 42] of 6 "
                                                   "channels of 7x1"));
}

TEST(OnnxTransformerErrors, DimensionsThatAreNotThere) {
  using Text = std::string;
  EXPECT_THAT(error_behind_tokens([](VitBuilder& vit, const Text& from) {
                return vit.transpose(from, {0, 1});
              }),
              HasSubstr("(Transpose): perm [0, 1] is no order of 3 dimensions"));
  EXPECT_THAT(error_behind_tokens([](VitBuilder& vit, const Text& from) {
                return vit.transpose(from, {0, 1, 1});
              }),
              HasSubstr("its axes [0, 1, 1] name a dimension twice"));
  EXPECT_THAT(error_behind_tokens([](VitBuilder& vit, const Text& from) {
                return vit.node("Squeeze", {from, vit.integers({1})});
              }),
              HasSubstr("(Squeeze): dimension 1 of [1, 7, 6] is not 1"));
  EXPECT_THAT(error_behind_tokens([](VitBuilder& vit, const Text& from) {
                return vit.node("Unsqueeze", {from, vit.integers({4})});
              }),
              HasSubstr("(Unsqueeze): axis 4 is outside of 4 dimensions"));
  EXPECT_THAT(error_behind_tokens([](VitBuilder& vit, const Text& from) {
                return vit.node("ReduceMean", {from, vit.integers({3})});
              }),
              HasSubstr("(ReduceMean): axis 3 is outside of 3 dimensions"));
}

TEST(OnnxTransformerErrors, MeansOverOtherThanTokens) {
  const auto error_of_mean = [](const Extents& axes) {
    return error_of_output([&](VitBuilder& vit, const std::string& from) {
      const std::string name = vit.fresh("mean");
      auto& mean = vit.onnx.node("ReduceMean", {from}, name);
      if (!axes.empty()) set(mean, "axes", axes);
      set(mean, "keepdims", std::int64_t{0});
      return name;
    });
  };
  EXPECT_EQ(error_of_mean({1}), "no error");
  EXPECT_THAT(error_of_mean({-1}),
              HasSubstr("its mean of [1, 7, 6] is not one over all tokens or positions of each "
                        "channel; layer norms are supported as one node, which opset 17 has"));
  EXPECT_THAT(error_of_mean({1, 2}), HasSubstr("is not one over all tokens"));
  EXPECT_THAT(error_of_mean({}), HasSubstr("it has no axes"));
}

TEST(OnnxTransformerErrors, NodesThatSequencesDoNotFit) {
  using Text = std::string;
  EXPECT_THAT(error_behind_tokens([](VitBuilder& vit, const Text& from) {
                return vit.node("Conv", {from, vit.random({6, 6, 1, 1})});
              }),
              HasSubstr("(Conv): its input [1, 7, 6] is a sequence, images are needed"));
  EXPECT_THAT(
      error_behind_tokens([](VitBuilder& vit, const Text& from) { return vit.linear(from, 7, 6); }),
      HasSubstr("is for 7 features, its input has 6"));
  EXPECT_THAT(
      error_behind_tokens([](VitBuilder& vit, const Text& from) {
        return vit.linear(vit.transpose(from, {0, 2, 1}), 7, 6);
      }),
      HasSubstr("the last dimension of its input [1, 6, 7] is not all features of a token"));
  EXPECT_THAT(error_behind_tokens([](VitBuilder& vit, const Text& from) {
                const Text one = vit.random({7});
                return vit.node("BatchNormalization", {from, one, one, one, one});
              }),
              HasSubstr("its input [1, 7, 6] has features in another dimension than 1"));
  EXPECT_THAT(error_behind_tokens([](VitBuilder& vit, const Text& from) {
                return vit.node("Add", {from, vit.reshape(from, {7, 6})});
              }),
              HasSubstr("results of [1, 7, 6] and [7, 6] cannot be added; equal shapes"));
  EXPECT_THAT(error_behind_tokens([](VitBuilder& vit, const Text& from) {
                const Text turned = vit.linear(from, 6, 7);
                return vit.node("Add", {turned, vit.transpose(turned, {0, 2, 1})});
              }),
              HasSubstr("results of [1, 7, 7] lie in their layers' outputs in different ways"));
  EXPECT_THAT(error_behind_tokens([](VitBuilder& vit, const Text& from) {
                return vit.node("Concat", {from, from}, "axis", std::int64_t{1});
              }),
              HasSubstr("it joins [1, 7, 6]; images, vectors, and a constant class token with "
                        "tokens are supported"));
  EXPECT_THAT(error_behind_tokens([](VitBuilder& vit, const Text& from) {
                return vit.node("Cast", {from}, "to", std::int64_t{7});
              }),
              HasSubstr("it casts to type 7, 1 and 11 (floats) are supported"));
  EXPECT_THAT(error_behind_tokens(
                  [](VitBuilder& vit, const Text& from) { return vit.node("Sqrt", {from}); }),
              HasSubstr("(Sqrt): it is supported for constants only"));
}

/// Reshape's other meaning of 0 does not matter where there is none.
TEST(OnnxTransformerErrors, ZerosThatStandForThemselves) {
  const auto error_of_reshape = [](const Extents& target) {
    return error_behind_tokens([&](VitBuilder& vit, const std::string& from) {
      return vit.node("Reshape", {from, vit.integers(target)}, "allowzero", std::int64_t{1});
    });
  };
  EXPECT_EQ(error_of_reshape({1, 7, 6}), "no error");
  EXPECT_THAT(error_of_reshape({0, 7, 6}),
              HasSubstr("allowzero is 1, which is supported where the shape has no 0"));
}

/// One wrong node in front: attention behind it is not reported.
TEST(OnnxTransformerErrors, WhatIsBehindARefusedNodeIsNotReported) {
  const std::string error = error_behind_tokens([](VitBuilder& vit, const std::string& from) {
    const std::string wrong = vit.node("Sigmoid", {from});
    const std::string rows = vit.linear(vit.norm(wrong), 6, 6);
    const std::string shape = vit.node("Shape", {rows});
    const std::string batch = vit.node("Gather", {shape, vit.index(0)});
    const std::string list = vit.node("Unsqueeze", {batch, vit.integers({0})});
    const std::string target =
        vit.node("Concat", {list, vit.integers({7, 2, 3})}, "axis", std::int64_t{0});
    const std::string parts = vit.node("Reshape", {rows, target});
    const std::string scores = vit.node(
        "MatMul", {vit.transpose(parts, {0, 2, 1, 3}), vit.transpose(parts, {0, 2, 3, 1})});
    return vit.node("Mul", {vit.node("Softmax", {scores}), vit.number(2)});
  });
  EXPECT_THAT(error, HasSubstr("1 node cannot be imported:\n  node 'Sigmoid"));
}

}  // namespace
}  // namespace gibbon::nn
