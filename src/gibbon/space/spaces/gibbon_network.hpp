#pragma once

#include <string>
#include <vector>

#include "gibbon/space/spaces/gibbon.hpp"

namespace gibbon::space {

/// What the genes say about the stem.
struct StemChoice {
  int channels = 0;
  int stride = 0;
};

/// What the genes say about one block.
struct BlockChoice {
  int channels = 0;
  int kernel = 0;
  int groups = 0;
  int weight_bits = 0;
  int activation_bits = 0;  ///< with which the block's convolution reads its input
};

/// The network of these blocks, one list a stage (at least one block each). Throws base::Error
/// where nn::Network refuses it: groups that do not divide the channels read.
nn::Network build_gibbon_network(const GibbonSpaceSpec& spec, const std::string& name,
                                 const StemChoice& chosen_stem,
                                 const std::vector<std::vector<BlockChoice>>& stages);

}  // namespace gibbon::space
