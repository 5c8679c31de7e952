#pragma once

#include <string>
#include <vector>

#include "gibbon/nn/importers/onnx/constant_tensor.hpp"
#include "gibbon/nn/importers/onnx/graph.hpp"

namespace gibbon::nn::onnx {

/// Throws Unsupported with the problem and with how to export a model without it.
[[noreturn]] void refuse_constant(const std::string& problem);

/// The inputs of a node that computes a constant from constants.
class ConstantInputs {
 public:
  /// All inputs are constants of the graph or left out. `room`: the most elements that the result
  /// may have. Throws base::Error where a constant is not valid.
  ConstantInputs(const NodeProto& node, const Graph& graph, std::int64_t room);

  const NodeProto& node() const { return node_; }
  std::size_t size() const { return inputs_.size(); }
  bool has(std::size_t index) const;
  /// Throws base::Error where it is left out.
  const ConstantTensor& operator[](std::size_t index) const;
  /// A list of integers, or one. Throws base::Error where it is anything else.
  const Extents& integers(std::size_t index) const;

  /// Throws Unsupported unless the result may have this shape.
  void require_room(const Extents& extents) const;

 private:
  const NodeProto& node_;
  std::vector<ConstantTensor> inputs_;
  std::int64_t room_;
};

}  // namespace gibbon::nn::onnx
