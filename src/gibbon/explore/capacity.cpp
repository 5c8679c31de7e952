#include "gibbon/explore/capacity.hpp"

namespace gibbon::explore {

namespace {

/// 0 for layers without weights: they have no capacity of their own.
int weight_bits(const nn::Layer& layer) {
  if (const auto* conv = std::get_if<nn::Conv>(&layer.parameters)) return conv->weight_bits;
  if (const auto* linear = std::get_if<nn::Linear>(&layer.parameters)) return linear->weight_bits;
  return 0;
}

}  // namespace

double capacity(const nn::Network& network) {
  double sum = 0;
  for (std::size_t index = 0; index < network.layers().size(); ++index) {
    sum += static_cast<double>(network.mac_count(index)) * weight_bits(network.layers()[index]);
  }
  return sum;
}

}  // namespace gibbon::explore
