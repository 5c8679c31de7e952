#pragma once

#include <cstddef>
#include <vector>

#include "gibbon/nn/network.hpp"

namespace gibbon::sim {

/// Activations of some images: [images, channels, height, width], row-major.
struct Tensor {
  int images = 0;
  nn::Shape shape;
  std::vector<float> values;

  Tensor() = default;
  Tensor(int image_count, const nn::Shape& image_shape)
      : images(image_count),
        shape(image_shape),
        values(static_cast<std::size_t>(image_count) *
               static_cast<std::size_t>(image_shape.elements())) {}

  std::size_t plane_size() const {
    return static_cast<std::size_t>(shape.height) * static_cast<std::size_t>(shape.width);
  }
};

}  // namespace gibbon::sim
