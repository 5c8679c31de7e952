#include "gibbon/nn/importers/onnx/node_adder.hpp"

#include <fmt/format.h>

#include <utility>

#include "gibbon/base/error.hpp"

namespace gibbon::nn::onnx {

const Value& NodeAdder::value(int input) const {
  const std::string& name = node_.input(input);
  const auto found = values_.find(name);
  if (found != values_.end()) return found->second;
  throw base::Error(
      fmt::format("{}: its input '{}' is constant or a node's second output, neither "
                  "is supported there",
                  describe(node_), printable(name)));
}

const Value& NodeAdder::image(int input) const {
  const Value& found = value(input);
  if (found.is_image()) return found;
  throw base::Error(fmt::format("{}: its input is a vector of {}, images are needed",
                                describe(node_), found.shape.channels));
}

const Value& NodeAdder::vector(int input) const {
  const Value& found = value(input);
  if (!found.is_image()) return found;
  throw base::Error(fmt::format("{}: its input is {}x{}x{}, it has to be flattened before",
                                describe(node_), found.shape.channels, found.shape.height,
                                found.shape.width));
}

void NodeAdder::add_plain(LayerParameters parameters, const Value& in, const Shape& out,
                          View view) {
  const int source = layers_.layer_of(in);
  add_layer(std::move(parameters), {source}, {}, out, std::move(view));
}

void NodeAdder::flatten(const Value& in) {
  if (!in.is_image()) {
    set_output(in);
    return;
  }
  const int features = static_cast<int>(in.shape.elements());
  add_plain(Flatten{}, in, {features, 1, 1}, View::vector(features));
}

void NodeAdder::add_layer(LayerParameters parameters, std::vector<int> inputs, LayerState state,
                          const Shape& out, View view) {
  const int layer =
      layers_.add(name_of(node_), std::move(parameters), std::move(inputs), std::move(state));
  set_output({layer, out, std::move(view), nullptr});
}

}  // namespace gibbon::nn::onnx
