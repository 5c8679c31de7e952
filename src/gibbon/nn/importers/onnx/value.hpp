#pragma once

#include <memory>
#include <string>
#include <vector>

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
  Shape shape;
  bool is_image = false;         ///< [1, C, H, W]; otherwise [1, F]
  std::shared_ptr<Shift> shift;  ///< nullptr: none
};

}  // namespace gibbon::nn::onnx
