#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "gibbon/base/error.hpp"
#include "gibbon/nn/importers/onnx/constant_tensor.hpp"
#include "gibbon/nn/importers/onnx/dimensions.hpp"
#include "gibbon/nn/importers/onnx/node_inputs.hpp"
#include "gibbon/nn/importers/onnx/node_readers.hpp"

namespace gibbon::nn::onnx {

namespace {

void require_data(const NodeProto& node, const Graph& graph) {
  require_inputs(node, 1);
  require_computed(node, graph, 0);
}

/// Axes that are an attribute in older opsets and an input in newer ones.
Extents read_axes(const NodeProto& node, const Graph& graph) {
  const Extents axes = optional_integers(node, graph, 1);
  return axes.empty() ? integers_attribute(node, "axes") : axes;
}

NodeKind read_layer_norm(const NodeProto& node, const Graph& graph) {
  require_inputs(node, 2);
  require_data(node, graph);
  const float epsilon = float_attribute(node, "epsilon", 1e-5F);
  if (!(epsilon > 0) || !std::isfinite(epsilon)) {
    throw base::Error(
        fmt::format("{}: epsilon is {}, it must be positive", describe(node), epsilon));
  }
  return LayerNormNode{&required_constant(node, graph, 1), optional_constant(node, graph, 2),
                       integer_attribute(node, "axis", -1), epsilon};
}

NodeKind read_gelu(const NodeProto& node, const Graph& graph) {
  require_data(node, graph);
  const std::string approximation = text_attribute(node, "approximate", "none");
  if (approximation == "none") return GeluNode{};
  throw Unsupported(
      fmt::format("approximate is '{}', 'none' is supported", printable(approximation)));
}

NodeKind read_erf(const NodeProto& node, const Graph& graph) {
  require_data(node, graph);
  return ErfNode{};
}

/// Multiplication by a constant of one number, or by its inverse.
NodeKind read_scale(const TensorProto& constant, int data, bool divides) {
  const std::vector<float> values = floats_of(constant);
  if (values.size() != 1) {
    throw Unsupported(fmt::format("its constant '{}' has shape {}, one number is supported",
                                  printable(constant.name()), to_text(extents_of(constant))));
  }
  const double value = values.front();
  if (!(value > 0)) {
    throw Unsupported(fmt::format("its constant is {}, positive ones are supported", value));
  }
  return ScaleNode{divides ? 1 / value : value, extents_of(constant).size(), data};
}

NodeKind read_mul(const NodeProto& node, const Graph& graph) {
  require_inputs(node, 2);
  for (const int index : {0, 1}) {
    const TensorProto* constant = graph.constant_input(node, index);
    if (constant == nullptr) continue;
    require_computed(node, graph, 1 - index);
    if (elements_in(extents_of(*constant)) == 1) return read_scale(*constant, 1 - index, false);
    return ChannelScaleNode{constant, 1 - index};
  }
  return GateNode{};
}

NodeKind read_div(const NodeProto& node, const Graph& graph) {
  require_inputs(node, 2);
  require_data(node, graph);
  return read_scale(required_constant(node, graph, 1), 0, true);
}

/// All results are floats.
NodeKind read_cast(const NodeProto& node, const Graph& graph) {
  require_data(node, graph);
  const std::int64_t type = integer_attribute(node, "to", TensorProto::UNDEFINED);
  if (type == TensorProto::FLOAT || type == TensorProto::DOUBLE) return PassNode{};
  throw Unsupported(fmt::format("it casts to type {}, 1 and 11 (floats) are supported", type));
}

NodeKind read_mean(const NodeProto& node, const Graph& graph) {
  require_data(node, graph);
  Extents axes = read_axes(node, graph);
  if (axes.empty()) throw Unsupported("it has no axes");
  return MeanNode{std::move(axes), integer_attribute(node, "keepdims", 1) != 0};
}

NodeKind read_transpose(const NodeProto& node, const Graph& graph) {
  require_data(node, graph);
  return TransposeNode{integers_attribute(node, "perm")};
}

NodeKind read_squeeze(const NodeProto& node, const Graph& graph) {
  require_data(node, graph);
  return SqueezeNode{read_axes(node, graph)};
}

NodeKind read_unsqueeze(const NodeProto& node, const Graph& graph) {
  require_data(node, graph);
  return UnsqueezeNode{read_axes(node, graph)};
}

NodeKind read_gather(const NodeProto& node, const Graph& graph) {
  require_inputs(node, 2);
  require_data(node, graph);
  const TensorProto& indices = required_constant(node, graph, 1);
  const Extents values = integers_of(indices);
  const Extents extents = extents_of(indices);
  if (values.size() != 1 || extents.size() > 1) {
    throw Unsupported(
        fmt::format("its indices have shape {}, one index is supported", to_text(extents)));
  }
  return GatherNode{integer_attribute(node, "axis", 0), values.front(), !extents.empty()};
}

NodeKind read_slice(const NodeProto& node, const Graph& graph) {
  require_inputs(node, 3);
  require_data(node, graph);
  SliceNode slice;
  slice.starts = integers_of(required_constant(node, graph, 1));
  slice.ends = integers_of(required_constant(node, graph, 2));
  slice.axes = optional_integers(node, graph, 3);
  slice.steps = optional_integers(node, graph, 4);
  if (slice.axes.empty()) slice.axes = leading_axes(slice.starts.size());
  if (slice.steps.empty()) slice.steps.assign(slice.starts.size(), 1);
  require_slices(node, slice.starts, slice.ends, slice.axes, slice.steps);
  for (const std::int64_t step : slice.steps) {
    if (step != 1) throw Unsupported(fmt::format("its step is {}, 1 is supported", step));
  }
  return slice;
}

NodeKind read_split(const NodeProto& node, const Graph& graph) {
  require_data(node, graph);
  SplitNode split;
  split.axis = integer_attribute(node, "axis", 0);
  split.sizes = optional_integers(node, graph, 1);
  if (split.sizes.empty()) split.sizes = integers_attribute(node, "split");
  for (const std::string& output : node.output()) split.is_read.push_back(graph.is_read(output));
  return split;
}

}  // namespace

const NodeReaders& transformer_readers() {
  static const NodeReaders kReaders = {
      {"Cast", read_cast},
      {"Div", read_div},
      {"Erf", read_erf},
      {"Gather", read_gather},
      {"Gelu", read_gelu},
      {"LayerNormalization", read_layer_norm},
      {"Mul", read_mul},
      {"ReduceMean", read_mean},
      {"Slice", read_slice},
      {"Split", read_split},
      {"Squeeze", read_squeeze},
      {"Transpose", read_transpose},
      {"Unsqueeze", read_unsqueeze},
  };
  return kReaders;
}

}  // namespace gibbon::nn::onnx
