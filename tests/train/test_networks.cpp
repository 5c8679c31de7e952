#include "train/test_networks.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "gibbon/base/rng.hpp"

namespace gibbon::train::testing {

namespace {

nn::Conv block_conv(int in_channels, const Block& block, int stride) {
  nn::Conv conv;
  conv.in_channels = in_channels;
  conv.out_channels = block.channels;
  conv.kernel = block.kernel;
  conv.stride = stride;
  conv.groups = block.groups;
  conv.padding = block.kernel / 2;
  if (block.kernel == 2) {
    conv.padding = 0;
    conv.padding_mode = nn::PaddingMode::kSymmetric;
  }
  conv.weight_bits = block.bits;
  conv.activation_bits = block.bits;
  return conv;
}

}  // namespace

nn::Network block_network(nn::Shape input, int stem_channels, const std::vector<Block>& blocks,
                          const std::vector<int>& strided, int classes) {
  nn::NetworkDescription description;
  description.name = "blocks";
  description.input = input;
  description.num_classes = classes;
  int last = nn::kNetworkInput;
  const auto add = [&](const std::string& name, nn::LayerParameters parameters,
                       std::vector<int> inputs) {
    description.layers.push_back({name, std::move(parameters), std::move(inputs)});
    last = static_cast<int>(description.layers.size()) - 1;
  };
  add("stem.conv", block_conv(input.channels, {stem_channels, 3, 1, 9}, 1), {last});
  add("stem.bn", nn::BatchNorm{stem_channels, {}}, {last});
  add("stem.tanh", nn::HardTanh{9}, {last});
  int channels = stem_channels;
  for (int i = 0; i < static_cast<int>(blocks.size()); ++i) {
    const Block& block = blocks[static_cast<std::size_t>(i)];
    const std::string prefix = fmt::format("b{}.", i);
    const int shortcut = last;
    const bool strides = std::find(strided.begin(), strided.end(), i) != strided.end();
    add(prefix + "conv", block_conv(channels, block, strides ? 2 : 1), {last});
    add(prefix + "bn", nn::BatchNorm{block.channels, {}}, {last});
    if (!strides) add(prefix + "add", nn::Add{block.channels, block.bits}, {last, shortcut});
    add(prefix + "tanh", nn::HardTanh{block.bits}, {last});
    channels = block.channels;
  }
  add("pool", nn::Pool{nn::PoolMode::kGlobalAverage, 1, 1, 0, 9}, {last});
  add("flatten", nn::Flatten{}, {last});
  add("fc", nn::Linear{channels, classes}, {last});
  return nn::Network(description);
}

nn::Network mixed_network() {
  return block_network(kInput, 8, {{8, 3, 2, 9}, {16, 2, 1, 7}, {16, 1, 1, 9}}, {1}, 4);
}

FinalTrainOptions final_options(double epochs) {
  FinalTrainOptions options;
  options.base.batch_size = 32;
  options.epochs = epochs;
  return options;
}

data::ImageSet square_images(int count, int channels, int size, int classes, std::uint64_t seed) {
  base::Rng rng = base::Rng::forked(seed, "square images");
  data::ImageSet images{channels, size, size, {}, {}};
  for (int index = 0; index < count; ++index) {
    const int label = index % classes;
    const int row = label / 2 * 2 % (size - 3);
    const int column = label % 2 * (size / 2);
    for (int channel = 0; channel < channels; ++channel) {
      for (int y = 0; y < size; ++y) {
        for (int x = 0; x < size; ++x) {
          const bool bright = y >= row && y < row + 3 && x >= column && x < column + 3;
          images.pixels.push_back(static_cast<std::uint8_t>((bright ? 180 : 10) + rng.below(60)));
        }
      }
    }
    images.labels.push_back(label);
  }
  return images;
}

}  // namespace gibbon::train::testing
