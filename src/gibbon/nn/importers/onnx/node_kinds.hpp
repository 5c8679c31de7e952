#pragma once

#include <string>
#include <variant>

#include "gibbon/nn/importers/onnx/graph.hpp"
#include "gibbon/nn/importers/onnx/unsupported.hpp"

namespace gibbon::nn::onnx {

/// The operators that read_node knows, for messages.
extern const char* const kSupportedOperators;

/// A square window; `same` stands for auto_pad SAME_*, which the input's size makes a padding.
struct Window {
  int kernel = 1;
  int stride = 1;
  int padding = 0;
  bool same = false;
  bool ceil = false;  ///< the output's size is rounded up
};

struct ConvNode {
  const TensorProto* weight;  ///< [out_channels, in_channels / groups, kernel, kernel]
  const TensorProto* bias;    ///< nullptr: none
  int groups;
  Window window;
};
struct LinearNode {
  const TensorProto* weight;
  const TensorProto* bias;  ///< nullptr: none
  bool out_first;           ///< weight is [out, in], otherwise [in, out]
  float weight_factor;
  float bias_factor;
};
struct BatchNormNode {
  const TensorProto* gamma;
  const TensorProto* beta;
  const TensorProto* mean;
  const TensorProto* variance;
  float epsilon;
};
struct PoolNode {
  PoolMode mode;
  Window window;
  bool counts_padding;  ///< in the divisor of an average
};
struct ReluNode {};
/// Clips to [-range, range], or to [0, range].
struct ClipNode {
  double range;
  bool is_positive;
};
struct DropoutNode {};
struct SumNode {};
/// Joins all inputs along an axis, counted from the end where it is negative.
struct ConcatNode {
  std::int64_t axis;
};
/// Adds a constant to the input number `data`.
struct ShiftNode {
  const TensorProto* shift;
  int data;
};
struct FlattenNode {};
struct ReshapeNode {
  const TensorProto* shape;
};
/// Its output is its input.
struct PassNode {};
/// Its output is a constant.
struct ShapeNode {};

using NodeKind =
    std::variant<ConvNode, LinearNode, BatchNormNode, PoolNode, ReluNode, ClipNode, DropoutNode,
                 SumNode, ConcatNode, ShiftNode, FlattenNode, ReshapeNode, PassNode, ShapeNode>;

/// What a node computes, as far as that does not depend on its input's shape. Throws Unsupported,
/// or base::Error where the node is not valid ONNX.
NodeKind read_node(const NodeProto& node, const Graph& graph);

}  // namespace gibbon::nn::onnx
