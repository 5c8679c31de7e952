#pragma once

#include <set>
#include <string>

#include "gibbon/nn/importers/import_options.hpp"
#include "gibbon/nn/importers/onnx/constant_folding.hpp"
#include "gibbon/nn/importers/onnx/layer_list.hpp"
#include "gibbon/nn/importers/onnx/node_adder.hpp"
#include "gibbon/nn/trained_network.hpp"

namespace gibbon::nn::onnx {

/// Builds the layers of a network and their states, node by node in executable order.
class Converter {
 public:
  Converter(Graph& graph, std::string network_name, const ImportOptions& options);

  /// Throws base::Error where the node is not valid or does not fit its input, Unsupported where it
  /// cannot be imported. Nodes behind such a node are only read from then on, so that others of its
  /// kind can be found; there is no network to finish any more.
  void add(const NodeProto& node);

  /// The network, complete once all nodes are added. To be called once.
  TrainedNetwork finish();

 private:
  void add_whole(const NodeProto& node);
  /// Of a node behind a refused one. Throws what can be said without its input.
  void leave_out(const NodeProto& node);
  void set_broken(const NodeProto& node);
  /// Whether only constants, and shapes, went into the node.
  bool would_be_constant(const NodeProto& node) const;

  Graph& graph_;
  ConstantFolder folder_;
  LayerList layers_;
  Values values_;
  std::set<std::string> broken_;  ///< values that do not exist, because a node was refused
  std::set<std::string> broken_constants_;  ///< those of them that would be constant
};

}  // namespace gibbon::nn::onnx
