#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "error_of.hpp"
#include "gibbon/nn/importers/onnx.hpp"
#include "nn/importers/onnx_builder.hpp"

namespace gibbon::nn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();

/// A single number, which has no dimensions.
void integer(OnnxBuilder& onnx, const std::string& name, std::int64_t value) {
  onnx.integers(name, {value}).clear_dims();
}

/// A network for vectors of four whose bias is the constant "c".
TrainedNetwork biased_by(OnnxBuilder& onnx) {
  onnx.node("Relu", {"x"}, "r");
  onnx.node("Add", {"r", "c"}, "y");
  return parse_onnx(onnx.bytes(), "model.onnx");
}

std::vector<float> bias_by(OnnxBuilder& onnx) {
  return biased_by(onnx).states.at(1).beta;
}

std::string error_by(OnnxBuilder& onnx) {
  return test::error_of([&] { biased_by(onnx); });
}

/// A Reshape target of an image [1, 2, 3, 4], "c".
int classes_by(OnnxBuilder& onnx) {
  onnx.node("Reshape", {"x", "c"}, "y");
  return parse_onnx(onnx.bytes(), "model.onnx").network.description().num_classes;
}

std::string target_error_by(OnnxBuilder& onnx) {
  return test::error_of([&] { classes_by(onnx); });
}

/// As torch writes flatten(1) of an image whose batch it reads from the image.
TEST(OnnxConstants, ShapesOfResultsAreKnown) {
  OnnxBuilder onnx({1, 2, 3, 4});
  onnx.node("Shape", {"x"}, "shape");
  integer(onnx, "zero", 0);
  onnx.node("Gather", {"shape", "zero"}, "batch");
  onnx.integers("axes", {0});
  onnx.node("Unsqueeze", {"batch", "axes"}, "list");
  onnx.integers("rest", {-1});
  set(onnx.node("Concat", {"list", "rest"}, "c"), "axis", std::int64_t{0});
  EXPECT_EQ(classes_by(onnx), 24);
}

TEST(OnnxConstants, PartsOfShapes) {
  OnnxBuilder onnx({1, 2, 3, 4});
  auto& shape = onnx.node("Shape", {"x"}, "part");  // [2, 3, 4]
  set(shape, "start", std::int64_t{-3});
  onnx.integers("last", {-1});
  onnx.integers("most", {kMost});
  onnx.node("Slice", {"part", "last", "most"}, "four");
  onnx.integers("six", {6});
  onnx.node("Mul", {"four", "six"}, "all");
  onnx.integers("one", {1});
  set(onnx.node("Concat", {"one", "all"}, "c"), "axis", std::int64_t{-1});
  EXPECT_EQ(classes_by(onnx), 24);
}

/// As torch writes expand(1, -1, -1) of a constant: -1 keeps what is there.
TEST(OnnxConstants, ExpandKeepsWhereTheTargetIsMinusOne) {
  OnnxBuilder onnx({1, 4});
  onnx.constant("token", {1, 1, 4}, {1, 2, 3, 4});
  onnx.integers("target", {1, -1, -1});
  onnx.integers("rank", {3});
  auto& ones = *onnx.node("ConstantOfShape", {"rank"}, "ones").add_attribute();
  ones.set_name("value");
  ones.mutable_t()->set_data_type(onnx_schema::TensorProto::INT64);
  ones.mutable_t()->add_dims(1);
  ones.mutable_t()->add_int64_data(1);
  integer(onnx, "minus", -1);
  onnx.node("Mul", {"ones", "minus"}, "kept");
  onnx.node("Equal", {"target", "kept"}, "is_kept");
  onnx.node("Where", {"is_kept", "ones", "target"}, "chosen");
  onnx.node("Expand", {"token", "chosen"}, "expanded");
  onnx.integers("axes", {0, -2});
  onnx.node("Squeeze", {"expanded", "axes"}, "c");
  EXPECT_THAT(bias_by(onnx), ElementsAre(1, 2, 3, 4));
}

