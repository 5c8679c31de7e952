#include "gibbon/nn/importers/onnx/converter.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "gibbon/base/error.hpp"

namespace gibbon::nn::onnx {

Converter::Converter(Graph& graph, std::string network_name, const ImportOptions& options)
    : graph_(graph),
      folder_(graph),
      layers_(std::move(network_name), graph.input().shape, options) {
  const Graph::Input input = graph.input();
  values_[graph.input_name()] = input.is_image ? Value::image(kNetworkInput, input.shape)
                                               : Value::vector(kNetworkInput, input.shape.channels);
}

void Converter::add(const NodeProto& node) {
  const bool is_behind_broken =
      std::any_of(node.input().begin(), node.input().end(),
                  [&](const std::string& input) { return broken_.contains(input); });
  try {
    if (is_behind_broken) {
      leave_out(node);
    } else {
      add_whole(node);
    }
  } catch (const std::runtime_error&) {
    set_broken(node);
    throw;
  }
}

void Converter::add_whole(const NodeProto& node) {
  if (folder_.fold(node)) return;
  const NodeKind kind = read_node(node, graph_);
  std::visit(NodeAdder(layers_, values_, folder_, node), kind);
}

void Converter::leave_out(const NodeProto& node) {
  set_broken(node);
  if (would_be_constant(node)) return;
  const bool lacks_constants =
      std::any_of(node.input().begin(), node.input().end(),
                  [&](const std::string& input) { return broken_constants_.contains(input); });
  if (!lacks_constants) read_node(node, graph_);
}

void Converter::set_broken(const NodeProto& node) {
  const bool is_constant = would_be_constant(node);
  for (const std::string& output : node.output()) {
    if (output.empty()) continue;
    broken_.insert(output);
    if (is_constant) broken_constants_.insert(output);
  }
}

bool Converter::would_be_constant(const NodeProto& node) const {
  if (node.op_type() == "Shape") return true;
  return std::all_of(node.input().begin(), node.input().end(), [&](const std::string& input) {
    return input.empty() || graph_.constant(input) != nullptr || broken_constants_.contains(input);
  });
}

TrainedNetwork Converter::finish() {
  const auto found = values_.find(graph_.output_name());
  if (found == values_.end()) {
    throw base::Error(fmt::format("the graph's output '{}' does not depend on its input",
                                  printable(graph_.output_name())));
  }
  const Value& output = found->second;
  if (!output.is_image() && !output.is_vector()) {
    throw base::Error(fmt::format(
        "the graph's output '{}' is {} of {} channels of {}x{}; only [1, all] is supported at the "
        "end, one number a class",
        printable(graph_.output_name()), shape_text(output), output.shape.channels,
        output.shape.height, output.shape.width));
  }
  try {
    layers_.layer_of(output);
  } catch (const Unsupported& problem) {
    throw base::Error(fmt::format("the graph's output '{}' cannot be imported: {}",
                                  printable(graph_.output_name()), problem.what()));
  }
  return layers_.finish(static_cast<int>(output.shape.elements()));
}

}  // namespace gibbon::nn::onnx
