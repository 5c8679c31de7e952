#pragma once

#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "gibbon/nn/importers/import_options.hpp"
#include "gibbon/nn/importers/onnx/value.hpp"
#include "gibbon/nn/trained_network.hpp"

namespace gibbon::nn::onnx {

/// The layers of the network that is being read, with their states.
class LayerList {
 public:
  LayerList(std::string network_name, const Shape& input, const ImportOptions& options);

  const ImportOptions& options() const { return options_; }

  /// Appends a layer, named `name` or, where that is taken, `name`_2 and so on. Gives its index.
  int add(const std::string& name, LayerParameters parameters, std::vector<int> inputs,
          LayerState state);
  /// The layer whose output a value is. Writes its shift where that is not written yet.
  int layer_of(const Value& value);

  /// Grid of what a layer gives to a Conv or Linear; scale 0 where it is not known.
  QuantizationScale input_grid(int layer) const;
  /// The grid that holds what all of some layers give: the most bits, the widest range.
  QuantizationScale grid_of_all(const std::vector<int>& layers) const;

  /// The network. To be called once.
  TrainedNetwork finish(int num_classes);

 private:
  std::string unique_name(const std::string& name);

  ImportOptions options_;
  NetworkDescription description_;
  std::vector<LayerState> states_;
  std::set<std::string> names_;
  std::unordered_map<std::string, int> suffixes_;  ///< last number tried behind a name
};

}  // namespace gibbon::nn::onnx
