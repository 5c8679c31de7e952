#include "gibbon/space/spaces/staged_family.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace gibbon::space {

int rounded_channels(double channels) {
  constexpr int kMultiple = 8;
  const int rounded =
      std::max(kMultiple, static_cast<int>(channels + kMultiple / 2.0) / kMultiple * kMultiple);
  return rounded < 0.9 * channels ? rounded + kMultiple : rounded;
}

void LayerChain::conv(const std::string& name, int channels, int kernel, int stride) {
  nn::Conv conv;
  conv.in_channels = channels_;
  conv.out_channels = channels > 0 ? channels : channels_;
  conv.groups = channels > 0 ? 1 : channels_;
  conv.kernel = kernel;
  conv.stride = stride;
  conv.padding = kernel / 2;
  conv.weight_bits = conv.activation_bits = bits_;
  append(name, conv);
  append(name + ".norm", nn::BatchNorm{conv.out_channels, std::nullopt});
  channels_ = conv.out_channels;
}

void LayerChain::add(const std::string& name, int other) {
  layers_.push_back({name, nn::Add{channels_, bits_}, {last(), other}});
}

void LayerChain::linear(const std::string& name, int features) {
  nn::Linear linear;
  linear.in_features = channels_;
  linear.out_features = features;
  linear.weight_bits = linear.activation_bits = bits_;
  append(name, linear);
  channels_ = features;
}

nn::Network LayerChain::build(const std::string& name, int num_classes) {
  nn::NetworkDescription description;
  description.name = name;
  description.input = input_;
  description.num_classes = num_classes;
  description.layers = std::move(layers_);
  return nn::Network(std::move(description));
}

void LayerChain::append(std::string name, nn::LayerParameters parameters) {
  const int source = from_.value_or(last());
  from_.reset();
  layers_.push_back({std::move(name), std::move(parameters), {source}});
}

void StagedFamily::add_gene(const std::string& name, const char* slot,
                            std::vector<double> choices) {
  genes_.push_back({name, slot, GenePart::kNetwork, -1, std::move(choices)});
  places_.push_back({});
}

void StagedFamily::add_block_gene(int stage, int block, int position, const char* slot,
                                  std::vector<double> choices) {
  genes_.push_back({fmt::format("stage{}.block{}.{}", stage + 1, block + 1, slot), slot,
                    GenePart::kNetwork, position, std::move(choices)});
  places_.push_back({stage, block});
}

}  // namespace gibbon::space
