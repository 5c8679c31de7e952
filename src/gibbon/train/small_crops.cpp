#include "gibbon/train/small_crops.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "gibbon/base/error.hpp"

namespace gibbon::train {

namespace {

/// Whether the layer takes no other size of images than the network's own.
bool needs_its_size(const nn::Network& network, const nn::Layer& layer) {
  if (std::holds_alternative<nn::Tokens>(layer.parameters)) return true;
  if (!std::holds_alternative<nn::Flatten>(layer.parameters)) return false;
  const int source = layer.inputs.front();
  if (source == nn::kNetworkInput) return true;
  const auto& before = network.layers()[static_cast<std::size_t>(source)].parameters;
  const auto* pool = std::get_if<nn::Pool>(&before);
  return pool == nullptr || pool->mode != nn::PoolMode::kGlobalAverage;
}

}  // namespace

void require_small_crops(const nn::Network& network, const SmallCrops& crops) {
  if (crops.size == 0) return;
  const int side = std::min(network.input().height, network.input().width);
  if (crops.size < 0 || crops.size > side) {
    throw base::Error(
        fmt::format("training option small_crops.size is {}, allowed is 0 to {}, the image's side",
                    crops.size, side));
  }
  for (const nn::Layer& layer : network.layers()) {
    if (!needs_its_size(network, layer)) continue;
    throw base::Error(
        fmt::format("small crops need a network that averages all pixels before it classifies; "
                    "layer '{}' of '{}' reads them one by one",
                    layer.name, network.description().name));
  }
}

}  // namespace gibbon::train
