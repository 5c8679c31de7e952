#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gibbon/nn/importers/onnx/view.hpp"
#include "gibbon/nn/layer.hpp"
#include "gibbon/nn/network.hpp"

namespace gibbon::nn::onnx {

/// Of a layer that is not in the network's list yet.
inline constexpr int kUnwritten = -2;

/// A constant that is added to each channel: a layer of its own as soon as something other than a
/// batch norm reads the sum.
struct Shift {
  std::string name;
  std::vector<float> values;
  int layer = kUnwritten;
};

/// What a name in the graph stands for.
struct Value {
  int layer = kNetworkInput;
  Shape shape;                   ///< of the layer's output
  View view;                     ///< how the value lies in it
  std::shared_ptr<Shift> shift;  ///< nullptr: none

  static Value image(int layer, const Shape& shape) {
    return {layer, shape, View::image(shape), nullptr};
  }
  static Value vector(int layer, int features) {
    return {layer, {features, 1, 1}, View::vector(features), nullptr};
  }
  bool is_image() const { return view == View::image(shape); }
  bool is_vector() const { return view == View::vector(shape.channels); }
};

}  // namespace gibbon::nn::onnx
