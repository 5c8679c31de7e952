#pragma once

#include <span>
#include <vector>

#include "gibbon/data/dataset.hpp"

namespace gibbon::data {

/// Images as a network reads them: float [count, channels, height, width], value = pixel / 255.
struct ImageBatch {
  int count = 0;
  int channels = 0;
  int height = 0;
  int width = 0;
  std::vector<float> pixels;
  std::vector<std::int32_t> labels;
};

/// The images [first, first + count) of a set, unchanged.
ImageBatch make_batch(const ImageSet& images, int first, int count);

}  // namespace gibbon::data
