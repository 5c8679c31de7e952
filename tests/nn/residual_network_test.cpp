#include "gibbon/nn/residual_network.hpp"

#include <gtest/gtest.h>

#include "error_of.hpp"

namespace gibbon::nn {
namespace {

/// Weights of ResNet-18 with a 3x3 stem and 10 classes: 27 x 64; per stage 4 3x3 convolutions of c
/// x c, of which the first has c/2 inputs from the second stage on, and c/2 x c shortcuts; 512
/// x 10.
TEST(ResidualNetwork, HasTheWeightsOfResNet18) {
  const Network network = make_residual_network({});
  long weights = 27 * 64 + 4 * 9 * 64 * 64 + 512 * 10;
  for (const long c : {128, 256, 512}) weights += 9 * c * c * 7 / 2 + c * c / 2;
  EXPECT_EQ(network.weight_count(), weights);
  int convolutions = 0;
  for (const Layer& layer : network.layers()) {
    convolutions += std::holds_alternative<Conv>(layer.parameters) ? 1 : 0;
  }
  EXPECT_EQ(convolutions, 20);
}

TEST(ResidualNetwork, StagesHalveTheImageAndDoubleTheChannels) {
  ResidualNetwork residual;
  residual.width = 8;
  const Network network = make_residual_network(residual);
  const auto shape_of = [&](const std::string& name) {
    for (std::size_t i = 0; i < network.layers().size(); ++i) {
      if (network.layers()[i].name == name) return network.output_shape(static_cast<int>(i));
    }
    return Shape{};
  };
  EXPECT_EQ(shape_of("stem.pool"), (Shape{8, 16, 16}));
  EXPECT_EQ(shape_of("s1.b2.act"), (Shape{8, 16, 16}));
  EXPECT_EQ(shape_of("s2.b1.short"), (Shape{16, 8, 8}));
  EXPECT_EQ(shape_of("s4.b2.act"), (Shape{64, 2, 2}));
  EXPECT_EQ(shape_of("fc"), (Shape{10, 1, 1}));
}

TEST(ResidualNetwork, ImpossibleNumbersAreRefused) {
  ResidualNetwork residual;
  residual.width = 0;
  EXPECT_NE(test::error_of([&] { make_residual_network(residual); }), "no error");
}

}  // namespace
}  // namespace gibbon::nn
