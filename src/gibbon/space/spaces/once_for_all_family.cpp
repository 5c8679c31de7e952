#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "gibbon/base/error.hpp"
#include "gibbon/space/spaces/choice_list.hpp"
#include "gibbon/space/spaces/network_family.hpp"

namespace gibbon::space {

namespace {

/// The multiple of 8 next to a number of channels, never less than nine tenths of it: the rounding
/// of MobileNet's and the supernets' authors.
int rounded_channels(double channels) {
  constexpr int kMultiple = 8;
  const int rounded =
      std::max(kMultiple, static_cast<int>(channels + kMultiple / 2.0) / kMultiple * kMultiple);
  return rounded < 0.9 * channels ? rounded + kMultiple : rounded;
}

/// Appends layers of one width of bits and keeps track of the last one's output.
class LayerChain {
 public:
  LayerChain(const OnceForAllSpec& spec) : spec_(spec), channels_(spec.input.channels) {}

  int last() const { return static_cast<int>(layers_.size()) - 1; }
  int channels() const { return channels_; }

  /// A convolution that keeps the size at stride 1, and its batch norm; `channels` 0: depthwise.
  void conv(const std::string& name, int channels, int kernel, int stride) {
    nn::Conv conv;
    conv.in_channels = channels_;
    conv.out_channels = channels > 0 ? channels : channels_;
    conv.groups = channels > 0 ? 1 : channels_;
    conv.kernel = kernel;
    conv.stride = stride;
    conv.padding = kernel / 2;
    conv.weight_bits = conv.activation_bits = spec_.bits;
    append(name, conv);
    append(name + ".norm", nn::BatchNorm{conv.out_channels, std::nullopt});
    channels_ = conv.out_channels;
  }
  void relu(const std::string& name) { append(name + ".relu", nn::Relu{}); }

  void pool(const std::string& name, nn::PoolMode mode, int kernel, int stride, int padding) {
    append(name, nn::Pool{mode, kernel, stride, padding, spec_.bits});
  }

  /// The sum of the last layer and `other`.
  void add(const std::string& name, int other) {
    layers_.push_back({name, nn::Add{channels_, spec_.bits}, {last(), other}});
  }

  /// Goes on behind another layer.
  void continue_from(int layer, int channels) {
    from_ = layer;
    channels_ = channels;
  }

  void flatten(const std::string& name) { append(name, nn::Flatten{}); }
  void linear(const std::string& name, int features) {
    nn::Linear linear;
    linear.in_features = channels_;
    linear.out_features = features;
    linear.weight_bits = linear.activation_bits = spec_.bits;
    append(name, linear);
    channels_ = features;
  }

  nn::Network build(const std::string& name) {
    nn::NetworkDescription description;
    description.name = name;
    description.input = spec_.input;
    description.num_classes = spec_.num_classes;
    description.layers = std::move(layers_);
    return nn::Network(std::move(description));
  }

 private:
  void append(std::string name, nn::LayerParameters parameters) {
    const int source = from_.value_or(last());
    from_.reset();
    layers_.push_back({std::move(name), std::move(parameters), {source}});
  }

  const OnceForAllSpec& spec_;
  std::vector<nn::Layer> layers_;
  std::optional<int> from_;
  int channels_;
};

/// What both supernets share: stages of blocks, of which the first ones are used.
class StagedFamily : public NetworkFamily {
 public:
  const std::vector<Gene>& genes() const override { return genes_; }
  bool is_active(const Genome& genome, std::size_t gene) const override {
    const Place& place = places_[gene];
    return place.stage < 0 || place.block < blocks_of(genome, place.stage);
  }

 protected:
  explicit StagedFamily(const OnceForAllSpec& spec) : spec_(spec) {}

  /// Of a stage (0, 1, ...).
  virtual int blocks_of(const Genome& genome, int stage) const = 0;

  void add_gene(const std::string& name, const char* slot, std::vector<double> choices) {
    genes_.push_back({name, slot, GenePart::kNetwork, -1, std::move(choices)});
    places_.push_back({});
  }
  void add_block_gene(int stage, int block, int position, const char* slot,
                      std::vector<double> choices) {
    genes_.push_back({fmt::format("stage{}.block{}.{}", stage + 1, block + 1, slot), slot,
                      GenePart::kNetwork, position, std::move(choices)});
    places_.push_back({stage, block});
  }
  double value(const Genome& genome, std::size_t gene) const {
    return genes_[gene].choices[genome[gene]];
  }

  OnceForAllSpec spec_;

 private:
  struct Place {
    int stage = -1;
    int block = -1;
  };
  std::vector<Gene> genes_;
  std::vector<Place> places_;
};

/// Genes: depth (blocks beyond the least) of the stem and of each stage, width multiplier of the
/// stem's two convolutions and of each stage, expansion of each block.
class ResNet50Family final : public StagedFamily {
 public:
  explicit ResNet50Family(const OnceForAllSpec& spec) : StagedFamily(spec) {
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
    LayerChain builder(spec_);
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
    return builder.build(name);
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

  std::size_t first_block_gene_ = 0;
};

/// Genes: depth of each stage, then kernel and expansion of each block.
class MobileNetV3Family final : public StagedFamily {
 public:
  explicit MobileNetV3Family(const OnceForAllSpec& spec) : StagedFamily(spec) {
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
    LayerChain builder(spec_);
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
    return builder.build(name);
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
