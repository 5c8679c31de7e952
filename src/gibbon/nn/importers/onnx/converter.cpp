#include "gibbon/nn/importers/onnx/converter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "gibbon/base/error.hpp"

namespace gibbon::nn::onnx {

Converter::Converter(const Graph& graph, std::string network_name, const ImportOptions& options)
    : graph_(graph), layers_(std::move(network_name), graph.input().shape, options) {
  const Graph::Input input = graph.input();
  values_[graph.input_name()] = input.is_image ? Value::image(kNetworkInput, input.shape)
                                               : Value::vector(kNetworkInput, input.shape.channels);
}

void Converter::add(const NodeProto& node, const NodeKind& kind) {
  const bool is_broken = std::any_of(node.input().begin(), node.input().end(),
                                     [&](const auto& input) { return broken_.contains(input); });
  try {
    if (!is_broken) std::visit(NodeAdder(layers_, values_, node), kind);
  } catch (const Unsupported&) {
    broken_.insert(node.output(0));
    throw;
  }
  if (is_broken) broken_.insert(node.output(0));
}

TrainedNetwork Converter::finish() {
  const auto found = values_.find(graph_.output_name());
  if (found == values_.end()) {
    throw base::Error(fmt::format("the graph's output '{}' does not depend on its input",
                                  printable(graph_.output_name())));
  }
  const Value& output = found->second;
  layers_.layer_of(output);
  return layers_.finish(static_cast<int>(output.shape.elements()));
}

}  // namespace gibbon::nn::onnx
