#pragma once

#include <string>
#include <vector>

#include "gibbon/nn/network.hpp"

namespace gibbon::nn {

/// A residual network of basic blocks (He et al., "Deep Residual Learning", CVPR 2016) for small
/// images: a 3x3 convolution, pooled to half its size, and stages of `blocks` blocks; each stage
/// after the first halves the image and doubles the channels, with a 1x1 convolution as its
/// shortcut. The defaults are ResNet-18's shape. Behind each ReLU a quantiser clamps to
/// [0, activation_range].
struct ResidualNetwork {
  std::string name = "resnet18";
  Shape input = {3, 32, 32};
  int num_classes = 10;
  int width = 64;  ///< channels of the first stage
  std::vector<int> blocks = {2, 2, 2, 2};
  int bits = 9;  ///< of all weights and activations, sign included
  double activation_range = 4;
};

/// Layer names: "stem.conv", ".bn", ".relu", ".act", "stem.pool"; "s1.b1.conv1", ".bn1", ".relu1",
/// ".act1", ".conv2", ".bn2", ".short" and ".shortbn" where there are, ".add", ".relu", ".act" of
/// each block; "pool", "flatten", "fc". Throws base::Error where the numbers do not fit together.
Network make_residual_network(const ResidualNetwork& residual);

}  // namespace gibbon::nn
