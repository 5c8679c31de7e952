#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "gibbon/base/error.hpp"
#include "gibbon/nn/network.hpp"

namespace gibbon::space {

/// The parameters of the layer of this name and type.
template <typename T>
const T& parameters(const nn::Network& network, std::string_view name) {
  for (const nn::Layer& layer : network.layers()) {
    if (layer.name == name) return std::get<T>(layer.parameters);
  }
  throw base::Error("no layer " + std::string(name));
}

}  // namespace gibbon::space
