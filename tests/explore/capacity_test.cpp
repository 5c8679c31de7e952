#include "gibbon/explore/capacity.hpp"

#include <gtest/gtest.h>

namespace gibbon::explore {
namespace {

nn::Layer layer(const char* name, std::vector<int> inputs, nn::LayerParameters parameters) {
  nn::Layer made;
  made.name = name;
  made.inputs = std::move(inputs);
  made.parameters = std::move(parameters);
  return made;
}

TEST(Capacity, IsMultiplicationsTimesBitsOfBothFactors) {
  nn::Conv conv;
  conv.in_channels = 2;
  conv.out_channels = 4;
  conv.kernel = 3;
  conv.padding = 1;
  conv.weight_bits = 5;
  conv.activation_bits = 9;
  nn::Linear linear;
  linear.in_features = 4 * 6 * 6;
  linear.out_features = 3;
  linear.weight_bits = 9;
  linear.activation_bits = 7;
  nn::NetworkDescription description;
  description.name = "two layers";
  description.input = {2, 6, 6};
  description.num_classes = 3;
  description.layers = {layer("conv", {nn::kNetworkInput}, conv), layer("relu", {0}, nn::Relu{}),
                        layer("flatten", {1}, nn::Flatten{}), layer("fc", {2}, linear)};
  // Convolution: 6 x 6 places x 4 outputs x 2 inputs x 3 x 3 = 2592, 5 x 9 bits; classifier: 3 x
  // 144 = 432, 9 x 7 bits; the others multiply nothing.
  EXPECT_EQ(capacity(nn::Network(description)), 2592 * 45 + 432 * 63);
}

}  // namespace
}  // namespace gibbon::explore
