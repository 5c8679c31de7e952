#pragma once

#include "gibbon/nn/importers/onnx/graph.hpp"

namespace gibbon::nn::onnx {

struct ConstantTensor;

/// Computes what exporters leave of the arithmetic on shapes, and of copies of constants: nodes all
/// of whose inputs are constant become constants of the graph.
class ConstantFolder {
 public:
  explicit ConstantFolder(Graph& graph);

  /// Whether it is such a node, whose output is now a constant. Throws base::Error or Unsupported
  /// where it is, but cannot be computed; among others where all results together have more
  /// elements than the file has bytes and 2^20, so that no small file fills the memory.
  bool fold(const NodeProto& node);
  /// Folds a Shape of a computed value of these extents.
  void fold_shape(const NodeProto& node, const Extents& extents);

 private:
  void add(const NodeProto& node, const ConstantTensor& result);

  Graph& graph_;
  std::int64_t room_;
};

}  // namespace gibbon::nn::onnx
