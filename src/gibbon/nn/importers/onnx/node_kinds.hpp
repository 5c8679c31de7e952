#pragma once

#include <string>
#include <variant>
#include <vector>

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
/// Joins all inputs along an axis. As everywhere, negative axes count from the end.
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
  Extents target;
};
/// Its output is its input.
struct PassNode {};
/// Its output is a constant.
struct ShapeNode {};

// Transformers.

struct LayerNormNode {
  const TensorProto* gamma;
  const TensorProto* beta;  ///< nullptr: none
  std::int64_t axis;        ///< the first that is normalised over
  float epsilon;
};
struct GeluNode {};
struct ErfNode {};
struct SoftmaxNode {
  std::int64_t axis;
};
/// Multiplies the input number `data` by a constant of `rank` dimensions and one element.
struct ScaleNode {
  double factor;
  std::size_t rank;
  int data;
};
/// Multiplies each channel of the input number `data` by a number of its own.
struct ChannelScaleNode {
  const TensorProto* factors;
  int data;
};
/// Multiplies two results, element by element.
struct GateNode {};
/// Matrix product of two results.
struct MatrixProductNode {};
/// Joins a constant and its second input along an axis.
struct ClassTokenNode {
  const TensorProto* token;
  std::int64_t axis;
};
struct MeanNode {
  Extents axes;
  bool keeps_dimensions;
};

// Nodes that only move, name or choose elements. Lists of axes are as in the file.

struct TransposeNode {
  Extents perm;
};
struct SqueezeNode {
  Extents axes;
};
struct UnsqueezeNode {
  Extents axes;
};
/// Takes one index along an axis, which goes away or keeps an extent of 1.
struct GatherNode {
  std::int64_t axis;
  std::int64_t index;
  bool keeps_dimension;
};
struct SliceNode {
  Extents starts;
  Extents ends;
  Extents axes;
  Extents steps;
};
struct SplitNode {
  std::int64_t axis;
  Extents sizes;              ///< none: equal parts, the last one less where they do not divide
  std::vector<bool> is_read;  ///< for each output
};

using NodeKind =
    std::variant<ConvNode, LinearNode, BatchNormNode, PoolNode, ReluNode, ClipNode, DropoutNode,
                 SumNode, ConcatNode, ShiftNode, FlattenNode, ReshapeNode, PassNode, ShapeNode,
                 LayerNormNode, GeluNode, ErfNode, SoftmaxNode, ScaleNode, ChannelScaleNode,
                 GateNode, MatrixProductNode, ClassTokenNode, MeanNode, TransposeNode, SqueezeNode,
                 UnsqueezeNode, GatherNode, SliceNode, SplitNode>;

/// What a node computes, as far as that does not depend on its input's shape. Throws Unsupported,
/// or base::Error where the node is not valid ONNX.
NodeKind read_node(const NodeProto& node, const Graph& graph);

}  // namespace gibbon::nn::onnx
