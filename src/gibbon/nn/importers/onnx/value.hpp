#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gibbon/nn/importers/onnx/view.hpp"
#include "gibbon/nn/layer.hpp"
#include "gibbon/nn/network.hpp"
#include "gibbon/nn/trained_network.hpp"

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

/// A layer that is written when something reads it. Until then a node behind it may take a changed
/// copy: some of its features, another scale.
struct PendingLayer {
  std::string name;
  LayerParameters parameters;
  std::vector<int> inputs;
  LayerState state;
  bool is_part = false;  ///< some features of a linear layer of that name
  int layer = kUnwritten;
};

/// What a value is of GELU as exporters write it, x * 0.5 * (1 + erf(x / sqrt(2))).
enum class GeluPart {
  kNone,
  kErf,         ///< erf(x / sqrt(2)), where the value's other members say what x is
  kErfPlusOne,  ///< 1 + erf(x / sqrt(2)), times `factor`
};

/// What a name in the graph stands for: factor * (output + shift), seen through a view.
struct Value {
  int layer = kNetworkInput;
  Shape shape;                                      ///< of the layer's output
  View view;                                        ///< how the value lies in it
  std::shared_ptr<Shift> shift = nullptr;           ///< nullptr: none
  std::shared_ptr<PendingLayer> pending = nullptr;  ///< instead of `layer`; nullptr: none
  double factor = 1;
  GeluPart part = GeluPart::kNone;

  static Value image(int layer, const Shape& shape) { return {layer, shape, View::image(shape)}; }
  static Value vector(int layer, int features) {
    return {layer, {features, 1, 1}, View::vector(features)};
  }
  bool is_image() const { return view == View::image(shape); }
  bool is_vector() const { return view == View::vector(shape.channels); }
};

}  // namespace gibbon::nn::onnx
