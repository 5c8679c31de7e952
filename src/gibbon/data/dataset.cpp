#include "gibbon/data/dataset.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <stdexcept>

#include "gibbon/base/error.hpp"
#include "gibbon/base/rng.hpp"

namespace gibbon::data {

namespace {

using IndicesByClass = std::vector<std::vector<int>>;

IndicesByClass shuffled_classes(const ImageSet& images, base::Rng& rng) {
  std::map<std::int32_t, std::vector<int>> by_label;
  for (int i = 0; i < images.count(); ++i) by_label[images.labels[i]].push_back(i);
  IndicesByClass classes;
  for (auto& [label, indices] : by_label) classes.push_back(std::move(indices));
  for (std::vector<int>& indices : classes) rng.shuffle(indices);
  rng.shuffle(classes);
  return classes;
}

/// One image of each class in turn, so that class counts differ by one at most.
void take_in_turn(IndicesByClass& classes, std::size_t keep, std::size_t wanted,
                  std::vector<int>& taken) {
  bool any = true;
  while (any && taken.size() < wanted) {
    any = false;
    for (std::vector<int>& indices : classes) {
      if (indices.size() <= keep || taken.size() == wanted) continue;
      taken.push_back(indices.back());
      indices.pop_back();
      any = true;
    }
  }
}

}  // namespace

std::span<const std::uint8_t> ImageSet::image(int index) const {
  if (index < 0 || index >= count()) {
    throw std::out_of_range(fmt::format("image {} of a set of {}", index, count()));
  }
  const auto size = static_cast<std::size_t>(image_size());
  return std::span(pixels).subspan(static_cast<std::size_t>(index) * size, size);
}

ImageSet ImageSet::select(std::span<const int> indices) const {
  ImageSet selected{channels, height, width, {}, {}};
  selected.pixels.reserve(indices.size() * static_cast<std::size_t>(image_size()));
  selected.labels.reserve(indices.size());
  for (const int index : indices) {
    const std::span<const std::uint8_t> source = image(index);
    selected.pixels.insert(selected.pixels.end(), source.begin(), source.end());
    selected.labels.push_back(labels[static_cast<std::size_t>(index)]);
  }
  return selected;
}

ImageSet ImageSet::first(int count) const {
  const auto kept = static_cast<std::ptrdiff_t>(std::clamp(count, 0, this->count()));
  return {channels,
          height,
          width,
          {pixels.begin(), pixels.begin() + kept * image_size()},
          {labels.begin(), labels.begin() + kept}};
}

TrainValidationSplit split_validation(const ImageSet& images, int validation_count,
                                      std::uint64_t seed) {
  if (validation_count < 1 || validation_count >= images.count()) {
    throw base::Error(
        fmt::format("cannot split {} images for validation from {} training images: "
                    "between 1 and {} are possible",
                    validation_count, images.count(), std::max(images.count() - 1, 0)));
  }
  base::Rng rng = base::Rng::forked(seed, "validation split");
  IndicesByClass classes = shuffled_classes(images, rng);
  std::vector<int> validation;
  const auto wanted = static_cast<std::size_t>(validation_count);
  take_in_turn(classes, 1, wanted, validation);
  take_in_turn(classes, 0, wanted, validation);
  std::sort(validation.begin(), validation.end());

  std::vector<int> train;
  for (const std::vector<int>& indices : classes) {
    train.insert(train.end(), indices.begin(), indices.end());
  }
  std::sort(train.begin(), train.end());
  return {images.select(train), images.select(validation)};
}

}  // namespace gibbon::data
