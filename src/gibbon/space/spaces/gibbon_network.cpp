#include "gibbon/space/spaces/gibbon_network.hpp"

#include <fmt/format.h>

namespace gibbon::space {

namespace {

constexpr int kHalving = 2;  // stride of a convolution or pool that halves the image
constexpr std::size_t kMostLayersOfABlock = 5;  // the activation's two, and a sum or a pool

/// Appends layers and keeps track of the last one's output.
class NetworkBuilder {
 public:
  NetworkBuilder(const GibbonSpaceSpec& spec, std::size_t blocks)
      : activation_(spec.activation),
        range_(spec.activation_range),
        height_(spec.input.height),
        width_(spec.input.width),
        channels_(spec.input.channels) {
    layers_.reserve(kMostLayersOfABlock * blocks);
  }

  int last() const { return static_cast<int>(layers_.size()) - 1; }
  int channels() const { return channels_; }
  int height() const { return height_; }
  std::vector<nn::Layer> take() { return std::move(layers_); }

  void append(std::string name, nn::LayerParameters parameters) {
    append(std::move(name), std::move(parameters), {last()});
  }
  void append(std::string name, nn::LayerParameters parameters, std::vector<int> inputs) {
    layers_.push_back({std::move(name), std::move(parameters), std::move(inputs)});
  }

  /// Convolution that keeps the size at stride 1, max pooling where it `pools`, and batch
  /// normalisation.
  void append_conv(const std::string& prefix, nn::Conv conv, bool pools) {
    conv.in_channels = channels_;
    if (conv.kernel == 2) {
      conv.padding_mode = nn::PaddingMode::kSymmetric;
    } else {
      conv.padding = conv.kernel / 2;
    }
    height_ = output_size(height_, conv);
    width_ = output_size(width_, conv);
    channels_ = conv.out_channels;
    append(prefix + ".conv", conv);
    if (pools) append_halving_pool(prefix + ".pool", conv.activation_bits);
    append(prefix + ".bn", nn::BatchNorm{channels_, std::nullopt});
  }

  /// The activation, on the grid with whose bits the next layer reads it.
  void append_activation(const std::string& prefix, int output_bits) {
    if (activation_ == BlockActivation::kRelu) append(prefix + ".relu", nn::Relu{});
    append(prefix + ".act", nn::HardTanh{output_bits, range_});
  }

 private:
  void append_halving_pool(std::string name, int bits) {
    const nn::Pool pool = {nn::PoolMode::kMax, kHalving, kHalving, 0, bits};
    const auto halved = [](int size) {
      return nn::window_output_size(size, kHalving, kHalving, 0, nn::PaddingMode::kZeros);
    };
    height_ = halved(height_);
    width_ = halved(width_);
    append(std::move(name), pool);
  }

  static int output_size(int size, const nn::Conv& conv) {
    return nn::window_output_size(size, conv.kernel, conv.stride, conv.padding, conv.padding_mode);
  }

  BlockActivation activation_;
  double range_;
  std::vector<nn::Layer> layers_;
  int height_;
  int width_;
  int channels_;
};

/// What a block's place in the network decides.
struct BlockPlace {
  bool halves = false;  ///< the image
  bool pools = false;   ///< for that
  int output_bits = 0;  ///< with which the next layer reads its output
};

void append_block(NetworkBuilder& builder, const std::string& prefix, const BlockChoice& choice,
                  const BlockPlace& place) {
  const int input = builder.last();
  nn::Conv conv;
  conv.out_channels = choice.channels;
  conv.kernel = choice.kernel;
  conv.stride = place.halves && !place.pools ? kHalving : 1;
  conv.groups = choice.groups;
  conv.weight_bits = choice.weight_bits;
  conv.activation_bits = choice.activation_bits;
  conv.in_channels = builder.channels();
  if (conv.groups == 1) conv.epitome = epitome_of_share(conv, choice.stored);
  builder.append_conv(prefix, conv, place.halves && place.pools);
  if (!place.halves) {
    builder.append(prefix + ".add", nn::Add{choice.channels, place.output_bits},
                   {builder.last(), input});
  }
  builder.append_activation(prefix, place.output_bits);
}

void append_head(NetworkBuilder& builder, const GibbonSpaceSpec& spec) {
  nn::Pool pool;
  pool.mode = nn::PoolMode::kGlobalAverage;
  pool.kernel = builder.height();
  pool.stride = builder.height();
  pool.activation_bits = spec.head_bits;
  builder.append("pool", pool);
  builder.append("flatten", nn::Flatten{});
  nn::Linear linear;
  linear.in_features = builder.channels();
  linear.out_features = spec.num_classes;
  linear.weight_bits = spec.head_bits;
  linear.activation_bits = spec.head_bits;
  builder.append("fc", linear);
}

}  // namespace

std::optional<nn::ConvEpitome> epitome_of_share(const nn::Conv& conv, double stored) {
  if (stored >= 1) return std::nullopt;
  nn::ConvEpitome epitome{{conv.out_channels, conv.in_channels, conv.kernel, conv.kernel},
                          nn::OutputBlocks::kWrapped};
  const auto halve = [](int& channels) { channels = (channels + 1) / 2; };
  bool outputs = true;
  for (double share = stored; share < 1; share *= 2) {
    halve(outputs ? epitome.shape.out_channels : epitome.shape.in_channels);
    outputs = !outputs;
  }
  return epitome;
}

nn::Network build_gibbon_network(const GibbonSpaceSpec& spec, const std::string& name,
                                 const NetworkChoice& choice,
                                 const std::vector<std::vector<BlockChoice>>& stages) {
  std::size_t blocks = 2;  // stem and head
  for (const std::vector<BlockChoice>& stage : stages) blocks += stage.size();
  NetworkBuilder builder(spec, blocks);
  nn::Conv stem;
  stem.out_channels = choice.stem_channels;
  stem.kernel = spec.stem_kernel;
  stem.stride = choice.stem_stride;
  stem.weight_bits = spec.stem_weight_bits;
  stem.activation_bits = spec.input_bits;
  builder.append_conv("stem", stem, false);
  builder.append_activation("stem", stages.front().front().activation_bits);

  for (std::size_t stage = 0; stage < stages.size(); ++stage) {
    for (std::size_t block = 0; block < stages[stage].size(); ++block) {
      int output_bits = spec.head_bits;
      if (block + 1 < stages[stage].size()) {
        output_bits = stages[stage][block + 1].activation_bits;
      } else if (stage + 1 < stages.size()) {
        output_bits = stages[stage + 1].front().activation_bits;
      }
      BlockPlace place;
      place.pools = choice.stage_pool > 1;
      place.halves = block == 0 && (stage > 0 || place.pools);
      place.output_bits = output_bits;
      append_block(builder, fmt::format("s{}.b{}", stage + 1, block + 1), stages[stage][block],
                   place);
    }
  }
  append_head(builder, spec);

  nn::NetworkDescription description;
  description.name = name;
  description.input = spec.input;
  description.num_classes = spec.num_classes;
  description.input_bits = spec.input_bits;
  description.layers = builder.take();
  return nn::Network(std::move(description));
}

}  // namespace gibbon::space
