#include "gibbon/data/augmentation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "gibbon/base/error.hpp"
#include "gibbon/base/parallel.hpp"
#include "gibbon/base/rng.hpp"

namespace gibbon::data {

namespace {

struct Draws {
  int down = 0;  ///< where the crop begins in the image, from -padding
  int right = 0;
  bool flip = false;
  int cutout_row = 0;
  int cutout_column = 0;
};

void check(const ImageSet& images, std::span<const int> indices,
           const AugmentationOptions& options) {
  if (options.crop_padding < 0 || options.cutout < 0) {
    throw base::Error(
        fmt::format("augmentation: crop padding {} and cutout {} must not be negative",
                    options.crop_padding, options.cutout));
  }
  const int smaller_side = std::min(images.height, images.width);
  if (options.crop_size < 0 || options.crop_size > smaller_side) {
    throw base::Error(fmt::format("augmentation: crops of {} pixels from images of {}x{}: 0 to {}",
                                  options.crop_size, images.height, images.width, smaller_side));
  }
  if (options.padding == PaddingMode::kReflect && options.crop_padding >= smaller_side) {
    throw base::Error(
        fmt::format("augmentation: images of {}x{} cannot be reflected by {} pixels: at most {}",
                    images.height, images.width, options.crop_padding, smaller_side - 1));
  }
  for (const int index : indices) {
    if (index >= 0 && index < images.count()) continue;
    throw std::out_of_range(fmt::format("image {} of a set of {}", index, images.count()));
  }
}

/// Rows and columns of one augmented image.
struct CropShape {
  int height = 0;
  int width = 0;
};

CropShape crop_shape(const ImageSet& images, const AugmentationOptions& options) {
  if (options.crop_size == 0) return {images.height, images.width};
  return {options.crop_size, options.crop_size};
}

/// Where a crop of `size` begins on a side of `whole` pixels with `padding` at both ends.
int crop_begin(base::Rng& rng, int whole, int size, int padding) {
  const int positions = whole - size + 2 * padding + 1;
  return static_cast<int>(rng.below(static_cast<std::uint64_t>(positions))) - padding;
}

/// The streams that an image's changes are drawn from are forks of these.
struct DrawSeeds {
  std::uint64_t of_epoch;
  std::uint64_t of_all_epochs;
  std::uint64_t epoch;
};

bool is_mirrored(Mirroring how, const DrawSeeds& seeds, std::uint64_t image) {
  const auto drawn = [&](std::uint64_t seed) {
    return base::Rng::forked(seed, "flip", image).below(2) == 1;
  };
  switch (how) {
    case Mirroring::kNever:
      return false;
    case Mirroring::kRandom:
      return drawn(seeds.of_epoch);
    case Mirroring::kAlternating:
      return drawn(seeds.of_all_epochs) != (seeds.epoch % 2 == 1);
  }
  return false;
}

Draws draw(const ImageSet& images, const AugmentationOptions& options, const DrawSeeds& seeds,
           int index) {
  // A stream for each change, so that one does not move the draws of another.
  const auto number = static_cast<std::uint64_t>(index);
  base::Rng crop = base::Rng::forked(seeds.of_epoch, "crop", number);
  base::Rng cutout = base::Rng::forked(seeds.of_epoch, "cutout", number);
  Draws draws;
  const CropShape shape = crop_shape(images, options);
  draws.down = crop_begin(crop, images.height, shape.height, options.crop_padding);
  draws.right = crop_begin(crop, images.width, shape.width, options.crop_padding);
  draws.flip = is_mirrored(options.flip, seeds, number);
  draws.cutout_row = static_cast<int>(cutout.below(static_cast<std::uint64_t>(shape.height)));
  draws.cutout_column = static_cast<int>(cutout.below(static_cast<std::uint64_t>(shape.width)));
  return draws;
}

int reflected(int position, int size) {
  if (position < 0) return -position;
  return position < size ? position : 2 * (size - 1) - position;
}

/// One row of the crop before flipping; `source` is the image's row.
void crop_row(std::span<const std::uint8_t> source, int right, PaddingMode padding,
              std::span<float> out) {
  const int width = static_cast<int>(source.size());
  const int cropped = static_cast<int>(out.size());
  const int begin = std::clamp(-right, 0, cropped);
  const int end = std::clamp(width - right, begin, cropped);
  for (int x = begin; x < end; ++x) out[x] = static_cast<float>(source[x + right]) / 255.0f;
  if (padding == PaddingMode::kZero) return;
  const auto reflect = [&](int x) {
    out[x] = static_cast<float>(source[reflected(x + right, width)]) / 255.0f;
  };
  for (int x = 0; x < begin; ++x) reflect(x);
  for (int x = end; x < cropped; ++x) reflect(x);
}

void cut_out(CropShape shape, int side, const Draws& draws, float* plane) {
  const int top = std::max(draws.cutout_row - side / 2, 0);
  const int left = std::max(draws.cutout_column - side / 2, 0);
  const int bottom = std::min(draws.cutout_row - side / 2 + side, shape.height);
  const int right = std::min(draws.cutout_column - side / 2 + side, shape.width);
  for (int y = top; y < bottom; ++y) {
    std::fill(plane + y * shape.width + left, plane + y * shape.width + right, 0.0f);
  }
}

/// Fills one image of the batch, which is all zero on entry.
void augment(const ImageSet& images, int index, const AugmentationOptions& options,
             const Draws& draws, float* out) {
  const std::uint8_t* pixels = images.image(index).data();
  const int height = images.height;
  const auto width = static_cast<std::size_t>(images.width);
  const std::size_t plane = static_cast<std::size_t>(height) * width;
  const CropShape shape = crop_shape(images, options);
  for (int channel = 0; channel < images.channels; ++channel) {
    float* out_plane = out + static_cast<long>(channel) * shape.height * shape.width;
    for (int y = 0; y < shape.height; ++y) {
      int from = y + draws.down;
      const bool outside = from < 0 || from >= height;
      if (outside && options.padding == PaddingMode::kZero) continue;
      if (outside) from = reflected(from, height);
      const std::uint8_t* source = pixels + static_cast<std::size_t>(channel) * plane +
                                   static_cast<std::size_t>(from) * width;
      const std::span<float> row(out_plane + static_cast<long>(y) * shape.width,
                                 static_cast<std::size_t>(shape.width));
      crop_row({source, width}, draws.right, options.padding, row);
      if (draws.flip) std::reverse(row.begin(), row.end());
    }
    if (options.cutout > 0) cut_out(shape, options.cutout, draws, out_plane);
  }
}

}  // namespace

ImageBatch augmented_batch(const ImageSet& images, std::span<const int> indices,
                           const AugmentationOptions& options, std::uint64_t seed,
                           std::uint64_t epoch, int threads) {
  check(images, indices, options);
  const CropShape shape = crop_shape(images, options);
  const std::size_t size = static_cast<std::size_t>(images.channels) *
                           static_cast<std::size_t>(shape.height) *
                           static_cast<std::size_t>(shape.width);
  ImageBatch batch{static_cast<int>(indices.size()),
                   images.channels,
                   shape.height,
                   shape.width,
                   std::vector<float>(indices.size() * size),
                   {}};
  for (const int index : indices) batch.labels.push_back(images.labels[index]);
  const DrawSeeds seeds{base::Rng::forked(seed, "augmentation", epoch).next(), seed, epoch};
  base::parallel_for(indices.size(), threads, [&](std::size_t i) {
    const Draws draws = draw(images, options, seeds, indices[i]);
    augment(images, indices[i], options, draws, batch.pixels.data() + i * size);
  });
  return batch;
}

}  // namespace gibbon::data
