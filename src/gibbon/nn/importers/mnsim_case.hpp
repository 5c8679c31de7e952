#pragma once

#include "gibbon/base/json.hpp"
#include "gibbon/nn/network.hpp"

namespace gibbon::nn {

/// Reads the `network` object of a reference case of MNSIM 2.0 (its layer list with relative
/// `inputs`: layer i reads the outputs of layers i + inputs[j], -1 being the network's input).
/// Layer i of type t is named "i_t" ("0_conv", "1_bn"). conv, fc, bn, relu, pooling, element_sum,
/// view and dropout become Conv, Linear, BatchNorm, Relu, Pool, Add, Flatten and Dropout; a batch
/// norm is quantised to its activation_bit; the modes MAX, AVE and ADA become kMax, kAverage and
/// kGlobalAverage. An absent stride means 1, an absent padding 0.
/// Throws base::Error naming the layer and key where something is missing or unknown.
Network network_from_mnsim_case(const base::Json& network);

}  // namespace gibbon::nn
