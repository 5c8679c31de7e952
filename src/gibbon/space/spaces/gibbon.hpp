#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gibbon/space/search_space.hpp"

namespace gibbon::space {

/// The choices of a kind of block gene: one list for the blocks of all stages, or one list a stage.
struct StageChoices {
  std::vector<std::vector<int>> lists;

  StageChoices() = default;
  StageChoices(std::initializer_list<int> choices) : lists{choices} {}
  static StageChoices for_all(std::vector<int> choices) { return by_stage({std::move(choices)}); }
  static StageChoices by_stage(std::vector<std::vector<int>> lists) {
    StageChoices choices;
    choices.lists = std::move(lists);
    return choices;
  }
  const std::vector<int>& of(std::size_t stage) const {
    return lists.size() == 1 ? lists.front() : lists.at(stage);
  }
};

/// What stands between a block and the next, both ending on a fixed grid (docs/decisions/0002).
enum class BlockActivation {
  kRelu,      ///< clamp to [0, range]: a ReLU, then the quantiser of HardTanh
  kHardTanh,  ///< clamp to [-range, range]; in the authors' related code with range 1
};

/// The Gibbon paper's joint space (DATE 2022, section IV-A and Table I) as plain data. Each list
/// holds the choices of one kind of gene; a list of one value fixes it. The block is described in
/// docs/decisions/0002-block.md.
struct GibbonSpaceSpec {
  std::string name = "gibbon";
  nn::Shape input = {3, 32, 32};
  int num_classes = 10;
  int input_bits = 9;  ///< of the image, sign included

  std::vector<int> stem_channels = {16};
  int stem_kernel = 3;  ///< odd, or 2 with symmetric padding
  std::vector<int> stem_strides = {1};
  int stem_weight_bits = 9;

  /// How stages halve the image: 1 by stride 2 of the first convolution of each but the first
  /// stage, 2 by max pooling over 2 x 2 pixels behind the first convolution of every stage, before
  /// its batch norm. The block that halves has no shortcut.
  std::vector<int> stage_pools = {1};

  BlockActivation activation = BlockActivation::kRelu;  ///< of the stem and of every block
  double activation_range = 4;                 ///< after it; batch norms give unit variance
  std::vector<std::vector<int>> stage_blocks;  ///< one list a stage: its numbers of blocks
  StageChoices channels;                       ///< of a block's output; each block chooses
  StageChoices kernels;                        ///< 2, or odd; each block chooses
  StageChoices groups;           ///< each block chooses; divides every channel choice of its stage
  std::vector<int> weight_bits;  ///< sign included; each block chooses
  std::vector<int> activation_bits;  ///< with which a block reads its input; likewise
  /// The part of its convolution's weights that a block stores as an epitome: 1 (none) or 1/2, 1/4,
  /// 1/8, 1/16; each ungrouped block chooses. docs/models/epitome.md says which epitomes they are.
  std::vector<double> epitomes = {1};
  int head_bits = 9;  ///< weights and inputs of pool and classifier

  hw::HardwareConfig hardware;          ///< what no gene decides
  std::vector<int> crossbar_sizes;      ///< rows = columns = rows of a subarray
  std::vector<int> adc_bits;            ///< of hw::adc_of_bits
  std::vector<int> dac_bits;            ///< of hw::dac_of_bits
  std::vector<int> cell_bits;           ///< 2^bits levels, equally spaced in conductance
  std::vector<double> wordline_shares;  ///< of the rows active at once, in (0, 1]
  std::vector<double> bitline_shares;   ///< of the columns converted at once, in (0, 1]
};

/// Table I: 3 stages, 10^60.7 networks, 10^28.6 quantisations, 10^3.0 chips. The shares of active
/// wordlines and bitlines are named in the paper's text without values; these are ours.
GibbonSpaceSpec gibbon_table1_spec();

/// Gene names: "stage1.blocks"; "stem.channels", "stem.stride" and "stages.pool" where the spec
/// leaves a choice;
/// "stage1.block1.channels", ".kernel", ".groups", ".weight_bits",
/// ".activation_bits", and ".epitome" where the spec leaves a choice; "hardware.crossbar_size",
/// ".adc_bits", ".dac_bits", ".cell_bits",
/// ".wordline_share", ".bitline_share". Slots are the last parts. Genes of blocks beyond their
/// stage's depth are inactive, and the epitome of a block with groups.
/// Layer names: "stem.conv", "stem.bn", "stem.act", "s1.b1.conv", ".bn", ".add" (where there is a
/// shortcut), ".relu" (with kRelu), ".act", ..., "s2.pool" (with pools between stages), ...,
/// "pool", "flatten", "fc". The first block of a later stage has no shortcut. decode() is
/// infeasible where a block's groups do not divide the channels that it reads. Throws base::Error
/// naming the list and the value for an empty list, a value that is not positive or comes twice,
/// lists that are neither one nor one a stage, groups that do not divide a channel choice of their
/// stage, a kernel that is even and not 2, a stage pool other than 1 and 2, bits outside 2..16, a
/// share outside (0, 1], or hardware that hw::validate refuses.
std::unique_ptr<SearchSpace> make_gibbon_space(const GibbonSpaceSpec& spec);

}  // namespace gibbon::space
