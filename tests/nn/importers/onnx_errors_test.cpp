#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "error_of.hpp"
#include "gibbon/base/error.hpp"
#include "gibbon/base/rng.hpp"
#include "gibbon/nn/importers/onnx.hpp"
#include "nn/importers/onnx_builder.hpp"

namespace gibbon::nn {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string onnx_error(const std::string& content, const ImportOptions& options = {}) {
  return test::error_of([&] { parse_onnx(content, "folder/model.onnx", options); });
}
std::string onnx_error(const OnnxBuilder& builder) {
  return onnx_error(builder.bytes());
}

/// A model of one node over an image and a constant.
template <typename Change>
std::string error_of_node(const std::string& type, Change change,
                          const OnnxBuilder::Extents& input = {1, 2, 4, 4},
                          const OnnxBuilder::Extents& weight = {2, 2, 3, 3}) {
  OnnxBuilder onnx(input);
  onnx.filled("w", weight, 1);
  auto& node = onnx.node(type, {"x", "w"}, "y");
  node.set_name("it");
  change(node);
  return onnx_error(onnx);
}

TEST(OnnxErrors, NameTheFile) {
  EXPECT_EQ(onnx_error("this is no protobuf message"),
            "folder/model.onnx: is truncated or no ONNX file");
  EXPECT_EQ(onnx_error(""), "folder/model.onnx: is no ONNX file: it holds no graph");
  EXPECT_THROW(load_onnx("/nowhere/model.onnx"), base::Error);
}

TEST(OnnxErrors, AllUnsupportedNodesAreListedAtOnce) {
  OnnxBuilder onnx({1, 2, 4, 4});
  onnx.node("Sigmoid", {"x"}, "s");
  onnx.filled("w", {2, 2, 3, 3}, 1);
  set(onnx.node("Conv", {"s", "w"}, "dilated"), "dilations", {2, 2});
  onnx.node("Relu", {"dilated"}, "fine");
  set(onnx.node("Concat", {"fine", "fine"}, "joined"), "axis", std::int64_t{2});
  onnx.node("Gelu", {"joined"}, "y").set_domain("com.microsoft");
  EXPECT_EQ(
      onnx_error(onnx),
      "folder/model.onnx: 3 nodes cannot be imported:\n"
      "  node 's' (Sigmoid): unknown operator\n"
      "  node 'dilated' (Conv): dilations other than 1\n"
      "  node 'y' (com.microsoft:Gelu): unknown operator\n"
      "Supported are Add, AveragePool, BatchNormalization, Cast, Clip, Concat, Constant, Conv, "
      "Div, Dropout, Erf, Flatten, Gather, Gelu, Gemm, GlobalAveragePool, Identity, "
      "LayerNormalization, MatMul, MaxPool, Mul, ReduceMean, Relu, Reshape, Shape, Slice, "
      "Softmax, Split, Squeeze, Transpose, Unsqueeze, and LogSoftmax at the end; for constants "
      "also Abs, ConstantOfShape, Equal, Expand, Sqrt, Sub and Where; transformers from "
      "opset 17 on.");
}

/// Whether SAME padding is symmetric shows only when the input's size is known.
TEST(OnnxErrors, UnsupportedShapesAreListedAtOnceToo) {
  OnnxBuilder onnx({1, 2, 4, 4});
  onnx.filled("w", {2, 2, 2, 2}, 1);
  set(onnx.node("Conv", {"x", "w"}, "a"), "auto_pad", "SAME_UPPER");
  onnx.node("Relu", {"a"}, "behind");
  set(onnx.node("Conv", {"x", "w"}, "b"), "auto_pad", "SAME_LOWER");
  onnx.node("Add", {"behind", "b"}, "y");
  EXPECT_THAT(onnx_error(onnx),
              testing::AllOf(HasSubstr("2 nodes cannot be imported:\n"
                                       "  node 'a' (Conv): SAME padding adds 1 rows in all here, "
                                       "only equal padding on all sides is supported\n"
                                       "  node 'b' (Conv): SAME padding"),
                             HasSubstr("Supported are")));
}

TEST(OnnxErrors, UnsupportedAttributes) {
  const auto conv = [](auto change) { return error_of_node("Conv", change); };
  EXPECT_THAT(conv([](auto& n) {
                set(n, "pads", {0, 1, 0, 1});
              }),
              HasSubstr("node 'it' (Conv): pads is [0, 1, 0, 1], 4 equal values are supported"));
  EXPECT_THAT(conv([](auto& n) { set(n, "pads", {1, 1}); }), HasSubstr("4 equal values"));
  EXPECT_THAT(conv([](auto& n) {
                set(n, "strides", {1, 2});
              }),
              HasSubstr("strides is [1, 2], 2 equal values are supported"));
  EXPECT_THAT(conv([](auto& n) {
                set(n, "strides", {0, 0});
              }),
              HasSubstr("strides is [0, 0], supported are 1 to 4096"));
  EXPECT_THAT(conv([](auto& n) {
                set(n, "pads", {-1, -1, -1, -1});
              }),
              HasSubstr("supported are 0 to 4096"));
  EXPECT_THAT(conv([](auto& n) { set(n, "auto_pad", "ROUND"); }), HasSubstr("auto_pad 'ROUND'"));
  // ceil(4 / 2) = 2 outputs need 2 + 3 = 5 rows, one more than there are.
  EXPECT_THAT(conv([](auto& n) {
                set(n, "auto_pad", "SAME_UPPER");
                set(n, "strides", {2, 2});
              }),
              HasSubstr("SAME padding adds 1 rows in all here"));
  EXPECT_THAT(error_of_node("Conv", [](auto&) {}, {1, 2, 4, 4}, {2, 2, 3, 1}),
              HasSubstr("its kernel is 3x1, square ones are supported"));
  EXPECT_THAT(error_of_node("Conv", [](auto&) {}, {1, 2, 4, 4}, {2, 2, 3}),
              HasSubstr("its weight has shape [2, 2, 3]"));
  const auto gemm = [](auto change) { return error_of_node("Gemm", change, {1, 2}, {2, 2}); };
  EXPECT_THAT(gemm([](auto& n) { set(n, "transA", std::int64_t{1}); }), HasSubstr("transA is 1"));
  EXPECT_THAT(error_of_node("Reshape", [](auto& n) { set(n, "allowzero", std::int64_t{1}); }),
              HasSubstr("allowzero is 1"));
  EXPECT_THAT(error_of_node("Flatten", [](auto& n) { set(n, "axis", std::int64_t{2}); }),
              HasSubstr("axis is 2, 1 is supported"));
  EXPECT_THAT(error_of_node("Softmax", [](auto& n) { n.set_output(0, "z"); }),
              HasSubstr("the graph's output needs 'y'"));
  EXPECT_THAT(error_of_node("Clip", [](auto& n) { set(n, "max", 2.0F); }, {1, 2}, {1}),
              HasSubstr("it clips to [1, 2], supported are [-a, a], [0, a] and [0, infinity]"));
}

TEST(OnnxErrors, UnsupportedPools) {
  const auto pool = [](const std::string& type, auto change) {
    return error_of_node(type, [&](auto& node) {
      node.mutable_input()->RemoveLast();
      set(node, "kernel_shape", {3, 3});
      change(node);
    });
  };
  EXPECT_THAT(pool("AveragePool",
                   [](auto& n) {
                     set(n, "pads", {1, 1, 1, 1});
                   }),
              HasSubstr("an average over padded windows needs count_include_pad"));
  EXPECT_EQ(pool("AveragePool",
                 [](auto& n) {
                   set(n, "pads", {1, 1, 1, 1});
                   set(n, "count_include_pad", std::int64_t{1});
                 }),
            "no error");
  EXPECT_THAT(pool("MaxPool",
                   [](auto& n) {
                     set(n, "pads", {3, 3, 3, 3});
                   }),
              HasSubstr("pads of 3 are not smaller than its kernel"));
  const auto ceil = [](auto& n) {
    set(n, "ceil_mode", std::int64_t{1});
    set(n, "strides", {2, 2});
  };
  EXPECT_THAT(pool("MaxPool", ceil), HasSubstr("ceil_mode is 1 and would add a partial window"));
  EXPECT_THAT(error_of_node("MaxPool", [](auto&) {}),
              HasSubstr("node 'it' (MaxPool): attribute 'kernel_shape' is missing"));
}

TEST(OnnxErrors, ComputedWeights) {
  OnnxBuilder onnx({1, 2});
  onnx.node("Relu", {"x"}, "s");
  onnx.node("Gemm", {"s", "s"}, "g");
  onnx.node("MatMul", {"s", "s"}, "m");
  onnx.filled("b", {2, 2}, 1);
  onnx.node("MatMul", {"b", "m"}, "n");
  onnx.node("LogSoftmax", {"n"}, "l");
  onnx.node("Add", {"g", "l"}, "y");
  EXPECT_THAT(onnx_error(onnx),
              testing::AllOf(HasSubstr("4 nodes"),
                             HasSubstr("'g' (Gemm): input 's' is computed, a constant is needed"),
                             HasSubstr("'m' (MatMul): [1, 2] times [1, 2] is no product"),
                             HasSubstr("'n' (MatMul): input 'b' is constant, only weights may be"),
                             HasSubstr("'l' (LogSoftmax): it is supported as the last node only")));
}

TEST(OnnxErrors, WrongShapes) {
  const auto nothing = [](auto&) {};
  EXPECT_THAT(error_of_node("Conv", nothing, {1, 3, 4, 4}),
              HasSubstr("node 'it' (Conv): its weight [2, 2, 3, 3] in 1 groups is for 2 input "
                        "channels, its input has 3"));
  EXPECT_THAT(error_of_node("Conv", nothing, {1, 2, 2, 4}),
              HasSubstr("its window is larger than its input"));
  EXPECT_THAT(error_of_node("Conv", [](auto& n) { set(n, "group", std::int64_t{3}); }),
              HasSubstr("group is 3, it must divide the 2 output channels"));
  EXPECT_THAT(error_of_node("Conv",
                            [](auto& n) {
                              set(n, "kernel_shape", {5, 5});
                            }),
              HasSubstr("kernel_shape is not that of its weight"));
  EXPECT_THAT(error_of_node("Conv", nothing, {1, 8}),
              HasSubstr("its input is a vector of 8, images are needed"));
  EXPECT_THAT(error_of_node("MatMul", nothing, {1, 3}, {4, 2}),
              HasSubstr("its weight [4, 2] is for 4 features, its input has 3"));
  EXPECT_THAT(error_of_node("MatMul", nothing, {1, 2, 2, 2}, {8, 2}),
              HasSubstr("its input is 2x2x2, it has to be flattened before"));
  EXPECT_THAT(error_of_node("MatMul", nothing, {1, 3}, {3}),
              HasSubstr("'w' has shape [3], 2 dimensions are needed"));
  EXPECT_THAT(error_of_node("Add", nothing, {1, 2, 4, 4}, {4}),
              HasSubstr("the constant 'w' of shape [4] is not one value or one for each of the 2"));
  EXPECT_THAT(error_of_node("Conv", [](auto& n) { n.mutable_input()->RemoveLast(); }),
              HasSubstr("node 'it' (Conv): input 2 is missing"));
  EXPECT_THAT(error_of_node("Conv", [](auto& n) { set(n, "group", "two"); }),
              HasSubstr("attribute 'group' is not an integer"));
}

TEST(OnnxErrors, WrongShapesOfSums) {
  OnnxBuilder onnx({1, 2, 4, 4});
  onnx.node("GlobalAveragePool", {"x"}, "p");
  onnx.node("Add", {"p", "x"}, "y");
  EXPECT_THAT(onnx_error(onnx), HasSubstr("results of 2x1x1 and 2x4x4 cannot be added"));
}

std::string error_of_concat(const OnnxBuilder::Extents& input, std::int64_t axis) {
  OnnxBuilder onnx(input);
  onnx.node("Relu", {"x"}, "r");
  set(onnx.node("Concat", {"r", "x"}, "y"), "axis", axis);
  return onnx_error(onnx);
}

TEST(OnnxErrors, ConcatsAlongOtherAxes) {
  for (const std::int64_t axis : {0, 2, 3, -1, -2, -4, 5}) {
    EXPECT_THAT(
        error_of_concat({1, 2, 4, 4}, axis),
        HasSubstr(fmt::format("1 node cannot be imported:\n  node 'y' (Concat): axis is {}, "
                              "1 (channels) is supported\n",
                              axis)));
  }
  for (const std::int64_t axis : {0, 2, -2, -3}) {
    EXPECT_THAT(error_of_concat({1, 2}, axis), HasSubstr("1 (channels) is supported"));
  }
}

TEST(OnnxErrors, ConcatsThatDoNotFit) {
  OnnxBuilder onnx({1, 2, 4, 4});
  onnx.node("GlobalAveragePool", {"x"}, "p");
  set(onnx.node("Concat", {"p", "x"}, "y"), "axis", std::int64_t{1});
  EXPECT_THAT(onnx_error(onnx),
              HasSubstr("node 'y' (Concat): results of 2x1x1 and 2x4x4 cannot be concatenated"));
  OnnxBuilder mixed({1, 2, 1, 1});
  mixed.node("Flatten", {"x"}, "f");
  set(mixed.node("Concat", {"f", "x"}, "y"), "axis", std::int64_t{1});
  EXPECT_THAT(onnx_error(mixed), HasSubstr("results of 2 and 2x1x1 cannot be concatenated"));
  OnnxBuilder constant({1, 2, 1, 1});
  constant.filled("w", {1, 2, 1, 1}, 1);
  set(constant.node("Concat", {"x", "w"}, "y"), "axis", std::int64_t{1});
  EXPECT_THAT(onnx_error(constant), HasSubstr("input 'w' is constant, only weights may be"));
  OnnxBuilder none({1, 2, 1, 1});
  none.node("Relu", {"x"}, "r");
  auto& node = none.node("Concat", {"r", ""}, "y");
  set(node, "axis", std::int64_t{1});
  EXPECT_THAT(onnx_error(none), HasSubstr("node 'y' (Concat): input 2 is missing"));
}

TEST(OnnxErrors, ConcatsThatGrowWithoutEnd) {
  OnnxBuilder onnx({1, 1, 1, 1});
  std::string last = "x";
  for (int i = 0; i < 27; ++i) {
    const std::string next = i == 26 ? "y" : fmt::format("c{}", i);
    set(onnx.node("Concat", {last, last}, next), "axis", std::int64_t{1});
    last = next;
  }
  EXPECT_THAT(onnx_error(onnx), HasSubstr("node 'y' (Concat): its output of 134217728x1x1 has more "
                                          "than 67108864 elements"));
}

TEST(OnnxErrors, ReshapesThatAreNoFlatten) {
  for (const OnnxBuilder::Extents& target :
       {OnnxBuilder::Extents{2, 16}, {1, 2, 16}, {1, 16, -1}, {-1, -1}, {0, 0}, {1, 31}, {32, 1}}) {
    OnnxBuilder onnx({1, 2, 4, 4});
    onnx.integers("shape", target);
    onnx.node("Reshape", {"x", "shape"}, "y");
    EXPECT_THAT(onnx_error(onnx), HasSubstr("of 2 channels of 4x4; only [1, all] is supported"));
  }
}

TEST(OnnxErrors, WrongBatchNorms) {
  const auto error_with = [](std::size_t count, float variance, std::int64_t training) {
    OnnxBuilder onnx({1, 2, 4, 4});
    onnx.filled("a", {2}, 1);
    onnx.filled("v", {static_cast<std::int64_t>(count)}, variance);
    auto& norm = onnx.node("BatchNormalization", {"x", "a", "a", "a", "v"}, "y");
    set(norm, "training_mode", training);
    return onnx_error(onnx);
  };
  EXPECT_EQ(error_with(2, 0, 0), "no error");
  EXPECT_THAT(error_with(3, 1, 0), HasSubstr("'v' has 3 values, its input has 2 channels"));
  EXPECT_THAT(error_with(2, -1, 0), HasSubstr("variance -1 plus epsilon"));
  EXPECT_THAT(error_with(2, 1, 1), HasSubstr("training_mode is 1"));
}

TEST(OnnxErrors, Inputs) {
  const auto error_with = [](const OnnxBuilder::Extents& input) {
    OnnxBuilder onnx(input);
    onnx.node("Relu", {"x"}, "y");
    return onnx_error(onnx);
  };
  EXPECT_EQ(error_with({1, 2}), "no error");
  EXPECT_EQ(
      error_with({-1, 3, 32, 32}),
      "folder/model.onnx: the input 'x' has shape [N, 3, 32, 32]: its batch is dynamic; export "
      "the model with a batch of 1");
  EXPECT_THAT(error_with({8, 3, 32, 32}), HasSubstr("its batch is 8"));
  EXPECT_THAT(error_with({1, 3, -1, 32}), HasSubstr("which is not fixed"));
  EXPECT_THAT(error_with({1, 3, 32}), HasSubstr("[1, channels, height, width] or [1, features]"));
  EXPECT_THAT(error_with({}), HasSubstr("has shape []"));
  EXPECT_THAT(error_with({1, 0}), HasSubstr("1 to 65536 are allowed"));
  EXPECT_EQ(error_with({1, 65536}), "no error");
  EXPECT_THAT(error_with({1, 65537}), HasSubstr("1 to 65536 are allowed"));
  EXPECT_THAT(error_with({1, 65536, 65536, 65536}), HasSubstr("elements in all"));
}

TEST(OnnxErrors, SourcesOfValues) {
  OnnxBuilder missing({1, 2});
  missing.node("MatMul", {"x", "w"}, "y");
  EXPECT_THAT(onnx_error(missing),
              HasSubstr("node 'y' (MatMul) needs 'w', which is no initialiser"));

  OnnxBuilder not_given({1, 2});
  not_given.add_input("w", {2, 2});
  not_given.node("MatMul", {"x", "w"}, "y");
  EXPECT_THAT(onnx_error(not_given),
              HasSubstr("the graph has 2 inputs without an initialiser ('x', 'w')"));

  OnnxBuilder cyclic({1, 2});
  cyclic.node("Add", {"x", "b"}, "a");
  cyclic.node("Relu", {"a"}, "b");
  cyclic.node("Relu", {"b"}, "y");
  EXPECT_THAT(onnx_error(cyclic), HasSubstr("is part of, or behind, a cycle of nodes"));

  OnnxBuilder own({1, 2});
  own.node("Add", {"x", "y"}, "y");
  EXPECT_THAT(onnx_error(own), HasSubstr("cycle"));

  OnnxBuilder twice({1, 2});
  twice.node("Relu", {"x"}, "y");
  twice.node("Relu", {"x"}, "y");
  EXPECT_THAT(onnx_error(twice), HasSubstr("its output 'y' has another source already"));

  OnnxBuilder initialisers({1, 2});
  initialisers.filled("w", {1}, 1);
  initialisers.filled("w", {1}, 1);
  EXPECT_THAT(onnx_error(initialisers), HasSubstr("two initialisers 'w'"));

  OnnxBuilder outputs({1, 2});
  outputs.graph().add_output()->set_name("z");
  EXPECT_THAT(onnx_error(outputs), HasSubstr("2 outputs"));

  OnnxBuilder unrelated({1, 2}, "w");
  unrelated.filled("w", {1}, 1);
  EXPECT_THAT(onnx_error(unrelated), HasSubstr("does not depend on its input"));

  OnnxBuilder mask({1, 2});
  mask.node("Dropout", {"x"}, "d").add_output("mask");
  mask.node("Relu", {"mask"}, "y");
  EXPECT_THAT(onnx_error(mask), HasSubstr("a node's second output"));
}

TEST(OnnxErrors, Constants) {
  const auto error_with = [](auto change) {
    OnnxBuilder onnx({1, 2});
    change(onnx.constant("w", {2, 1}, {1, 2}));
    onnx.node("MatMul", {"x", "w"}, "y");
    return onnx_error(onnx);
  };
  using Tensor = onnx_schema::TensorProto;
  EXPECT_THAT(error_with([](Tensor& t) { t.set_data_location(Tensor::EXTERNAL); }),
              HasSubstr("constant 'w': its data lies in another file"));
  EXPECT_THAT(error_with([](Tensor& t) { t.set_raw_data("1234567"); }),
              HasSubstr("constant 'w': its shape needs 8 bytes, its data has 7"));
  EXPECT_THAT(error_with([](Tensor& t) { t.clear_raw_data(); }),
              HasSubstr("its shape has 2 elements, its data 0"));
  EXPECT_THAT(error_with([](Tensor& t) { t.set_data_type(Tensor::FLOAT16); }),
              HasSubstr("it is of type FLOAT16, FLOAT or DOUBLE is needed"));
  EXPECT_THAT(error_with([](Tensor& t) { t.set_data_type(99); }),
              HasSubstr("it is of the unknown type 99"));
  EXPECT_THAT(error_with([](Tensor& t) { t.set_dims(0, -2); }), HasSubstr("its shape is [-2, 1]"));
  EXPECT_THAT(error_with([](Tensor& t) { t.set_dims(0, std::int64_t{1} << 62); }),
              HasSubstr("at most 67108864 elements in all"));
  EXPECT_THAT(error_with([](Tensor& t) {
                const float values[] = {1, std::numeric_limits<float>::quiet_NaN()};
                t.set_raw_data(values, sizeof(values));
              }),
              HasSubstr("not a finite number"));
}

TEST(OnnxErrors, Options) {
  EXPECT_THAT(onnx_error("", {1, 9, 9, 1}), HasSubstr("1 bits, allowed are 2 to 16"));
  EXPECT_THAT(onnx_error("", {9, 17, 9, 1}), HasSubstr("17 bits, allowed are 2 to 16"));
  EXPECT_THAT(onnx_error("", {9, 9, 9, 0}), HasSubstr("input_scale is 0, it must be positive"));
}

/// Every kind of node, in few bytes.
std::string small_model() {
  OnnxBuilder onnx({1, 2, 4, 4});
  onnx.filled("w", {2, 1, 3, 3}, 0.5F);
  onnx.constant("b", {2}, {1, 2});
  auto& conv = onnx.node("Conv", {"x", "w", "b"}, "c");
  set(conv, "pads", {1, 1, 1, 1});
  set(conv, "group", std::int64_t{2});
  onnx.node("BatchNormalization", {"c", "b", "b", "b", "b"}, "n");
  onnx.node("Add", {"n", "x"}, "s");
  auto& pool = onnx.node("MaxPool", {"s"}, "p");
  set(pool, "kernel_shape", {2, 2});
  set(pool, "strides", {2, 2});
  onnx.node("Relu", {"p"}, "r");
  onnx.integers("shape", {1, -1});
  onnx.node("Reshape", {"r", "shape"}, "f");
  onnx.filled("v", {8, 2}, 0.25F);
  auto& gemm = onnx.node("Gemm", {"f", "v"}, "g");
  set(gemm, "alpha", 0.5F);
  onnx.node("Add", {"g", "b"}, "y");
  return onnx.bytes();
}

/// Neither accepted nor refused content may end in anything but a network or a base::Error.
void import_anything(const std::string& content) {
  const std::string error = onnx_error(content);
  if (error != "no error") {
    EXPECT_THAT(error, StartsWith("folder/model.onnx: "));
  }
}

TEST(OnnxErrors, TruncatedFiles) {
  const std::string whole = small_model();
  ASSERT_EQ(onnx_error(whole), "no error");
  for (std::size_t length = 0; length < whole.size(); ++length) {
    import_anything(whole.substr(0, length));
  }
  EXPECT_THAT(onnx_error(whole.substr(0, whole.size() / 2)), HasSubstr("truncated"));
}

TEST(OnnxErrors, FlippedBits) {
  const std::string whole = small_model();
  base::Rng rng(20221);
  for (int round = 0; round < 20000; ++round) {
    import_anything(with_flipped_bits(whole, rng));
  }
}

TEST(OnnxErrors, RandomBytes) {
  base::Rng rng(7);
  for (int round = 0; round < 2000; ++round) {
    std::string content(rng.below(64), '\0');
    for (char& byte : content) byte = static_cast<char>(rng.below(256));
    import_anything(content);
  }
}

}  // namespace
}  // namespace gibbon::nn
