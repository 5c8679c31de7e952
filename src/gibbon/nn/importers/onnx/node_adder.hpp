#pragma once

#include <map>
#include <string>
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
  void operator()(const ShiftNode& shift);

  // Nodes without: plain_nodes.cpp.
  void operator()(const PoolNode& pool);
  void operator()(const ReluNode&) { add_plain(Relu{}, value(0)); }
  void operator()(const DropoutNode&) { add_plain(Dropout{}, value(0)); }
  void operator()(const ClipNode& clip);
  void operator()(const SumNode&);
  void operator()(const ConcatNode& concat);
  void operator()(const FlattenNode&) { flatten(value(0)); }
  void operator()(const ReshapeNode& reshape);
  void operator()(const PassNode&) { set_output(value(0)); }
  void operator()(const ShapeNode&) { folder_.fold_shape(node_, value(0).view.extents()); }

 private:
  const Value& value(int input) const;
  const Value& image(int input) const;
  const Value& vector(int input) const;

  std::vector<float> norm_values(const TensorProto& tensor, const Value& in) const;
  /// A constant that broadcasts to a value with the same number for all pixels of a channel.
  std::vector<float> per_channel(const TensorProto& tensor, const Value& target) const;
  /// A Conv or Linear whose output `out` stands for, but for its layer.
  template <typename Layer>
  void add_weighted(const Layer& layer, const Value& in, Value out, std::vector<float> weight,
                    std::vector<float> bias);

  void add_plain(LayerParameters parameters, const Value& in) {
    add_plain(std::move(parameters), in, in.shape, in.view);
  }
  void add_plain(LayerParameters parameters, const Value& in, const Shape& out, View view);
  void flatten(const Value& in);
  void add_layer(LayerParameters parameters, std::vector<int> inputs, LayerState state,
                 const Shape& out, View view);
  void set_output(Value value) { values_[node_.output(0)] = std::move(value); }

  LayerList& layers_;
  Values& values_;
  ConstantFolder& folder_;
  const NodeProto& node_;
};

}  // namespace gibbon::nn::onnx