/// As newer exporters write the same: Expand keeps where the target is 1.
TEST(OnnxConstants, AbsoluteValues) {
  OnnxBuilder onnx({1, 4});
  onnx.constant("token", {1, 4}, {1, -2, 3, -4});
  onnx.integers("target", {-1, -1, -1});
  onnx.node("Abs", {"target"}, "ones");
  onnx.node("Expand", {"token", "ones"}, "expanded");  // [1, 1, 4]
  onnx.integers("axes", {0, 1});
  onnx.node("Squeeze", {"expanded", "axes"}, "part");
  onnx.node("Abs", {"part"}, "c");
  EXPECT_THAT(bias_by(onnx), ElementsAre(1, 2, 3, 4));
}

/// 1 / sqrt(16) for each of four channels, as a scale is computed from a shape.
TEST(OnnxConstants, ArithmeticOnFloats) {
  OnnxBuilder onnx({1, 4});
  onnx.node("Shape", {"x"}, "shape");
  onnx.node("Mul", {"shape", "shape"}, "squares");  // [1, 16]
  set(onnx.node("Cast", {"squares"}, "floats"), "to", std::int64_t{1});
  onnx.node("Sqrt", {"floats"}, "roots");  // [1, 4]
  onnx.constant("one", {}, {1});
  onnx.node("Div", {"one", "roots"}, "shares");  // [1, 0.25]
  onnx.constant("column", {4, 1}, {0, 1, 2, 3});
  onnx.node("Add", {"column", "shares"}, "sums");  // [4, 2]
  onnx.constant("half", {}, {0.5F});
  onnx.node("Sub", {"sums", "half"}, "rest");
  integer(onnx, "second", 1);
  set(onnx.node("Gather", {"rest", "second"}, "c"), "axis", std::int64_t{1});
  EXPECT_THAT(bias_by(onnx), ElementsAre(-0.25F, 0.75F, 1.75F, 2.75F));
}

TEST(OnnxConstants, CastsCutFractionsOff) {
  OnnxBuilder onnx({1, 4});
  onnx.constant("f", {4}, {1.9F, -1.9F, 0.5F, 3});
  set(onnx.node("Cast", {"f"}, "i"), "to", std::int64_t{7});
  set(onnx.node("Cast", {"i"}, "c"), "to", std::int64_t{1});
  EXPECT_THAT(bias_by(onnx), ElementsAre(1, -1, 0, 3));
}

TEST(OnnxConstants, TransposedWeights) {
  OnnxBuilder onnx({1, 3});
  onnx.constant("w", {2, 3}, {1, 2, 3, 4, 5, 6});
  set(onnx.node("Transpose", {"w"}, "turned"), "perm", {1, 0});
  onnx.node("MatMul", {"x", "turned"}, "y");
  const TrainedNetwork trained = parse_onnx(onnx.bytes(), "model.onnx");
  EXPECT_THAT(trained.states.at(0).weight, ElementsAre(1, 2, 3, 4, 5, 6));  // [out, in]
}

TEST(OnnxConstants, TransposeOfThreeDimensions) {
  OnnxBuilder onnx({1, 8});
  onnx.constant("w", {2, 2, 2}, {0, 1, 2, 3, 4, 5, 6, 7});
  set(onnx.node("Transpose", {"w"}, "t"), "perm", {1, 2, 0});
  onnx.integers("shape", {0, -1, 2});
  onnx.node("Reshape", {"t", "shape"}, "u");  // [2, 2, 2] still
  onnx.integers("all", {-1});
  onnx.node("Reshape", {"u", "all"}, "c");
  // Element [i, j, k] is that at [k, i, j]: 4 k + 2 i + j.
  EXPECT_THAT(bias_by(onnx), ElementsAre(0, 4, 1, 5, 2, 6, 3, 7));
}

