#pragma once

#include <functional>
#include <map>
#include <string>

#include "gibbon/nn/importers/onnx/node_kinds.hpp"

namespace gibbon::nn::onnx {

/// By operator; each throws as read_node does, and is called with nodes that have an output.
using NodeReaders = std::map<std::string, std::function<NodeKind(const NodeProto&, const Graph&)>>;

/// The operators that transformers have and convolutional networks do not.
const NodeReaders& transformer_readers();

}  // namespace gibbon::nn::onnx
