#include <fmt/format.h>

#include <array>
#include <cmath>

#include "gibbon/base/error.hpp"
#include "gibbon/space/spaces/staged_family.hpp"

namespace gibbon::space {

namespace {

/// Genes: depth (blocks beyond the least) of the stem and of each stage, width multiplier of the
/// stem's two convolutions and of each stage, expansion of each block.
class ResNet50Family final : public StagedFamily {
 public:
  explicit ResNet50Family(const OnceForAllSpec& spec) : spec_(spec) {
    const std::vector<double> depths = {0, 1, 2};
    const std::vector<double> widths = {0.65, 0.8, 1};
    add_gene("stem.depth", "depth", depths);
    for (int stage = 0; stage < kStages; ++stage) {
      add_gene(fmt::format("stage{}.depth", stage + 1), "depth", depths);
    }
    add_gene("stem.width", "width", widths);
    add_gene("stem.out_width", "width", widths);
    for (int stage = 0; stage < kStages; ++stage) {
      add_gene(fmt::format("stage{}.width", stage + 1), "width", widths);
    }
    first_block_gene_ = genes().size();
    int position = 0;
    for (int stage = 0; stage < kStages; ++stage) {
      for (int block = 0; block < most_blocks(stage); ++block) {
        add_block_gene(stage, block, position++, "expand", {0.2, 0.25, 0.35});
      }
    }
  }

  nn::Network network(const Genome& genome, const std::string& name) const override {
    LayerChain builder(spec_.input, spec_.bits);
    append_stem(genome, builder);
    std::size_t gene = first_block_gene_;
    for (int stage = 0; stage < kStages; ++stage) {
      const int channels =
          rounded_channels(kWidths[static_cast<std::size_t>(stage)] *
                           value(genome, kFirstStageWidth + static_cast<std::size_t>(stage)));
      for (int block = 0; block < most_blocks(stage); ++block, ++gene) {
        if (block >= blocks_of(genome, stage)) continue;
        const int stride = stage > 0 && block == 0 ? 2 : 1;
        append_block(fmt::format("s{}.b{}", stage + 1, block + 1), channels, value(genome, gene),
                     stride, builder);
      }
    }
    builder.pool("pool", nn::PoolMode::kGlobalAverage, 1, 1, 0);
    builder.flatten("flatten");
    builder.linear("fc", spec_.num_classes);
    return builder.build(name, spec_.num_classes);
  }

 private:
  static constexpr int kStages = 4;
  static constexpr std::array<int, kStages> kLeastBlocks = {2, 2, 4, 2};
  static constexpr std::array<int, kStages> kWidths = {256, 512, 1024, 2048};
  static constexpr std::size_t kStemWidth = 1 + kStages;
  static constexpr std::size_t kFirstStageWidth = kStemWidth + 2;
  static constexpr int kMostDepth = 2;

  static int most_blocks(int stage) {
    return kLeastBlocks[static_cast<std::size_t>(stage)] + kMostDepth;
  }
  int blocks_of(const Genome& genome, int stage) const override {
    return kLeastBlocks[static_cast<std::size_t>(stage)] +
           static_cast<int>(value(genome, 1 + static_cast<std::size_t>(stage)));
  }

  void append_stem(const Genome& genome, LayerChain& builder) const {
    constexpr int kStemChannels = 64;
    const int middle =
        rounded_channels(rounded_channels(kStemChannels * value(genome, kStemWidth)) / 2);
    builder.conv("stem.conv1", middle, 3, 2);
    builder.relu("stem.conv1");
    // The stem's middle convolution is there at its full depth alone.
    if (value(genome, 0) == kMostDepth) {
      const int input = builder.last();
      builder.conv("stem.conv2", middle, 3, 1);
      builder.relu("stem.conv2");
      builder.add("stem.add", input);
    }
    builder.conv("stem.conv3", rounded_channels(kStemChannels * value(genome, kStemWidth + 1)), 3,
                 1);
    builder.relu("stem.conv3");
    builder.pool("stem.pool", nn::PoolMode::kMax, 3, 2, 1);
  }

