#pragma once

#include <cstddef>

#include "gibbon/nn/importers/onnx/graph.hpp"

namespace gibbon::nn::onnx {

/// Throws base::Error unless the first `count` inputs are there.
void require_inputs(const NodeProto& node, int count);
/// Throws Unsupported where the input is constant.
void require_computed(const NodeProto& node, const Graph& graph, int index);

/// Throws Unsupported where the input is computed.
const TensorProto& required_constant(const NodeProto& node, const Graph& graph, int index);
/// nullptr where the input is left out.
const TensorProto* optional_constant(const NodeProto& node, const Graph& graph, int index);
/// A list of integers that is an input; nothing in it where the input is left out.
Extents optional_integers(const NodeProto& node, const Graph& graph, int index);

/// The extents of a constant; throws base::Error where it has another number of dimensions.
Extents require_rank(const NodeProto& node, const TensorProto& tensor, std::size_t rank);

}  // namespace gibbon::nn::onnx
