#pragma once

#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "gibbon/nn/importers/onnx/values.hpp"
#include "gibbon/nn/layer.hpp"
#include "gibbon/nn/network.hpp"

namespace gibbon::nn::onnx {

/// A model's graph, reduced to what its output depends on and put into an executable order. Refers
/// to the model, which has to outlive it.
class Graph {
 public:
  /// Throws base::Error where a value has no or two sources, the nodes form a cycle, or the graph
  /// does not have one input and one output.
  explicit Graph(const onnx_schema::GraphProto& graph);

  /// Nodes that compute something, in the file's order where it is executable: without Constant,
  /// and without those that only pass a constant on.
  const std::vector<const NodeProto*>& nodes() const { return nodes_; }
  /// An initialiser's or Constant's value; nullptr where `name` is none.
  const TensorProto* constant(const std::string& name) const;
  /// The node's constant input number `index`; nullptr where it is absent or computed.
  const TensorProto* constant_input(const NodeProto& node, int index) const;

  /// Makes a node's output a constant, named as the tensor.
  void add_constant(TensorProto tensor);
  /// The size of the graph in the file.
  std::size_t bytes() const { return graph_.ByteSizeLong(); }

  /// Whether a node, or the network's output, needs a value.
  bool is_read(const std::string& value) const { return read_.contains(value); }

  const std::string& input_name() const { return input_->name(); }
  const std::string& output_name() const { return output_name_; }

  struct Input {
    Shape shape;
    bool is_image;  ///< [1, C, H, W]; otherwise [1, F] with F in `shape.channels`
  };
  /// Throws base::Error where the input's shape is another, or not fixed.
  Input input() const;

 private:
  void add_constants();
  void add_constant_node(const NodeProto& node);
  void find_ends();
  std::map<std::string, int> find_producers() const;
  std::vector<bool> find_needed(const std::map<std::string, int>& producers);
  void order_nodes(const std::map<std::string, int>& producers, const std::vector<bool>& needed);

  const onnx_schema::GraphProto& graph_;
  std::map<std::string, const TensorProto*> constants_;
  std::deque<TensorProto> owned_;  ///< those that the model does not hold as tensors
  const onnx_schema::ValueInfoProto* input_ = nullptr;
  std::string output_name_;
  std::set<std::string> read_;
  std::vector<const NodeProto*> nodes_;
};

}  // namespace gibbon::nn::onnx
