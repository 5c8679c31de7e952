#pragma once

#include "gibbon/nn/network.hpp"
#include "gibbon/train/supernet.hpp"

namespace gibbon::train {

/// Throws base::Error if the crops are larger than the network's images, or if it reads images of
/// one size alone: pixel by pixel where it classifies, or with a position for each.
void require_small_crops(const nn::Network& network, const SmallCrops& crops);

}  // namespace gibbon::train
