#include "gibbon/nn/importers/onnx/constant_folding.hpp"

#include <algorithm>

#include "gibbon/nn/importers/onnx/constant_operators.hpp"
#include "gibbon/nn/importers/onnx/dimensions.hpp"

namespace gibbon::nn::onnx {

namespace {

constexpr std::int64_t kLeastRoom = std::int64_t{1} << 20;

}  // namespace

ConstantFolder::ConstantFolder(Graph& graph)
    : graph_(graph), room_(kLeastRoom + static_cast<std::int64_t>(graph.bytes())) {}

bool ConstantFolder::fold(const NodeProto& node) {
  const bool is_constant = std::all_of(
      node.input().begin(), node.input().end(),
      [&](const std::string& input) { return input.empty() || graph_.constant(input) != nullptr; });
  if (!is_constant || node.input().empty()) return false;
  const ConstantInputs inputs(node, graph_, room_);
  const ConstantOperator compute =
      is_standard(node) ? find_constant_operator(node.op_type()) : nullptr;
  if (is_standard(node) && node.op_type() == "Shape") {
    fold_shape(node, inputs[0].extents);
  } else if (compute != nullptr) {
    add(node, compute(inputs));
  } else {
    refuse_constant("it computes a constant in a way that is not known");
  }
  return true;
}

void ConstantFolder::fold_shape(const NodeProto& node, const Extents& extents) {
  const auto rank = static_cast<std::int64_t>(extents.size());
  const SliceRange range = slice_range(integer_attribute(node, "start", 0),
                                       integer_attribute(node, "end", rank), 1, rank);
  if (range.count == 0) refuse_constant("it makes an empty constant");
  const auto begin = extents.begin() + range.begin;
  add(node, {{range.count}, ConstantTensor::Integers(begin, begin + range.count)});
}

void ConstantFolder::add(const NodeProto& node, const ConstantTensor& result) {
  if (node.output_size() != 1) refuse_constant("it computes several constants");
  const std::int64_t elements = elements_in(result.extents);
  if (elements > room_) refuse_constant("computed constants are too large");
  room_ -= elements;
  graph_.add_constant(write_constant(node.output(0), result));
}

}  // namespace gibbon::nn::onnx
