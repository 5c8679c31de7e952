#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace gibbon::data {

/// Labelled 8-bit images of one size, in memory. Pixels are [count, channels, height, width]. A
/// value type; splits share nothing.
struct ImageSet {
  int channels = 0;
  int height = 0;
  int width = 0;
  std::vector<std::uint8_t> pixels;
  std::vector<std::int32_t> labels;

  int count() const { return static_cast<int>(labels.size()); }
  long image_size() const { return static_cast<long>(channels) * height * width; }
  /// The pixels of one image. Throws std::out_of_range.
  std::span<const std::uint8_t> image(int index) const;
  /// The images at these indices, in this order; an index may repeat. Throws std::out_of_range.
  ImageSet select(std::span<const int> indices) const;
  /// The first so many, or all where there are fewer.
  ImageSet first(int count) const;
};

/// A dataset as it is on disk: the training split and the test split, which no search may see.
struct Dataset {
  std::string name;
  std::vector<std::string> class_names;
  ImageSet train;
  ImageSet test;

  int num_classes() const { return static_cast<int>(class_names.size()); }
};

/// The training split divided for a search: `validation` holds the same number of images of each
/// class (as near as it goes: where the count does not divide, classes drawn with the seed hold one
/// more; a class that runs short is made up for by the others, and keeps one image in `train` while
/// another class has one to give), drawn with the seed; `train` the rest. Both keep the order of
/// `images`. Throws base::Error if validation_count leaves either empty.
struct TrainValidationSplit {
  ImageSet train;
  ImageSet validation;
};
TrainValidationSplit split_validation(const ImageSet& images, int validation_count,
                                      std::uint64_t seed);

}  // namespace gibbon::data
