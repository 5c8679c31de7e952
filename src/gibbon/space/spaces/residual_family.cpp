#include <fmt/format.h>

#include <algorithm>

#include "gibbon/space/spaces/choice_list.hpp"
#include "gibbon/space/spaces/staged_family.hpp"

namespace gibbon::space {

namespace {

/// Genes: number of blocks of each stage, then the expansion of each block.
class ResidualFamily final : public StagedFamily {
 public:
  explicit ResidualFamily(const ResidualFamilySpec& spec) : spec_(spec) {
    check_channels();
    check_choices("blocks", spec.blocks);
    check_choices("expansions", spec.expansions);
    most_blocks_ = *std::max_element(spec.blocks.begin(), spec.blocks.end());
    for (int stage = 0; stage < stages(); ++stage) {
      add_gene(fmt::format("stage{}.blocks", stage + 1), "blocks", as_doubles(spec.blocks));
    }
    int position = 0;
    for (int stage = 0; stage < stages(); ++stage) {
      for (int block = 0; block < most_blocks_; ++block) {
        add_block_gene(stage, block, position++, "expand", spec.expansions);
      }
    }
  }

  nn::Network network(const Genome& genome, const std::string& name) const override {
    LayerChain chain(spec_.input, spec_.bits);
    chain.conv("stem", spec_.channels.front(), kKernel, 1);
    chain.relu("stem");
    chain.pool("stem.pool", nn::PoolMode::kMax, 2, 2, 0);
    std::size_t gene = spec_.channels.size();
    for (int stage = 0; stage < stages(); ++stage) {
      for (int block = 0; block < most_blocks_; ++block, ++gene) {
        if (block >= blocks_of(genome, stage)) continue;
        append_block(fmt::format("s{}.b{}", stage + 1, block + 1),
                     spec_.channels[static_cast<std::size_t>(stage)], value(genome, gene),
                     stage > 0 && block == 0 ? 2 : 1, chain);
      }
    }
    chain.pool("pool", nn::PoolMode::kGlobalAverage, 1, 1, 0);
    chain.flatten("flatten");
    chain.linear("fc", spec_.num_classes);
    return chain.build(name, spec_.num_classes);
  }

 private:
  static constexpr int kKernel = 3;

  /// Stages may be equally wide, unlike the choices of a gene.
  void check_channels() const {
    if (spec_.channels.empty()) {
      throw base::Error("channels is empty, it needs a number for each stage");
    }
    for (const int channels : spec_.channels) check_choices("channels", std::vector{channels});
  }

  int stages() const { return static_cast<int>(spec_.channels.size()); }
  int blocks_of(const Genome& genome, int stage) const override {
    return static_cast<int>(value(genome, static_cast<std::size_t>(stage)));
  }

  static void append_block(const std::string& name, int channels, double expand, int stride,
                           LayerChain& chain) {
    const int input = chain.last();
    const int input_channels = chain.channels();
    int shortcut = input;
    if (stride > 1 || input_channels != channels) {
      chain.conv(name + ".shortcut", channels, 1, stride);
      shortcut = chain.last();
      chain.continue_from(input, input_channels);
    }
    chain.conv(name + ".conv1", rounded_channels(channels * expand), kKernel, stride);
    chain.relu(name + ".conv1");
    chain.conv(name + ".conv2", channels, kKernel, 1);
    chain.add(name + ".add", shortcut);
    chain.relu(name);
  }

  ResidualFamilySpec spec_;
  int most_blocks_ = 0;
};

}  // namespace

std::unique_ptr<NetworkFamily> make_family(const ResidualFamilySpec& spec) {
  return std::make_unique<ResidualFamily>(spec);
}

}  // namespace gibbon::space