TEST(OnnxConstants, SlicesStepBothWays) {
  OnnxBuilder onnx({1, 4});
  onnx.constant("w", {2, 6}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
  onnx.integers("starts", {-1, 0});
  onnx.integers("ends", {kLeast, 4});
  onnx.integers("axes", {0, -1});
  onnx.integers("steps", {-1, 2});
  onnx.node("Slice", {"w", "starts", "ends", "axes", "steps"}, "part");
  onnx.integers("all", {4});
  onnx.node("Reshape", {"part", "all"}, "c");
  EXPECT_THAT(bias_by(onnx), ElementsAre(6, 8, 0, 2));
}

TEST(OnnxConstants, GatherTakesListsAndConcatJoinsColumns) {
  OnnxBuilder onnx({1, 4});
  onnx.constant("w", {2, 3}, {0, 1, 2, 3, 4, 5});
  onnx.integers("indices", {-1});
  set(onnx.node("Gather", {"w", "indices"}, "last"), "axis", std::int64_t{1});  // [[2], [5]]
  onnx.integers("first", {0});
  set(onnx.node("Gather", {"w", "first"}, "start"), "axis", std::int64_t{1});    // [[0], [3]]
  set(onnx.node("Concat", {"last", "start"}, "both"), "axis", std::int64_t{1});  // [[2, 0], [5, 3]]
  onnx.integers("all", {-1});
  onnx.node("Reshape", {"both", "all"}, "c");
  EXPECT_THAT(bias_by(onnx), ElementsAre(2, 0, 5, 3));
}

TEST(OnnxConstants, WhatIsNotKnownSaysHowToExport) {
  OnnxBuilder onnx({1, 4});
  onnx.constant("w", {4}, {1, 2, 3, 4});
  onnx.node("Sin", {"w"}, "c");
  EXPECT_THAT(error_by(onnx),
              HasSubstr("node 'c' (Sin): it computes a constant in a way that is not known; export "
                        "with do_constant_folding=True and without dynamic_axes"));
}

/// A network for [1, 2, 3, 4] whose Reshape target one node computes from "a" and "b".
template <typename Change>
std::string error_of_integers(const std::string& type, const OnnxBuilder::Extents& a,
                              const OnnxBuilder::Extents& b, Change change) {
  OnnxBuilder onnx({1, 2, 3, 4});
  onnx.integers("a", a);
  onnx.integers("b", b);
  change(onnx.node(type, {"a", "b"}, "c"));
  return target_error_by(onnx);
}
std::string error_of_integers(const std::string& type, const OnnxBuilder::Extents& a,
                              const OnnxBuilder::Extents& b) {
  return error_of_integers(type, a, b, [](auto&) {});
}

TEST(OnnxConstants, ArithmeticStaysWithin64Bits) {
  EXPECT_EQ(error_of_integers("Add", {0, 23}, {1, 1}), "no error");
  EXPECT_THAT(error_of_integers("Add", {kMost}, {1}),
              HasSubstr("9223372036854775807 and 1 have no result of 64 bits"));
  EXPECT_THAT(error_of_integers("Sub", {kLeast}, {1}), HasSubstr("no result of 64 bits"));
  EXPECT_THAT(error_of_integers("Mul", {kMost}, {2}), HasSubstr("no result of 64 bits"));
  EXPECT_EQ(error_of_integers("Div", {7, 96}, {4, 4}), "no error");
  EXPECT_THAT(error_of_integers("Div", {1}, {0}), HasSubstr("1 and 0 have no result of 64 bits"));
  EXPECT_THAT(error_of_integers("Div", {kLeast}, {-1}), HasSubstr("no result of 64 bits"));
  EXPECT_THAT(error_of_integers("Abs", {kLeast}, {1}), HasSubstr("has no result of 64 bits"));
  EXPECT_EQ(error_of_integers("Abs", {-1, 24}, {1}), "no error");
  EXPECT_THAT(error_of_integers("Add", {1, 2}, {1, 2, 3}),
              HasSubstr("node 'c' (Add): constants of shapes [2] and [3] do not fit"));
}

TEST(OnnxConstants, MovesStayInside) {
  EXPECT_EQ(error_of_integers("Gather", {1, 24}, {0, -1}), "no error");
  EXPECT_THAT(error_of_integers("Gather", {1, 24}, {2}), HasSubstr("index 2 is outside of 2"));
  EXPECT_THAT(error_of_integers("Gather", {1, 24}, {-3}), HasSubstr("index -3 is outside of 2"));
  EXPECT_THAT(error_of_integers("Gather", {1, 24}, {0},
                                [](auto& node) { set(node, "axis", std::int64_t{1}); }),
              HasSubstr("node 'c' (Gather): axis 1 is outside of 1 dimensions"));
  EXPECT_THAT(error_of_integers("Reshape", {1, 24}, {3}),
              HasSubstr("it makes [3] of a constant of shape [2]"));
  EXPECT_THAT(error_of_integers("Squeeze", {1, 24}, {0}), HasSubstr("dimension 0 of [2] is not 1"));
  EXPECT_THAT(error_of_integers("Squeeze", {1, 24}, {0, 0}),
              HasSubstr("it names 2 axes of 1 dimensions"));
  EXPECT_THAT(error_of_integers("Unsqueeze", {1, 24}, {0, 0}),
              HasSubstr("its axes [0, 0] name a dimension twice"));
  EXPECT_THAT(error_of_integers("Unsqueeze", {1, 24}, OnnxBuilder::Extents(16, 0)),
              HasSubstr("its result has 17 dimensions, 16 are allowed"));
  EXPECT_THAT(error_of_integers("Transpose", {1, 24}, {0},
                                [](auto& node) {
                                  set(node, "perm", {0, 1});
                                }),
              HasSubstr("node 'c' (Transpose): perm [0, 1] is no order of 1 dimensions"));
}

std::string error_of_slice(const OnnxBuilder::Extents& starts, const OnnxBuilder::Extents& ends,
                           const OnnxBuilder::Extents& axes, const OnnxBuilder::Extents& steps) {
  OnnxBuilder onnx({1, 2, 3, 4});
  onnx.integers("a", {1, 24, 1});
  onnx.integers("starts", starts);
  onnx.integers("ends", ends);
  onnx.integers("axes", axes);
  onnx.integers("steps", steps);
  onnx.node("Slice", {"a", "starts", "ends", "axes", "steps"}, "c");
  return target_error_by(onnx);
}

TEST(OnnxConstants, SlicesThatAreNone) {
  EXPECT_EQ(error_of_slice({0}, {2}, {0}, {1}), "no error");
  EXPECT_THAT(error_of_slice({0}, {2}, {0}, {0}), HasSubstr("its steps [0] hold a 0"));
  EXPECT_THAT(error_of_slice({0, 0}, {2}, {0}, {1}),
              HasSubstr("it has 2 starts, 1 ends, 1 axes and 1 steps"));
  EXPECT_THAT(error_of_slice({2}, {2}, {0}, {1}), HasSubstr("it makes an empty constant"));
  EXPECT_THAT(error_of_slice({0}, {2}, {0}, {-1}), HasSubstr("it makes an empty constant"));
}

TEST(OnnxConstants, TypesThatDoNotFit) {
  const auto error_of_floats = [](const std::string& type, std::int64_t cast_to) {
    OnnxBuilder onnx({1, 4});
    onnx.constant("f", {4}, {1, 2, 3, 1e19F});
    onnx.integers("i", {1, 2, 3, 4});
    auto& node = onnx.node(type, {"f", "i"}, "c");
    set(node, "to", cast_to);
    if (type == "Where") node.add_input("f");
    return error_by(onnx);
  };
  EXPECT_THAT(error_of_floats("Add", 1), HasSubstr("its inputs are of different types"));
  EXPECT_THAT(error_of_floats("Where", 1), HasSubstr("its inputs are of different types"));
  EXPECT_THAT(error_of_floats("Reshape", 1), HasSubstr("it makes [1, 2, 3, 4] of a constant"));
  EXPECT_THAT(error_of_floats("Cast", 10), HasSubstr("it casts to type 10"));
  EXPECT_THAT(error_of_floats("Cast", 7), HasSubstr("1e+19 has no result of 64 bits"));
}

/// One node over floats "f", integers "i" and a matrix of integers "m".
std::string error_of_inputs(const std::string& type, const std::vector<std::string>& inputs) {
  OnnxBuilder onnx({1, 4});
  onnx.constant("f", {4}, {1, 2, 3, 4});
  onnx.integers("i", {0, 1, 2, 3});
  auto& matrix = onnx.integers("m", {0, 1, 2, 3});
  matrix.add_dims(1);
  onnx.node(type, inputs, "c");
  return error_by(onnx);
}

TEST(OnnxConstants, InputsThatDoNotFit) {
  EXPECT_THAT(error_of_inputs("Where", {"f", "f", "f"}),
              HasSubstr("its condition is of type FLOAT"));
  EXPECT_THAT(error_of_inputs("Sqrt", {"i"}), HasSubstr("it takes the root of integers"));
  EXPECT_EQ(error_of_inputs("Gather", {"f", "i"}), "no error");
  EXPECT_THAT(error_of_inputs("Gather", {"f", "f"}), HasSubstr("its indices are of type FLOAT"));
  EXPECT_THAT(error_of_inputs("Expand", {"f", "f"}), HasSubstr("input 2 is no list of integers"));
  EXPECT_THAT(error_of_inputs("Expand", {"f", "m"}), HasSubstr("input 2 is no list of integers"));
  EXPECT_THAT(error_of_inputs("Slice", {"f", "i"}),
              HasSubstr("node 'c' (Slice): input 3 is missing"));
  EXPECT_THAT(error_of_inputs("Concat", {"f", "i"}),
              HasSubstr("node 'c' (Concat): constants of shapes [4] and [4] do not fit"));
  EXPECT_THAT(error_of_inputs("Concat", {"i", "m"}),
              HasSubstr("constants of shapes [4] and [4, 1] do not fit"));
  EXPECT_THAT(error_of_inputs("Sqrt", {"missing"}), HasSubstr("needs 'missing'"));
  EXPECT_EQ(error_of_inputs("Abs", {"f"}), "no error");
}

TEST(OnnxConstants, OutputsThatDoNotFit) {
  OnnxBuilder two({1, 4});
  two.constant("f", {4}, {1, 2, 3, 4});
  two.node("Sqrt", {"f"}, "c").add_output("d");
  EXPECT_THAT(error_by(two), HasSubstr("it computes several constants"));
  OnnxBuilder empty({1, 4});
  set(empty.node("Shape", {"x"}, "c"), "start", std::int64_t{2});
  EXPECT_THAT(error_by(empty), HasSubstr("node 'c' (Shape): it makes an empty constant"));
  OnnxBuilder filled({1, 4});
  filled.integers("shape", {4});
  auto& value = *filled.node("ConstantOfShape", {"shape"}, "c").add_attribute();
  value.set_name("value");
  *value.mutable_t() = OnnxBuilder::floats("", {2}, {1, 2});
  EXPECT_THAT(error_by(filled), HasSubstr("its value is not one number"));
}

TEST(OnnxConstants, SmallFilesMakeNoLargeConstants) {
  const auto error_of_size = [](const OnnxBuilder::Extents& shape) {
    OnnxBuilder onnx({1, 4});
    onnx.integers("shape", shape);
    onnx.node("ConstantOfShape", {"shape"}, "zeros");
    onnx.integers("first", {0, 0});
    onnx.integers("four", {1, 4});
    onnx.node("Slice", {"zeros", "first", "four"}, "c");
    return error_by(onnx);
  };
  EXPECT_EQ(error_of_size({1000, 1000}), "no error");
  EXPECT_THAT(error_of_size({2000, 1000}), HasSubstr("computed constants are too large"));
  EXPECT_THAT(error_of_size({kMost, kMost}), HasSubstr("computed constants are too large"));
  EXPECT_THAT(error_of_size({0, 4}), HasSubstr("it makes a constant of shape [0, 4]"));
  EXPECT_THAT(error_of_size({-1, 4}), HasSubstr("it makes a constant of shape [-1, 4]"));
  // One such constant after the other.
  for (const std::string type : {"Add", "Reshape"}) {
    OnnxBuilder many({1, 4});
    many.integers("shape", {1000, 1000});
    many.node("ConstantOfShape", {"shape"}, "zeros");
    many.node(type, {"zeros", type == "Add" ? "zeros" : "shape"}, "c");
    EXPECT_THAT(error_by(many),
                HasSubstr("node 'c' (" + type + "): computed constants are too large"));
  }
}

/// Shapes of what does not exist are not reported again.
TEST(OnnxConstants, NothingIsSaidOfShapesBehindARefusedNode) {
  OnnxBuilder onnx({1, 2, 3, 4});
  onnx.node("Sigmoid", {"x"}, "s");
  onnx.node("Shape", {"s"}, "shape");
  onnx.integers("two", {2});
  onnx.node("Mod", {"shape", "two"}, "odd");
  onnx.node("Reshape", {"x", "odd"}, "y");
  EXPECT_THAT(test::error_of([&] { parse_onnx(onnx.bytes(), "model.onnx"); }),
              HasSubstr("1 node cannot be imported:\n  node 's' (Sigmoid): unknown operator\n"));
}

}  // namespace
}  // namespace gibbon::nn
