#pragma once

#include "gibbon/nn/network.hpp"
#include "gibbon/train/trainer.hpp"

namespace gibbon::train {

/// Throws base::Error naming the option that is out of range, or that does not fit `network`.
void require_final_options(const nn::Network& network, const FinalTrainOptions& options);

}  // namespace gibbon::train
