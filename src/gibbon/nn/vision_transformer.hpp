#pragma once

#include <string>
#include <vector>

#include "gibbon/nn/network.hpp"

namespace gibbon::nn {

/// One block: attention of `heads` heads, then an MLP of `mlp_width` hidden features.
struct TransformerBlock {
  int heads = 12;
  int mlp_width = 3072;

  friend bool operator==(const TransformerBlock&, const TransformerBlock&) = default;
};

/// A vision transformer (Dosovitskiy et al., "An Image is Worth 16x16 Words", ICLR 2021), whose
/// blocks may differ, as in a supernet: a block's attention is heads x head_width features wide,
/// the residual path always `width`. The defaults are ViT-B/16 at ImageNet.
struct VisionTransformer {
  std::string name = "vit-b16-imagenet";
  Shape input = {3, 224, 224};
  int num_classes = 1000;
  int patch = 16;
  int width = 768;
  int head_width = 64;
  std::vector<TransformerBlock> blocks = std::vector<TransformerBlock>(12);
  int bits = 8;         ///< of all weights and activations, sign included
  bool biases = false;  ///< behind each linear layer, as published networks have them
};

/// Layer names: "patch", "tokens"; "b1.norm1", ".query", ".key", ".value", ".scores", ".softmax",
/// ".context", ".project", ".add1", ".norm2", ".expand", ".gelu", ".contract", ".add2" of each
/// block; "norm", "class", "head". A layer's bias is ".query_bias" and so on; that of "patch" is
/// part of the position embedding. Throws base::Error where the numbers do not fit together.
Network make_vision_transformer(const VisionTransformer& transformer);

}  // namespace gibbon::nn
