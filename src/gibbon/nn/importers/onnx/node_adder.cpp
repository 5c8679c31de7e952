#include "gibbon/nn/importers/onnx/node_adder.hpp"

#include <fmt/format.h>

#include "gibbon/base/error.hpp"

namespace gibbon::nn::onnx {

std::string shape_text(const Value& value) {
  return to_text(value.view.extents());
}

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
  if (!found.is_vector()) {
    throw Unsupported(
        fmt::format("its input {} is a sequence, images are needed", shape_text(found)));
  }
  throw base::Error(fmt::format("{}: its input is a vector of {}, images are needed",
                                describe(node_), found.shape.channels));
}

void NodeAdder::add_plain(LayerParameters parameters, const Value& in, const Shape& out,
                          View view) {
  const int source = layers_.layer_of(in);
  add_layer(std::move(parameters), {source}, {}, out, std::move(view));
}

void NodeAdder::add_layer(LayerParameters parameters, std::vector<int> inputs, LayerState state,
                          const Shape& out, View view) {
  const int layer =
      layers_.add(name_of(node_), std::move(parameters), std::move(inputs), std::move(state));
  set_output({layer, out, std::move(view)});
}

void NodeAdder::set_pending(PendingLayer layer, const Shape& out, View view, double factor) {
  auto pending = std::make_shared<PendingLayer>(std::move(layer));
  set_output({kUnwritten, out, std::move(view), nullptr, std::move(pending), factor});
}

}  // namespace gibbon::nn::onnx
