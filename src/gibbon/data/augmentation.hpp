#pragma once

#include <cstdint>
#include <span>

#include "gibbon/base/named_values.hpp"
#include "gibbon/data/batch.hpp"
#include "gibbon/data/dataset.hpp"

namespace gibbon::data {

/// What the border around an image holds when it is cropped at random.
enum class PaddingMode {
  kZero,     ///< black
  kReflect,  ///< the image mirrored at its edge, the edge pixel not repeated
};

inline constexpr base::NamedValues<PaddingMode, 2> kPaddingModes{
    {{"zero", PaddingMode::kZero}, {"reflect", PaddingMode::kReflect}}};

/// Random changes to training images. All off: the images as they are.
struct AugmentationOptions {
  int crop_padding = 0;  ///< pixels, >= 0: shifted by up to this much each way, as if padded by it
                         ///< on all sides and cropped to the old size (He et al., CVPR 2016: 4)
  bool flip = false;     ///< mirrored left to right, with probability 1/2
  int cutout = 0;        ///< side in pixels, >= 0, of a black square whose centre is any pixel, cut
                         ///< at the border (DeVries and Taylor, arXiv:1708.04552: 16 for CIFAR-10)
  int crop_size = 0;     ///< side in pixels of the crop, at most the image's; 0: the image's size
  PaddingMode padding = PaddingMode::kZero;
};

/// The images at these indices, each changed by draws from its own stream, made of (seed, epoch,
/// its index in the set): the same whatever the batch, its order or the number of threads.
/// Switching one change on or off leaves the draws of the others as they were. Labels are kept. An
/// even cutout side reaches one pixel further up and left of its centre. Throws base::Error for
/// negative options, crops larger than an image or reflection by a whole side or more;
/// std::out_of_range for an index outside the set.
ImageBatch augmented_batch(const ImageSet& images, std::span<const int> indices,
                           const AugmentationOptions& options, std::uint64_t seed,
                           std::uint64_t epoch, int threads);

}  // namespace gibbon::data
