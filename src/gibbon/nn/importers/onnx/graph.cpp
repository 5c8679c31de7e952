#include "gibbon/nn/importers/onnx/graph.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <functional>
#include <queue>
#include <utility>

#include "gibbon/base/error.hpp"

namespace gibbon::nn::onnx {

namespace {

/// No image network reads anything larger; bounds the arithmetic behind it.
constexpr std::int64_t kMaxExtent = 65536;

bool is_constant_node(const NodeProto& node) {
  return is_standard(node) && node.op_type() == "Constant";
}

/// "[N, 3, ?, 32]": a name for a symbolic extent, a question mark for none.
std::string shape_text(const onnx_schema::TensorShapeProto& shape) {
  std::vector<std::string> parts;
  for (const auto& extent : shape.dim()) {
    if (extent.has_dim_value()) {
      parts.push_back(fmt::format("{}", extent.dim_value()));
    } else {
      parts.push_back(extent.dim_param().empty() ? "?" : printable(extent.dim_param()));
    }
  }
  return fmt::format("[{}]", fmt::join(parts, ", "));
}

}  // namespace

Graph::Graph(const onnx_schema::GraphProto& graph) : graph_(graph) {
  add_constants();
  find_ends();
  const std::map<std::string, int> producers = find_producers();
  order_nodes(producers, find_needed(producers));
}

const TensorProto* Graph::constant(const std::string& name) const {
  const auto found = constants_.find(name);
  return found == constants_.end() ? nullptr : found->second;
}

const TensorProto* Graph::constant_input(const NodeProto& node, int index) const {
  return index < node.input_size() ? constant(node.input(index)) : nullptr;
}

void Graph::add_constant(TensorProto tensor) {
  owned_.push_back(std::move(tensor));
  constants_[owned_.back().name()] = &owned_.back();
}

void Graph::add_constants() {
  for (const TensorProto& tensor : graph_.initializer()) {
    if (!constants_.emplace(tensor.name(), &tensor).second) {
      throw base::Error(fmt::format("there are two initialisers '{}'", printable(tensor.name())));
    }
  }
  for (const NodeProto& node : graph_.node()) {
    if (is_constant_node(node)) add_constant_node(node);
  }
}

void Graph::add_constant_node(const NodeProto& node) {
  if (node.output_size() != 1 || node.attribute_size() != 1) {
    throw base::Error(fmt::format("{}: one output and one attribute are needed", describe(node)));
  }
  const AttributeProto& attribute = node.attribute(0);
  const TensorProto* value = &attribute.t();
  if (attribute.name() != "value") {
    TensorProto& made = owned_.emplace_back();
    value = &made;
    made.set_name(node.output(0));
    made.set_data_type(TensorProto::FLOAT);
    if (attribute.name() == "value_float") {
      made.add_float_data(attribute.f());
    } else if (attribute.name() == "value_floats") {
      made.add_dims(attribute.floats_size());
      *made.mutable_float_data() = attribute.floats();
    } else {
      made.set_data_type(TensorProto::INT64);
      if (attribute.name() == "value_int") {
        made.add_int64_data(attribute.i());
      } else if (attribute.name() == "value_ints") {
        made.add_dims(attribute.ints_size());
        *made.mutable_int64_data() = attribute.ints();
      } else {
        throw base::Error(fmt::format(
            "{}: attribute '{}' is not supported, supported are value, value_float, value_floats, "
            "value_int, value_ints",
            describe(node), printable(attribute.name())));
      }
    }
  }
  if (!constants_.emplace(node.output(0), value).second) {
    throw base::Error(fmt::format("{}: '{}' has another value already", describe(node),
                                  printable(node.output(0))));
  }
}

void Graph::find_ends() {
  std::vector<std::string> inputs;
  for (const auto& input : graph_.input()) {
    if (constants_.contains(input.name())) continue;
    inputs.push_back(fmt::format("'{}'", printable(input.name())));
    input_ = &input;
  }
  if (inputs.size() != 1) {
    throw base::Error(fmt::format(
        "the graph has {} inputs without an initialiser ({}), networks with one are supported",
        inputs.size(), fmt::join(inputs, ", ")));
  }
  if (graph_.output_size() != 1) {
    throw base::Error(fmt::format("the graph has {} outputs, networks with one are supported",
                                  graph_.output_size()));
  }
  output_name_ = graph_.output(0).name();
}

std::map<std::string, int> Graph::find_producers() const {
  std::map<std::string, int> producers;
  for (int index = 0; index < graph_.node_size(); ++index) {
    const NodeProto& node = graph_.node(index);
    if (is_constant_node(node)) continue;
    for (const std::string& output : node.output()) {
      if (output.empty()) continue;
      const bool taken = constants_.contains(output) || output == input_name();
      if (taken || !producers.emplace(output, index).second) {
        throw base::Error(fmt::format("{}: its output '{}' has another source already",
                                      describe(node), printable(output)));
      }
    }
  }
  return producers;
}

std::vector<bool> Graph::find_needed(const std::map<std::string, int>& producers) {
  std::vector<bool> needed(static_cast<std::size_t>(graph_.node_size()), false);
  std::vector<int> open;
  const auto need = [&](const std::string& value, const std::string& reader) {
    if (value.empty()) return;
    read_.insert(value);
    if (value == input_name() || constants_.contains(value)) return;
    const auto found = producers.find(value);
    if (found == producers.end()) {
      throw base::Error(
          fmt::format("{} needs '{}', which is no initialiser, input or node's output", reader,
                      printable(value)));
    }
    if (needed[static_cast<std::size_t>(found->second)]) return;
    needed[static_cast<std::size_t>(found->second)] = true;
    open.push_back(found->second);
  };
  if (output_name_.empty()) throw base::Error("the graph's output has no name");
  need(output_name_, "the graph's output");
  while (!open.empty()) {
    const NodeProto& node = graph_.node(open.back());
    open.pop_back();
    for (const std::string& input : node.input()) need(input, describe(node));
  }
  return needed;
}

void Graph::order_nodes(const std::map<std::string, int>& producers,
                        const std::vector<bool>& needed) {
  std::vector<int> missing(needed.size(), 0);
  std::vector<std::vector<int>> readers(needed.size());
  std::priority_queue<int, std::vector<int>, std::greater<>> ready;
  for (int index = 0; index < graph_.node_size(); ++index) {
    if (!needed[static_cast<std::size_t>(index)]) continue;
    for (const std::string& input : graph_.node(index).input()) {
      const auto found = producers.find(input);
      if (found == producers.end()) continue;
      readers[static_cast<std::size_t>(found->second)].push_back(index);
      ++missing[static_cast<std::size_t>(index)];
    }
    if (missing[static_cast<std::size_t>(index)] == 0) ready.push(index);
  }
  while (!ready.empty()) {
    const int index = ready.top();
    ready.pop();
    const NodeProto& node = graph_.node(index);
    const TensorProto* value = constant_input(node, 0);
    if (is_standard(node) && node.op_type() == "Identity" && value && node.output_size() == 1) {
      constants_[node.output(0)] = value;
    } else {
      nodes_.push_back(&node);
    }
    for (const int reader : readers[static_cast<std::size_t>(index)]) {
      if (--missing[static_cast<std::size_t>(reader)] == 0) ready.push(reader);
    }
  }
  for (std::size_t index = 0; index < missing.size(); ++index) {
    if (missing[index] == 0) continue;
    throw base::Error(fmt::format("{} is part of, or behind, a cycle of nodes",
                                  describe(graph_.node(static_cast<int>(index)))));
  }
}

Graph::Input Graph::input() const {
  const auto& type = input_->type().tensor_type();
  const std::string shown = fmt::format("the input '{}' has shape {}", printable(input_->name()),
                                        shape_text(type.shape()));
  const auto& extents = type.shape().dim();
  if (extents.size() != 2 && extents.size() != 4) {
    throw base::Error(shown + "; [1, channels, height, width] or [1, features] is needed");
  }
  if (!extents.Get(0).has_dim_value()) {
    throw base::Error(shown + ": its batch is dynamic; export the model with a batch of 1");
  }
  if (extents.Get(0).dim_value() != 1) {
    throw base::Error(fmt::format("{}: its batch is {}; export the model with a batch of 1", shown,
                                  extents.Get(0).dim_value()));
  }
  std::int64_t elements = 1;
  for (const auto& extent : extents) {
    if (!extent.has_dim_value()) {
      throw base::Error(shown + ", which is not fixed; export the model with a fixed size");
    }
    if (extent.dim_value() < 1 || extent.dim_value() > kMaxExtent ||
        extent.dim_value() > kMaxElements / elements) {
      throw base::Error(fmt::format("{}; 1 to {} are allowed, at most {} elements in all", shown,
                                    kMaxExtent, kMaxElements));
    }
    elements *= extent.dim_value();
  }
  const auto extent = [&](int index) { return static_cast<int>(extents.Get(index).dim_value()); };
  if (extents.size() == 2) return {{extent(1), 1, 1}, false};
  return {{extent(1), extent(2), extent(3)}, true};
}

}  // namespace gibbon::nn::onnx
