#include "gibbon/data/batch.hpp"

#include <fmt/format.h>

#include "gibbon/base/error.hpp"

namespace gibbon::data {

ImageBatch make_batch(const ImageSet& images, int first, int count) {
  if (first < 0 || count < 0 || first > images.count() - count) {
    throw base::Error(
        fmt::format("images {} to {} asked of a set of {}", first, first + count, images.count()));
  }
  ImageBatch batch{count, images.channels, images.height, images.width, {}, {}};
  const auto size = static_cast<std::size_t>(images.image_size());
  const auto begin = images.pixels.begin() + static_cast<long>(size) * first;
  batch.pixels.reserve(size * static_cast<std::size_t>(count));
  // A division, not a product with 1/255: it is the correctly rounded value of pixel/255, which is
  // what the reference simulator's data loader gives.
  for (auto pixel = begin; pixel != begin + static_cast<long>(size) * count; ++pixel) {
    batch.pixels.push_back(static_cast<float>(*pixel) / 255.0F);
  }
  batch.labels.assign(images.labels.begin() + first, images.labels.begin() + first + count);
  return batch;
}

}  // namespace gibbon::data
