#pragma once

#include <set>
#include <string>

#include "gibbon/nn/importers/import_options.hpp"
#include "gibbon/nn/importers/onnx/layer_list.hpp"
#include "gibbon/nn/importers/onnx/node_adder.hpp"
#include "gibbon/nn/importers/onnx/node_kinds.hpp"
#include "gibbon/nn/trained_network.hpp"

namespace gibbon::nn::onnx {

/// Builds the layers of a network and their states, node by node in executable order.
class Converter {
 public:
  Converter(const Graph& graph, std::string network_name, const ImportOptions& options);

  /// Throws base::Error where the node does not fit its input, Unsupported where only its input's
  /// shape shows that it cannot be imported. Nodes behind such a node are left out from then on, so
  /// that others of its kind can be found; there is no network to finish any more.
  void add(const NodeProto& node, const NodeKind& kind);

  /// The network, complete once all nodes are added. To be called once.
  TrainedNetwork finish();

 private:
  const Graph& graph_;
  LayerList layers_;
  Values values_;
  std::set<std::string> broken_;  ///< values that do not exist, because a node is not supported
};

}  // namespace gibbon::nn::onnx
