#pragma once

#include <optional>

namespace gibbon::data {

/// Longest side of an image, pixels.
inline constexpr int kMaxImageSide = 4096;

struct ImageSize {
  int height = 0;
  int width = 0;
  bool operator==(const ImageSize&) const = default;
};

/// How to load a dataset. Size and channels are for pictures in folders; the others come in one
/// form only.
struct LoadOptions {
  std::optional<ImageSize> size;  ///< pixels, sides of 1 to kMaxImageSide; absent: that of the
                                  ///< first image, which all others must have
  std::optional<int> channels;    ///< 1 (grey) or 3 (colour); absent: that of the first image
  int threads = 1;                ///< for decoding; does not change the result
  bool test_only = false;         ///< leave the training split empty, its images unread
};

}  // namespace gibbon::data
