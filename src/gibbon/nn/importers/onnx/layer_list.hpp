#pragma once

#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "gibbon/nn/importers/import_options.hpp"
#include "gibbon/nn/importers/onnx/value.hpp"
#include "gibbon/nn/trained_network.hpp"

namespace gibbon::nn::onnx {

/// Throws Unsupported where a value is no layer's output plus a constant: where a factor is open,
/// or the rest of a GELU.
void require_whole(const Value& value);

/// The layers of the network that is being read, with their states.
class LayerList {
 public:
  LayerList(std::string network_name, const Shape& input, const ImportOptions& options);

  const ImportOptions& options() const { return options_; }

  /// Appends a layer, named `name` or, where that is taken, `name`_2 and so on. Completes the grids
  /// of its state that follow from its parameters, weights and inputs. Gives its index.
  int add(const std::string& name, LayerParameters parameters, std::vector<int> inputs,
          LayerState state);
  /// The layer whose output a value is. Writes what of it is not written yet; where that is a part
  /// of a linear layer, its name ends in `role`. Throws Unsupported where no layer gives the value.
  int layer_of(const Value& value, std::string_view role = "part");
  /// The state of a layer, written or not.
  const LayerState& state(const PendingLayer& pending) const;

  /// The grid that holds what all of some layers give: the most bits, the widest range.
  QuantizationScale grid_of_all(const std::vector<int>& layers) const;

  /// The network. To be called once.
  TrainedNetwork finish(int num_classes);

 private:
  std::string unique_name(const std::string& name);
  void set_grids(const LayerParameters& parameters, const std::vector<int>& inputs,
                 LayerState& state) const;
  int write(PendingLayer& pending, std::string_view role);
  /// Grid of what a layer gives to a Conv or Linear; scale 0 where it is not known.
  QuantizationScale input_grid(int layer) const;

  ImportOptions options_;
  NetworkDescription description_;
  std::vector<LayerState> states_;
  std::set<std::string> names_;
  std::unordered_map<std::string, int> suffixes_;  ///< last number tried behind a name
};

}  // namespace gibbon::nn::onnx
