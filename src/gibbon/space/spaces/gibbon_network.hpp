#pragma once

#include <optional>
#include <string>
#include <vector>

#include "gibbon/space/spaces/gibbon.hpp"

namespace gibbon::space {

/// What the genes say about the whole network.
struct NetworkChoice {
  int stem_channels = 0;
  int stem_stride = 0;
  int stage_pool = 1;  ///< as in GibbonSpaceSpec::stage_pools
};

/// What the genes say about one block.
struct BlockChoice {
  int channels = 0;
  int kernel = 0;
  int groups = 0;
  int weight_bits = 0;
  int activation_bits = 0;  ///< with which the block's convolution reads its input
  double stored = 1;        ///< part of its weights that an epitome stores; 1: no epitome
};

/// The epitome of a convolution of which `stored` = 1 / 2^n of the weights are kept: its output
/// channels, its input channels, its output channels ... are halved in turn, n times in all, and
/// the outputs wrap. Nothing for 1.
std::optional<nn::ConvEpitome> epitome_of_share(const nn::Conv& conv, double stored);

/// The network of these blocks, one list a stage (at least one block each). Throws base::Error
/// where nn::Network refuses it: groups that do not divide the channels read.
nn::Network build_gibbon_network(const GibbonSpaceSpec& spec, const std::string& name,
                                 const NetworkChoice& choice,
                                 const std::vector<std::vector<BlockChoice>>& stages);

}  // namespace gibbon::space