  static void append_block(const std::string& name, int channels, double expand, int stride,
                           LayerChain& builder) {
    const int input = builder.last();
    const int input_channels = builder.channels();
    const int middle = rounded_channels(std::round(channels * expand));
    int shortcut = input;
    if (stride > 1 || input_channels != channels) {
      if (stride > 1) {
        builder.pool(name + ".shortcut.pool", nn::PoolMode::kAverage, stride, stride, 0);
      }
      builder.conv(name + ".shortcut", channels, 1, 1);
      shortcut = builder.last();
      builder.continue_from(input, input_channels);
    }
    builder.conv(name + ".conv1", middle, 1, 1);
    builder.relu(name + ".conv1");
    builder.conv(name + ".conv2", middle, 3, stride);
    builder.relu(name + ".conv2");
    builder.conv(name + ".conv3", channels, 1, 1);
    builder.add(name + ".add", shortcut);
    builder.relu(name);
  }

  OnceForAllSpec spec_;
  std::size_t first_block_gene_ = 0;
};

/// Genes: depth of each stage, then kernel and expansion of each block.
class MobileNetV3Family final : public StagedFamily {
 public:
  explicit MobileNetV3Family(const OnceForAllSpec& spec) : spec_(spec) {
    for (int stage = 0; stage < kStages; ++stage) {
      add_gene(fmt::format("stage{}.depth", stage + 1), "depth", {2, 3, 4});
    }
    int position = 0;
    for (int stage = 0; stage < kStages; ++stage) {
      for (int block = 0; block < kMostBlocks; ++block, ++position) {
        add_block_gene(stage, block, position, "kernel", {3, 5, 7});
        add_block_gene(stage, block, position, "expand", {3, 4, 6});
      }
    }
  }

  nn::Network network(const Genome& genome, const std::string& name) const override {
    LayerChain builder(spec_.input, spec_.bits);
    const int first = width_of(16);
    builder.conv("stem", first, 3, 2);
    builder.relu("stem");
    append_block("first", {3, 1, first, 1}, builder);
    std::size_t gene = kStages;
    for (int stage = 0; stage < kStages; ++stage) {
      const Stage& shape = kShapes[static_cast<std::size_t>(stage)];
      for (int block = 0; block < kMostBlocks; ++block, gene += 2) {
        if (block >= blocks_of(genome, stage)) continue;
        append_block(
            fmt::format("s{}.b{}", stage + 1, block + 1),
            {static_cast<int>(value(genome, gene)), static_cast<int>(value(genome, gene + 1)),
             width_of(shape.channels), block == 0 ? shape.stride : 1},
            builder);
      }
    }
    builder.conv("final", width_of(960), 1, 1);
    builder.relu("final");
    builder.pool("pool", nn::PoolMode::kGlobalAverage, 1, 1, 0);
    builder.flatten("flatten");
    builder.linear("mix", width_of(1280));
    builder.relu("mix");
    builder.linear("fc", spec_.num_classes);
    return builder.build(name, spec_.num_classes);
  }

 private:
  struct Stage {
    int channels;
    int stride;
  };
  struct Block {
    int kernel;
    int expand;
    int channels;
    int stride;
  };
  static constexpr int kStages = 5;
  static constexpr int kMostBlocks = 4;
  static constexpr std::array<Stage, kStages> kShapes{
      {{24, 2}, {40, 2}, {80, 2}, {112, 1}, {160, 2}}};

  int width_of(int channels) const { return rounded_channels(channels * spec_.width_multiplier); }
  int blocks_of(const Genome& genome, int stage) const override {
    return static_cast<int>(value(genome, static_cast<std::size_t>(stage)));
  }

  static void append_block(const std::string& name, const Block& block, LayerChain& builder) {
    const int input = builder.last();
    const int input_channels = builder.channels();
    if (block.expand > 1) {
      builder.conv(name + ".expand", rounded_channels(std::round(input_channels * block.expand)), 1,
                   1);
      builder.relu(name + ".expand");
    }
    builder.conv(name + ".depthwise", 0, block.kernel, block.stride);
    builder.relu(name + ".depthwise");
    builder.conv(name + ".project", block.channels, 1, 1);
    if (block.stride == 1 && input_channels == block.channels) builder.add(name + ".add", input);
  }

  OnceForAllSpec spec_;
};

}  // namespace

std::unique_ptr<NetworkFamily> make_family(const OnceForAllSpec& spec) {
  if (!(spec.width_multiplier > 0)) {
    throw base::Error(
        fmt::format("width_multiplier is {}, it must be positive", spec.width_multiplier));
  }
  if (spec.supernet == OnceForAllSpec::Supernet::kResNet50) {
    return std::make_unique<ResNet50Family>(spec);
  }
  return std::make_unique<MobileNetV3Family>(spec);
}

}  // namespace gibbon::space
