#pragma once

#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "gibbon/nn/importers/import_options.hpp"
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
  /// A constant that is added to each channel: a layer of its own as soon as something other than a
  /// batch norm reads the sum.
  struct Shift {
    std::string name;
    std::vector<float> values;
    int layer = kUnwritten;
    static constexpr int kUnwritten = -2;
  };

  /// What a name in the graph stands for.
  struct Value {
    int layer = kNetworkInput;
    Shape shape;
    bool is_image = false;         ///< [1, C, H, W]; otherwise [1, F]
    std::shared_ptr<Shift> shift;  ///< nullptr: none
  };

  class NodeAdder;

  const Value& value_of(const std::string& name, const NodeProto& node) const;
  int layer_of(const Value& value);
  int add_layer(const std::string& name, LayerParameters parameters, std::vector<int> inputs,
                LayerState state);
  std::string unique_name(const std::string& name);
  /// Grid of what a layer gives to a Conv or Linear; scale 0 where it is not known.
  QuantizationScale input_grid(int layer) const;
  /// The grid that holds what all of some layers give: the most bits, the widest range.
  QuantizationScale grid_of_all(const std::vector<int>& layers) const;

  const Graph& graph_;
  ImportOptions options_;
  NetworkDescription description_;
  std::vector<LayerState> states_;
  std::set<std::string> names_;
  std::unordered_map<std::string, int> suffixes_;  ///< last number tried behind a name
  std::map<std::string, Value> values_;
  std::set<std::string> broken_;  ///< values that do not exist, because a node is not supported
};

}  // namespace gibbon::nn::onnx
