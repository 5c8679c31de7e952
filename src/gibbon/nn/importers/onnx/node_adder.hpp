#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gibbon/nn/importers/onnx/constant_folding.hpp"
#include "gibbon/nn/importers/onnx/layer_list.hpp"
#include "gibbon/nn/importers/onnx/node_kinds.hpp"
#include "gibbon/nn/importers/onnx/value.hpp"

namespace gibbon::nn::onnx {

using Values = std::map<std::string, Value>;

/// Adds the layers of one node to a network, and the values that it gives; what its kind means is
/// chosen by std::visit. Throws base::Error where the node does not fit its input, Unsupported
/// where only its input's shape shows that it cannot be imported.
class NodeAdder {
 public:
  NodeAdder(LayerList& layers, Values& values, ConstantFolder& folder, const NodeProto& node)
      : layers_(layers), values_(values), folder_(folder), node_(node) {}

  // Nodes with weights: weighted_nodes.cpp.
  void operator()(const ConvNode& conv);
  void operator()(const LinearNode& linear);
  void operator()(const BatchNormNode& norm);
  void operator()(const LayerNormNode& norm);
  void operator()(const ShiftNode& shift);
  void operator()(const ChannelScaleNode& scale);

  // Nodes without: plain_nodes.cpp.
  void operator()(const PoolNode& pool);
  void operator()(const ReluNode&) { add_plain(Relu{}, value(0)); }
  void operator()(const DropoutNode&) { add_plain(Dropout{}, value(0)); }
  void operator()(const GeluNode&) { add_plain(Gelu{}, value(0)); }
  void operator()(const ClipNode& clip);
  void operator()(const SumNode&);
  void operator()(const ConcatNode& concat);
  void operator()(const PassNode&) { set_output(value(0)); }

  // Nodes that change how a value is seen: view_nodes.cpp.
  void operator()(const FlattenNode&);
  void operator()(const ReshapeNode& reshape);
  void operator()(const TransposeNode& transpose);
  void operator()(const SqueezeNode& squeeze);
  void operator()(const UnsqueezeNode& unsqueeze);
  void operator()(const GatherNode& gather);
  void operator()(const SliceNode& slice);
  void operator()(const SplitNode& split);
  void operator()(const ShapeNode&) { folder_.fold_shape(node_, value(0).view.extents()); }

  // Nodes that make tokens of an image's positions, and one of them all: token_nodes.cpp.
  void operator()(const ClassTokenNode& token);
  void operator()(const MeanNode& mean);

  // Attention: attention_nodes.cpp.
  void operator()(const ScaleNode& scale);
  void operator()(const MatrixProductNode&);
  void operator()(const SoftmaxNode& softmax);

  // GELU in parts: gelu_nodes.cpp.
  void operator()(const ErfNode&);
  void operator()(const GateNode&);

 private:
  const Value& value(int input) const;
  const Value& image(int input) const;
  /// A vector, or a sequence whose last dimension is all features of a token.
  const Value& features(int input) const;

  std::vector<float> norm_values(const TensorProto& tensor, const Value& in) const;
  /// A constant that broadcasts to a value with the same number for all positions of a channel.
  std::vector<float> per_channel(const TensorProto& tensor, const Value& target) const;
  /// A Conv or Linear that gives `out`, to which `bias` is added where it is not empty.
  void add_weighted(LayerParameters layer, const Value& in, LayerState state, Value out,
                    std::vector<float> bias);

  /// Whether a constant has a number for each token and feature of a sequence.
  bool is_positions(const TensorProto& tensor, const Value& in) const;
  void add_positions(const TensorProto& tensor, const Value& in);
  /// A Tokens layer of which a value is what it gives, to be changed.
  PendingLayer tokens_of(const Value& in);
  void set_tokens(PendingLayer tokens, View view);

  /// The mean over all positions, which `dimensions`, ascending, have to be.
  void add_mean(const Value& in, const std::vector<std::size_t>& dimensions, bool keeps_dimensions);

  void reshape_to(const Value& in, const Extents& extents);
  /// `count` indices of a dimension from `begin` on; the rest of it goes away.
  Value selected(const Value& in, std::size_t dimension, std::int64_t begin, std::int64_t count);
  Value selected_features(const Value& in, std::size_t dimension, std::int64_t begin,
                          std::int64_t count) const;
  Value selected_token(const Value& in, std::size_t dimension, std::int64_t index);

  void add_one_to_erf(const TensorProto& tensor, const Value& in);

  void add_plain(LayerParameters parameters, const Value& in) {
    add_plain(std::move(parameters), in, in.shape, in.view);
  }
  void add_plain(LayerParameters parameters, const Value& in, const Shape& out, View view);
  void add_layer(LayerParameters parameters, std::vector<int> inputs, LayerState state,
                 const Shape& out, View view);
  void set_output(Value value, int output = 0) { values_[node_.output(output)] = std::move(value); }
  /// The output that a layer gives which is not written yet.
  void set_pending(PendingLayer layer, const Shape& out, View view, double factor = 1);

  LayerList& layers_;
  Values& values_;
  ConstantFolder& folder_;
  const NodeProto& node_;
};

/// "[1, 5, 8]".
std::string shape_text(const Value& value);

}  // namespace gibbon::nn::onnx
