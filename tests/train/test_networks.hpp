#pragma once

#include <string>
#include <vector>

#include "gibbon/data/dataset.hpp"
#include "gibbon/nn/network.hpp"
#include "gibbon/train/trainer.hpp"

namespace gibbon::train::testing {

struct Block {
  int channels = 16;
  int kernel = 3;
  int groups = 1;
  int bits = 9;
};

/// Stem Conv3x3, BatchNorm, HardTanh; the blocks, HardTanh(Add(BatchNorm(Conv(x)), x)), a block
/// listed in `strided` with stride 2 and without Add; global average, Flatten, Linear. Layers are
/// named "stem.conv", "b0.conv" ...
nn::Network block_network(nn::Shape input, int stem_channels, const std::vector<Block>& blocks,
                          const std::vector<int>& strided, int classes);

inline constexpr nn::Shape kInput{1, 12, 12};

/// Three blocks of different kernels, groups and bits on kInput, 4 classes.
nn::Network mixed_network();

FinalTrainOptions final_options(double epochs);

/// Images whose class is the position of a bright square, with seeded noise.
data::ImageSet square_images(int count, int channels, int size, int classes, std::uint64_t seed);

}  // namespace gibbon::train::testing
