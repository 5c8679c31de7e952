#include "gibbon/nn/importers/onnx.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gibbon/base/error.hpp"
#include "nn/importers/onnx_builder.hpp"

namespace gibbon::nn {
namespace {

using ::testing::ElementsAre;

TrainedNetwork import(const OnnxBuilder& builder, const ImportOptions& options = {}) {
  return parse_onnx(builder.bytes(), "folder/model.onnx", options);
}

std::vector<std::string> layer_names(const TrainedNetwork& trained) {
  std::vector<std::string> names;
  for (const Layer& layer : trained.network.layers()) names.push_back(layer.name);
  return names;
}

std::vector<std::string> layer_types(const TrainedNetwork& trained) {
  std::vector<std::string> types;
  for (const Layer& layer : trained.network.layers()) {
    types.emplace_back(type_name(layer.parameters));
  }
  return types;
}

template <typename Parameters>
Parameters parameters(const TrainedNetwork& trained, std::size_t layer) {
  return std::get<Parameters>(trained.network.layers().at(layer).parameters);
}

/// LeNet's shape: convolutions, pools and Gemms on a 12x12 image.
TEST(Onnx, ReadsAChain) {
  OnnxBuilder onnx({1, 1, 12, 12});
  onnx.filled("w1", {6, 1, 5, 5}, 0.5F);
  set(onnx.node("Conv", {"x", "w1"}, "c1"), "pads", {2, 2, 2, 2});
  onnx.node("Relu", {"c1"}, "r1");
  auto& pool = onnx.node("MaxPool", {"r1"}, "p1");
  set(pool, "kernel_shape", {2, 2});
  set(pool, "strides", {2, 2});
  onnx.filled("w2", {16, 6, 3, 3}, -0.25F);
  set(onnx.node("Conv", {"p1", "w2"}, "c2"), "strides", {2, 2});
  onnx.node("Flatten", {"c2"}, "f");
  onnx.filled("w3", {10, 64}, 0.125F);
  set(onnx.node("Gemm", {"f", "w3"}, "y"), "transB", std::int64_t{1});
  const TrainedNetwork trained = import(onnx);

  const NetworkDescription& d = trained.network.description();
  EXPECT_EQ(d.name, "model");
  EXPECT_EQ(d.input, (Shape{1, 12, 12}));
  EXPECT_EQ(d.num_classes, 10);
  EXPECT_EQ(d.input_bits, 9);
  EXPECT_DOUBLE_EQ(d.input_scale, 1.0 / 255);
  EXPECT_THAT(layer_names(trained), ElementsAre("c1", "r1", "p1", "c2", "f", "y"));
  EXPECT_THAT(layer_types(trained),
              ElementsAre("conv", "relu", "pool", "conv", "flatten", "linear"));
  const auto c1 = parameters<Conv>(trained, 0);
  EXPECT_EQ(c1.in_channels, 1);
  EXPECT_EQ(c1.out_channels, 6);
  EXPECT_EQ(c1.kernel, 5);
  EXPECT_EQ(c1.stride, 1);
  EXPECT_EQ(c1.padding, 2);
  EXPECT_EQ(c1.groups, 1);
  EXPECT_EQ(c1.weight_bits, 9);
  EXPECT_EQ(c1.activation_bits, 9);
  EXPECT_EQ(parameters<Pool>(trained, 2).mode, PoolMode::kMax);
  // 12 + 2 x 2 - 5 + 1 = 12, halved 6; (6 - 3) / 2 + 1 = 2.
  EXPECT_EQ(trained.network.output_shape(2), (Shape{6, 6, 6}));
  EXPECT_EQ(trained.network.output_shape(3), (Shape{16, 2, 2}));
  EXPECT_EQ(parameters<Linear>(trained, 5).in_features, 64);
  EXPECT_EQ(trained.states[3].weight, std::vector<float>(16 * 6 * 9, -0.25F));
}

TEST(Onnx, GridsAreThoseOfTheWeightsAndOfTheInput) {
  OnnxBuilder onnx({1, 4});
  onnx.constant("w1", {2, 4}, {0.5F, -1.5F, 0, 0, 0, 0, 0.25F, 0});
  set(onnx.node("Gemm", {"x", "w1"}, "a"), "transB", std::int64_t{1});
  onnx.constant("w2", {2, 1}, {0, 0});
  onnx.node("MatMul", {"a", "w2"}, "y");
  const TrainedNetwork trained = import(onnx, {5, 7, 4, 0.125});

  EXPECT_EQ(trained.network.description().input_bits, 4);
  EXPECT_EQ(parameters<Linear>(trained, 0).weight_bits, 5);
  EXPECT_EQ(parameters<Linear>(trained, 0).activation_bits, 7);
  const LayerState& first = trained.states[0];
  EXPECT_EQ(first.weights.bits, 5);
  EXPECT_DOUBLE_EQ(first.weights.scale, 1.5 / 15);  // 2^(5-1) - 1 = 15
  EXPECT_EQ(first.input.bits, 4);
  EXPECT_DOUBLE_EQ(first.input.scale, 0.125);
  EXPECT_EQ(first.output.bits, 7);
  EXPECT_EQ(first.output.scale, 0);
  EXPECT_EQ(first.output_range, -1);
  // Not known without images: what the second layer reads. Weights of zeros still have a grid.
  EXPECT_EQ(trained.states[1].input.bits, 7);
  EXPECT_EQ(trained.states[1].input.scale, 0);
  EXPECT_GT(trained.states[1].weights.scale, 0);
}

TEST(Onnx, TheInputsGridReachesThroughFlattenAndDropout) {
  OnnxBuilder onnx({1, 1, 2, 2});
  onnx.node("Dropout", {"x"}, "d");
  onnx.node("Flatten", {"d"}, "f");
  onnx.filled("w", {4, 3}, 1);
  onnx.node("MatMul", {"f", "w"}, "y");
  const TrainedNetwork trained = import(onnx);
  EXPECT_THAT(layer_types(trained), ElementsAre("dropout", "flatten", "linear"));
  EXPECT_DOUBLE_EQ(trained.states[2].input.scale, 1.0 / 255);
}

TEST(Onnx, TheGridBehindAClampIsKnown) {
  OnnxBuilder onnx({1, 2});
  onnx.constant("zero", {}, {0});
  onnx.constant("six", {}, {6});
  onnx.node("Clip", {"x", "zero", "six"}, "c");
  onnx.filled("w", {2, 1}, 1);
  onnx.node("MatMul", {"c", "w"}, "y");
  const TrainedNetwork trained = import(onnx);
  EXPECT_THAT(layer_types(trained), ElementsAre("relu", "hardtanh", "linear"));
  EXPECT_DOUBLE_EQ(trained.states[2].input.scale, 6.0 / 255);
}

TEST(Onnx, ReadsResidualAdds) {
  OnnxBuilder onnx({1, 2, 4, 4});
  onnx.filled("w", {2, 2, 3, 3}, 1);
  set(onnx.node("Conv", {"x", "w"}, "c"), "pads", {1, 1, 1, 1});
  onnx.node("Add", {"c", "x"}, "s");
  onnx.node("Relu", {"s"}, "y");
  const TrainedNetwork trained = import(onnx);
  EXPECT_THAT(layer_types(trained), ElementsAre("conv", "add", "relu"));
  EXPECT_THAT(trained.network.layers()[1].inputs, ElementsAre(0, kNetworkInput));
  EXPECT_EQ(parameters<Add>(trained, 1).channels, 2);
}

/// An inception block: a biased 1x1 and a 3x3 branch side by side.
TEST(Onnx, ReadsConcatenatedBranches) {
  OnnxBuilder onnx({1, 3, 6, 6});
  onnx.filled("w1", {4, 3, 1, 1}, 0.5F);
  onnx.constant("b1", {4}, {1, 2, 3, 4});
  onnx.node("Conv", {"x", "w1", "b1"}, "one");
  onnx.filled("w3", {8, 3, 3, 3}, 0.5F);
  set(onnx.node("Conv", {"x", "w3"}, "three"), "pads", {1, 1, 1, 1});
  set(onnx.node("Concat", {"three", "one", "x"}, "join"), "axis", std::int64_t{1});
  onnx.node("Relu", {"join"}, "r");
  onnx.filled("w", {2, 15, 6, 6}, 0.5F);
  onnx.node("Conv", {"r", "w"}, "c");
  onnx.node("Flatten", {"c"}, "y");
  const TrainedNetwork trained = import(onnx);
  EXPECT_THAT(layer_names(trained), ElementsAre("one", "three", "one_bias", "join", "r", "c", "y"));
  EXPECT_THAT(trained.network.layers()[3].inputs, ElementsAre(1, 2, kNetworkInput));
  EXPECT_TRUE(std::holds_alternative<Concat>(trained.network.layers()[3].parameters));
  EXPECT_EQ(trained.network.output_shape(3), (Shape{15, 6, 6}));  // 8 + 4 + 3
  EXPECT_EQ(trained.states[5].input.bits, 9);
  EXPECT_EQ(trained.states[5].input.scale, 0);  // the branches' ranges are not known
}

TEST(Onnx, ConcatsTakeNegativeAxesAndVectors) {
  for (const auto& [input, axis] : {std::pair{OnnxBuilder::Extents{1, 3, 2, 2}, -3},
                                    {OnnxBuilder::Extents{1, 3}, 1},
                                    {OnnxBuilder::Extents{1, 3}, -1}}) {
    OnnxBuilder onnx(input);
    onnx.node("Relu", {"x"}, "r");
    set(onnx.node("Concat", {"x", "r"}, "y"), "axis", std::int64_t{axis});
    const TrainedNetwork trained = import(onnx);
    EXPECT_THAT(layer_types(trained), ElementsAre("relu", "concat"));
    EXPECT_EQ(trained.network.output_shape(1).channels, 6);
  }
}

TEST(Onnx, AConcatOfOneResultDisappears) {
  OnnxBuilder onnx({1, 3, 2, 2});
  set(onnx.node("Concat", {"x"}, "same"), "axis", std::int64_t{1});
  onnx.node("Relu", {"same"}, "y");
  EXPECT_THAT(layer_names(import(onnx)), ElementsAre("y"));
}

TEST(Onnx, TheGridBehindAConcatHoldsAllItsInputs) {
  OnnxBuilder onnx({1, 2});
  onnx.constant("minus", {}, {-6});
  onnx.constant("six", {}, {6});
  onnx.node("Clip", {"x", "minus", "six"}, "c");
  set(onnx.node("Concat", {"x", "c"}, "join"), "axis", std::int64_t{1});
  onnx.filled("w", {4, 1}, 1);
  onnx.node("MatMul", {"join", "w"}, "y");
  const TrainedNetwork trained = import(onnx, {9, 7, 9, 1.0 / 255});
  EXPECT_THAT(layer_types(trained), ElementsAre("hardtanh", "concat", "linear"));
  // The input has 9 bits up to 1, the clip 7 bits up to 6: 9 bits up to 6.
  EXPECT_EQ(trained.states[2].input.bits, 9);
  EXPECT_DOUBLE_EQ(trained.states[2].input.scale, 6.0 / 255);
}

TEST(Onnx, ReadsGroupedConvolutions) {
  OnnxBuilder onnx({1, 4, 3, 3});
  onnx.filled("w", {8, 2, 1, 1}, 1);
  set(onnx.node("Conv", {"x", "w"}, "y"), "group", std::int64_t{2});
  const TrainedNetwork trained = import(onnx);
  EXPECT_EQ(parameters<Conv>(trained, 0).groups, 2);
  EXPECT_EQ(parameters<Conv>(trained, 0).in_channels, 4);
  EXPECT_EQ(trained.states[0].weight.size(), 16u);
}

TEST(Onnx, ABiasIsADigitalLayer) {
  OnnxBuilder onnx({1, 1, 3, 3});
  onnx.filled("w", {2, 1, 3, 3}, 1);
  onnx.constant("b", {2}, {0.5F, -2});
  onnx.node("Conv", {"x", "w", "b"}, "c");
  onnx.node("Relu", {"c"}, "y");
  const TrainedNetwork trained = import(onnx);
  EXPECT_THAT(layer_names(trained), ElementsAre("c", "c_bias", "y"));
  EXPECT_EQ(parameters<Bias>(trained, 1).features, 2);
  EXPECT_EQ(parameters<Bias>(trained, 1).output_bits, 9);
  EXPECT_EQ(trained.states[1].output.bits, 9);
  EXPECT_THAT(trained.states[1].beta, ElementsAre(0.5F, -2));
}

TEST(Onnx, ABiasOfZerosIsLeftOut) {
  OnnxBuilder onnx({1, 1, 3, 3});
  onnx.filled("w", {2, 1, 3, 3}, 1);
  onnx.filled("b", {2}, 0);
  onnx.node("Conv", {"x", "w", "b"}, "y");
  EXPECT_THAT(layer_names(import(onnx)), ElementsAre("y"));
}

TEST(Onnx, ABatchNormTakesTheBiasBeforeIt) {
  OnnxBuilder onnx({1, 1, 3, 3});
  onnx.filled("w", {2, 1, 3, 3}, 1);
  onnx.constant("b", {2}, {0.5F, -2});
  onnx.node("Conv", {"x", "w", "b"}, "c");
  onnx.constant("gamma", {2}, {1, 2});
  onnx.constant("beta", {2}, {3, 4});
  onnx.constant("mean", {2}, {5, 6});
  onnx.constant("variance", {2}, {7, 8});
  set(onnx.node("BatchNormalization", {"c", "gamma", "beta", "mean", "variance"}, "y"), "epsilon",
      0.25F);
  const TrainedNetwork trained = import(onnx);
  EXPECT_THAT(layer_names(trained), ElementsAre("c", "y"));
  EXPECT_EQ(parameters<BatchNorm>(trained, 1).output_bits, 9);
  EXPECT_THAT(trained.states[1].gamma, ElementsAre(1, 2));
  EXPECT_THAT(trained.states[1].beta, ElementsAre(3, 4));
  EXPECT_THAT(trained.states[1].running_mean, ElementsAre(4.5F, 8));  // 5 - 0.5, 6 + 2
  EXPECT_THAT(trained.states[1].running_variance, ElementsAre(7, 8));
  EXPECT_DOUBLE_EQ(trained.states[1].epsilon, 0.25);
}

/// Two readers of one biased convolution, one of them a batch norm: each sees the bias once.
TEST(Onnx, ABiasIsSeenOnceByEveryReader) {
  OnnxBuilder onnx({1, 1, 1, 1});
  onnx.constant("w", {1, 1, 1, 1}, {1});
  onnx.constant("b", {1}, {3});
  onnx.node("Conv", {"x", "w", "b"}, "c");
  onnx.node("Relu", {"c"}, "r");
  onnx.constant("one", {1}, {1});
  onnx.constant("zero", {1}, {0});
  onnx.node("BatchNormalization", {"c", "one", "zero", "zero", "one"}, "n");
  onnx.node("Add", {"r", "n"}, "y");
  const TrainedNetwork trained = import(onnx);
  EXPECT_THAT(layer_names(trained), ElementsAre("c", "c_bias", "r", "n", "y"));
  // The norm reads the layer with the bias, so its own mean stays.
  EXPECT_THAT(trained.network.layers()[3].inputs, ElementsAre(1));
  EXPECT_THAT(trained.states[3].running_mean, ElementsAre(0));
}

TEST(Onnx, FlattensByReshape) {
  for (const std::vector<std::int64_t>& target :
       {std::vector<std::int64_t>{1, -1}, {-1, 8}, {1, 8}, {0, -1}, {0, 8}}) {
    OnnxBuilder onnx({1, 2, 2, 2});
    onnx.node("Relu", {"x"}, "r");
    onnx.integers("shape", target);
    onnx.node("Reshape", {"r", "shape"}, "y");
    const TrainedNetwork trained = import(onnx);
    EXPECT_THAT(layer_types(trained), ElementsAre("relu", "flatten"));
    EXPECT_EQ(trained.network.description().num_classes, 8);
  }
}

TEST(Onnx, AReshapeToTheSameShapeDisappears) {
  OnnxBuilder onnx({1, 2, 2, 2});
  onnx.integers("same", {0, 2, -1, 2});
  onnx.node("Reshape", {"x", "same"}, "a");
  onnx.node("Relu", {"a"}, "y");
  EXPECT_THAT(layer_types(import(onnx)), ElementsAre("relu"));
}

/// Weights of 3 features to 2: in the file [out, in] with transB, [in, out] without.
TEST(Onnx, GemmTurnsItsWeightsRound) {
  for (const bool transposed : {false, true}) {
    OnnxBuilder onnx({1, 3});
    if (transposed) {
      onnx.constant("w", {2, 3}, {1, 2, 3, 4, 5, 6});
    } else {
      onnx.constant("w", {3, 2}, {1, 4, 2, 5, 3, 6});
    }
    onnx.constant("b", {1, 2}, {10, 20});
    auto& gemm = onnx.node("Gemm", {"x", "w", "b"}, "y");
    set(gemm, "transB", std::int64_t{transposed});
    set(gemm, "alpha", 0.5F);
    set(gemm, "beta", 2.0F);
    const TrainedNetwork trained = import(onnx);
    EXPECT_THAT(layer_names(trained), ElementsAre("y", "y_bias"));
    EXPECT_THAT(trained.states[0].weight, ElementsAre(0.5F, 1, 1.5F, 2, 2.5F, 3));
    EXPECT_THAT(trained.states[1].beta, ElementsAre(20, 40));
    EXPECT_EQ(parameters<Linear>(trained, 0).in_features, 3);
    EXPECT_EQ(parameters<Linear>(trained, 0).out_features, 2);
  }
}

TEST(Onnx, AddOfAConstantIsABias) {
  OnnxBuilder onnx({1, 3});
  onnx.constant("w", {3, 2}, {1, 4, 2, 5, 3, 6});
  onnx.node("MatMul", {"x", "w"}, "m");
  onnx.constant("b", {2}, {7, 8});
  onnx.node("Add", {"b", "m"}, "s");
  onnx.constant("scalar", {}, {1});
  onnx.node("Add", {"s", "scalar"}, "y");
  const TrainedNetwork trained = import(onnx);
  EXPECT_THAT(layer_names(trained), ElementsAre("m", "y"));
  EXPECT_THAT(trained.states[0].weight, ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(trained.states[1].beta, ElementsAre(8, 9));  // 7 + 1, 8 + 1
}

TEST(Onnx, ReadsActivations) {
  OnnxBuilder onnx({1, 2, 2, 2});
  onnx.constant("minus", {}, {-1});
  onnx.constant("zero", {}, {0});
  onnx.constant("one", {}, {1});
  onnx.constant("six", {}, {6});
  onnx.node("Clip", {"x", "minus", "one"}, "tanh");
  onnx.node("Clip", {"tanh", "zero", "six"}, "relu6");
  onnx.node("Clip", {"relu6", "zero"}, "open");
  auto& old = onnx.node("Clip", {"open"}, "y");  // as opset 6 has it
  set(old, "min", -4.0F);
  set(old, "max", 4.0F);
  const TrainedNetwork trained = import(onnx, {9, 7, 9, 1});
  EXPECT_THAT(layer_names(trained), ElementsAre("tanh", "relu6", "relu6_limit", "open", "y"));
  EXPECT_THAT(layer_types(trained),
              ElementsAre("hardtanh", "relu", "hardtanh", "relu", "hardtanh"));
  EXPECT_EQ(parameters<HardTanh>(trained, 0).output_bits, 7);
  EXPECT_EQ(parameters<HardTanh>(trained, 0).range, 1);
  EXPECT_DOUBLE_EQ(trained.states[0].output.scale, 1.0 / 63);  // 2^6 - 1
  EXPECT_EQ(parameters<HardTanh>(trained, 2).range, 6);
  EXPECT_DOUBLE_EQ(trained.states[2].output.scale, 6.0 / 63);
  EXPECT_EQ(parameters<HardTanh>(trained, 4).range, 4);
}

TEST(Onnx, ReadsPools) {
  OnnxBuilder onnx({1, 2, 9, 9});
  auto& max = onnx.node("MaxPool", {"x"}, "max");
  set(max, "kernel_shape", {3, 3});
  set(max, "strides", {2, 2});
  set(max, "pads", {1, 1, 1, 1});
  set(max, "ceil_mode", std::int64_t{1});  // (9 + 2 - 3) / 2 has no remainder
  auto& average = onnx.node("AveragePool", {"max"}, "average");
  set(average, "kernel_shape", {2, 2});
  onnx.node("GlobalAveragePool", {"average"}, "y");
  const TrainedNetwork trained = import(onnx);
  EXPECT_EQ(parameters<Pool>(trained, 0).padding, 1);
  EXPECT_EQ(trained.network.output_shape(0), (Shape{2, 5, 5}));
  EXPECT_EQ(parameters<Pool>(trained, 1).mode, PoolMode::kAverage);
  EXPECT_EQ(parameters<Pool>(trained, 1).stride, 1);
  EXPECT_EQ(trained.network.output_shape(1), (Shape{2, 4, 4}));
  EXPECT_EQ(parameters<Pool>(trained, 2).mode, PoolMode::kGlobalAverage);
  EXPECT_EQ(parameters<Pool>(trained, 2).kernel, 4);
  EXPECT_EQ(trained.network.description().num_classes, 2);
}

TEST(Onnx, SamePaddingBecomesNumbers) {
  OnnxBuilder onnx({1, 1, 9, 9});
  onnx.filled("w", {1, 1, 5, 5}, 1);
  set(onnx.node("Conv", {"x", "w"}, "c"), "auto_pad", "SAME_UPPER");
  onnx.filled("v", {1, 1, 3, 3}, 1);
  auto& strided = onnx.node("Conv", {"c", "v"}, "s");
  set(strided, "auto_pad", "SAME_LOWER");
  set(strided, "strides", {2, 2});
  set(onnx.node("Conv", {"s", "v"}, "y"), "auto_pad", "VALID");
  const TrainedNetwork trained = import(onnx);
  EXPECT_EQ(parameters<Conv>(trained, 0).padding, 2);
  // ceil(9 / 2) = 5 outputs need (5 - 1) x 2 + 3 = 11 rows, 2 more than there are.
  EXPECT_EQ(parameters<Conv>(trained, 1).padding, 1);
  EXPECT_EQ(parameters<Conv>(trained, 2).padding, 0);
}

TEST(Onnx, WhatDoesNothingDisappears) {
  OnnxBuilder onnx({1, 2});
  onnx.node("Identity", {"x"}, "i");
  onnx.node("Flatten", {"i"}, "f");
  onnx.node("Relu", {"f"}, "r");
  onnx.node("Softmax", {"r"}, "y");
  EXPECT_THAT(layer_names(import(onnx)), ElementsAre("r"));
}

TEST(Onnx, ConstantsComeFromNodesToo) {
  OnnxBuilder onnx({1, 2});
  auto& attribute = *onnx.node("Constant", {}, "w").add_attribute();
  attribute.set_name("value");
  *attribute.mutable_t() = OnnxBuilder::floats("", {2, 1}, {3, 4});
  onnx.node("Identity", {"w"}, "v");
  onnx.node("MatMul", {"x", "v"}, "m");
  auto& bias = *onnx.node("Constant", {}, "b").add_attribute();
  bias.set_name("value_float");
  bias.set_f(5);
  onnx.node("Add", {"m", "b"}, "y");
  const TrainedNetwork trained = import(onnx);
  EXPECT_THAT(layer_names(trained), ElementsAre("m", "y"));
  EXPECT_THAT(trained.states[0].weight, ElementsAre(3, 4));
  EXPECT_THAT(trained.states[1].beta, ElementsAre(5));
}

TEST(Onnx, WeightsMayBeListedOrDoubles) {
  OnnxBuilder onnx({1, 2});
  auto& listed = onnx.constant("w", {2, 1}, {});
  listed.clear_raw_data();
  listed.add_float_data(1);
  listed.add_float_data(2);
  onnx.node("MatMul", {"x", "w"}, "m");
  auto& doubles = onnx.constant("v", {1, 1}, {});
  doubles.set_data_type(onnx_schema::TensorProto::DOUBLE);
  const double value = 0.5;
  doubles.set_raw_data(&value, sizeof(value));
  onnx.node("MatMul", {"m", "v"}, "y");
  const TrainedNetwork trained = import(onnx);
  EXPECT_THAT(trained.states[0].weight, ElementsAre(1, 2));
  EXPECT_THAT(trained.states[1].weight, ElementsAre(0.5F));
}

TEST(Onnx, NodesMayStandInAnyOrder) {
  OnnxBuilder onnx({1, 2});
  onnx.node("Relu", {"b"}, "y");
  onnx.node("Dropout", {"a"}, "b");
  onnx.node("Relu", {"x"}, "a");
  EXPECT_THAT(layer_names(import(onnx)), ElementsAre("a", "b", "y"));
}

TEST(Onnx, WhatTheOutputDoesNotNeedIsLeftOut) {
  OnnxBuilder onnx({1, 2});
  onnx.node("Relu", {"x"}, "y");
  onnx.node("LSTM", {"x"}, "unused");
  EXPECT_THAT(layer_names(import(onnx)), ElementsAre("y"));
}

TEST(Onnx, InitialisersMayBeListedAsInputs) {
  OnnxBuilder onnx({1, 2});
  onnx.add_input("w", {2, 1});
  onnx.filled("w", {2, 1}, 1);
  onnx.node("MatMul", {"x", "w"}, "y");
  EXPECT_THAT(layer_types(import(onnx)), ElementsAre("linear"));
}

TEST(Onnx, NamesAreUniqueAndPrintable) {
  OnnxBuilder onnx({1, 2});
  onnx.node("Relu", {"x"}, "a").set_name("same");
  onnx.node("Relu", {"a"}, "b").set_name("same");
  onnx.node("Relu", {"b"}, "c").set_name("same");
  onnx.node("Relu", {"c"}, "d").set_name("");
  onnx.node("Relu", {"d"}, "y").set_name("\xFFq,\"'\n");
  EXPECT_THAT(layer_names(import(onnx)), ElementsAre("same", "same_2", "same_3", "d", "_q____"));
}

TEST(Onnx, IsReadyToBeSaved) {
  OnnxBuilder onnx({1, 2});
  onnx.constant("w", {2, 2}, {1, 2, 3, 4});
  onnx.constant("b", {2}, {5, 6});
  onnx.node("Gemm", {"x", "w", "b"}, "y");
  const std::filesystem::path path =
      std::filesystem::path(::testing::TempDir()) / "onnx_saved.gibbon";
  save(import(onnx), path);
  const TrainedNetwork loaded = load_trained_network(path);
  std::filesystem::remove(path);
  EXPECT_THAT(loaded.states[0].weight, ElementsAre(1, 3, 2, 4));
  EXPECT_THAT(loaded.states[1].beta, ElementsAre(5, 6));
}

}  // namespace
}  // namespace gibbon::nn
