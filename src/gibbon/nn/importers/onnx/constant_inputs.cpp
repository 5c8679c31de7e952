#include "gibbon/nn/importers/onnx/constant_inputs.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "gibbon/base/error.hpp"
#include "gibbon/nn/importers/onnx/unsupported.hpp"

namespace gibbon::nn::onnx {

void refuse_constant(const std::string& problem) {
  throw Unsupported(problem +
                    "; export with do_constant_folding=True and without dynamic_axes, so that the "
                    "file holds such constants");
}

ConstantInputs::ConstantInputs(const NodeProto& node, const Graph& graph, std::int64_t room)
    : node_(node), room_(room) {
  for (const std::string& name : node.input()) {
    const TensorProto* tensor = graph.constant(name);
    inputs_.push_back(tensor == nullptr ? ConstantTensor{} : read_constant(*tensor));
  }
}

bool ConstantInputs::has(std::size_t index) const {
  return index < inputs_.size() && !node_.input(static_cast<int>(index)).empty();
}

const ConstantTensor& ConstantInputs::operator[](std::size_t index) const {
  if (has(index)) return inputs_[index];
  throw base::Error(fmt::format("{}: input {} is missing", describe(node_), index + 1));
}

const Extents& ConstantInputs::integers(std::size_t index) const {
  const ConstantTensor& list = (*this)[index];
  if (list.is_integer() && list.extents.size() <= 1) {
    return std::get<ConstantTensor::Integers>(list.elements);
  }
  throw base::Error(fmt::format("{}: input {} is no list of integers", describe(node_), index + 1));
}

void ConstantInputs::require_room(const Extents& extents) const {
  const bool is_positive =
      std::all_of(extents.begin(), extents.end(), [](std::int64_t extent) { return extent > 0; });
  if (!is_positive || extents.size() > kMaxRank) {
    refuse_constant(fmt::format("it makes a constant of shape {}", to_text(extents)));
  }
  if (elements_in(extents) > room_) {
    refuse_constant("computed constants are too large");
  }
}

}  // namespace gibbon::nn::onnx
