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

/// Which images are mirrored left to right.
enum class Mirroring {
  kNever,
  kRandom,       ///< each with probability 1/2
  kAlternating,  ///< each in every other epoch, the first one drawn: two epochs show both sides
                 ///< (Jordan, arXiv:2404.00498)
};

inline constexpr base::NamedValues<Mirroring, 3> kMirrorings{
    {{"false", Mirroring::kNever},
     {"true", Mirroring::kRandom},
     {"alternating", Mirroring::kAlternating}}};

/// Random changes to training images. All off: the images as they are.
struct AugmentationOptions {
  int crop_padding = 0;  ///< pixels, >= 0: shifted by up to this much each way, as if padded by it
                         ///< on all sides and cropped to the old size (He et al., CVPR 2016: 4)
  Mirroring flip = Mirroring::kNever;
  int cutout = 0;     ///< side in pixels, >= 0, of a black square whose centre is any pixel, cut
                      ///< at the border (DeVries and Taylor, arXiv:1708.04552: 16 for CIFAR-10)
  int crop_size = 0;  ///< side in pixels of the crop, at most the image's; 0: the image's size
  PaddingMode padding = PaddingMode::kZero;
};

/// The images at these indices, each changed by draws from its own stream, made of (seed, epoch,
/// its index in the set): the same whatever the batch, its order or the number of threads.
/// Alternating mirrors are drawn without the epoch. Switching one change on or off leaves the draws
/// of the others as they were. Labels are kept. An
/// even cutout side reaches one pixel further up and left of its centre. Throws base::Error for
/// negative options, crops larger than an image or reflection by a whole side or more;
/// std::out_of_range for an index outside the set.
ImageBatch augmented_batch(const ImageSet& images, std::span<const int> indices,
                           const AugmentationOptions& options, std::uint64_t seed,
                           std::uint64_t epoch, int threads);

}  // namespace gibbon::data
