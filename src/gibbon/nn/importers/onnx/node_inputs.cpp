#include "gibbon/nn/importers/onnx/node_inputs.hpp"

#include <fmt/format.h>

#include "gibbon/base/error.hpp"
#include "gibbon/nn/importers/onnx/unsupported.hpp"

namespace gibbon::nn::onnx {

void require_inputs(const NodeProto& node, int count) {
  for (int index = 0; index < count; ++index) {
    if (index < node.input_size() && !node.input(index).empty()) continue;
    throw base::Error(fmt::format("{}: input {} is missing", describe(node), index + 1));
  }
}

const TensorProto& required_constant(const NodeProto& node, const Graph& graph, int index) {
  const TensorProto* found = graph.constant_input(node, index);
  if (found != nullptr) return *found;
  throw Unsupported(
      fmt::format("input '{}' is computed, a constant is needed", printable(node.input(index))));
}

const TensorProto* optional_constant(const NodeProto& node, const Graph& graph, int index) {
  if (index >= node.input_size() || node.input(index).empty()) return nullptr;
  return &required_constant(node, graph, index);
}

Extents optional_integers(const NodeProto& node, const Graph& graph, int index) {
  const TensorProto* tensor = optional_constant(node, graph, index);
  return tensor == nullptr ? Extents{} : integers_of(*tensor);
}

void require_computed(const NodeProto& node, const Graph& graph, int index) {
  if (graph.constant_input(node, index) == nullptr) return;
  throw Unsupported(
      fmt::format("input '{}' is constant, only weights may be", printable(node.input(index))));
}

Extents require_rank(const NodeProto& node, const TensorProto& tensor, std::size_t rank) {
  Extents extents = extents_of(tensor);
  if (extents.size() == rank) return extents;
  throw base::Error(fmt::format("{}: '{}' has shape {}, {} dimensions are needed", describe(node),
                                printable(tensor.name()), to_text(extents), rank));
}

}  // namespace gibbon::nn::onnx
