#include "gibbon/explore/capacity.hpp"

namespace gibbon::explore {

namespace {

/// Bits of a weight times bits of an input; 0 for layers without weights.
int bits_of_product(const nn::Layer& layer) {
  if (const auto* conv = std::get_if<nn::Conv>(&layer.parameters)) {
    return conv->weight_bits * conv->activation_bits;
  }
  if (const auto* linear = std::get_if<nn::Linear>(&layer.parameters)) {
    return linear->weight_bits * linear->activation_bits;
  }
  return 0;
}

}  // namespace

double capacity(const nn::Network& network) {
  double sum = 0;
  for (std::size_t index = 0; index < network.layers().size(); ++index) {
    sum += static_cast<double>(network.mac_count(index)) * bits_of_product(network.layers()[index]);
  }
  return sum;
}

double capacity_of(const space::SearchSpace& space, const space::Genome& genome) {
  const auto design = space.decode(genome);
  return design ? capacity(design->network) : 0.0;
}

}  // namespace gibbon::explore
