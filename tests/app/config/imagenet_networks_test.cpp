// The shipped networks at ImageNet shapes: their headers' figures, and EPIM's numbers of crossbars.

#include <gtest/gtest.h>

#include <filesystem>

#include "gibbon/app/config/network_yaml.hpp"
#include "gibbon/app/config/presets.hpp"
#include "gibbon/nn/vision_transformer.hpp"
#include "gibbon/sim/mapping/packed_crossbars.hpp"

namespace gibbon::app {
namespace {

nn::Network imagenet_network(const char* name) {
  std::filesystem::current_path(GIBBON_SOURCE_DIR);
  return load_network(locate(PresetKind::kNetworks, name));
}

int convolutions(const nn::Network& network) {
  int count = 0;
  for (const nn::Layer& layer : network.layers()) {
    count += std::holds_alternative<nn::Conv>(layer.parameters) ? 1 : 0;
  }
  return count;
}

sim::NetworkCrossbars count(const nn::Network& network, int slices, const char* rule = nullptr) {
  const auto epitomes = rule ? std::optional(nn::parse_epitome_rule(rule)) : std::nullopt;
  return sim::count_packed_crossbars(network, sim::uniform_storage(network, slices, epitomes));
}

/// torchvision's resnet50 has 25,557,032 parameters: less 2 x 26,560 of batch norms and the 1000
/// biases of the last layer 25,502,912; resnet101 44,549,160 less 2 x 52,672 less 1000. Version 1.5
/// has 4.09 and 7.80 billion multiply-accumulates.
TEST(ImagenetNetworks, HaveTorchvisionsWeightsAndOperations) {
  const nn::Network resnet50 = imagenet_network("resnet50-imagenet");
  EXPECT_EQ(resnet50.weight_count(), 25557032 - 2 * 26560 - 1000);
  EXPECT_EQ(resnet50.mac_count(), 4089184256);
  EXPECT_EQ(convolutions(resnet50), 53);
  const nn::Network resnet101 = imagenet_network("resnet101-imagenet");
  EXPECT_EQ(resnet101.weight_count(), 44549160 - 2 * 52672 - 1000);
  EXPECT_EQ(resnet101.mac_count(), 7801405440);
  EXPECT_EQ(convolutions(resnet101), 104);
  EXPECT_EQ(resnet101.output_shape(static_cast<int>(resnet101.layers().size()) - 1).channels, 1000);
}

TEST(ImagenetNetworks, TheVisionTransformerIsThatOfItsBuilder) {
  const nn::Network vit = imagenet_network("vit-b16-imagenet");
  EXPECT_EQ(nn::to_json(vit), nn::to_json(nn::make_vision_transformer({})));
  EXPECT_EQ(vit.weight_count(), 86292480);
  EXPECT_EQ(vit.mac_count(), 17563828224);
}

TEST(ImagenetNetworks, NormalisedFeaturesAreThoseOfTorchvision) {
  for (const auto& [name, expected] :
       {std::pair{"resnet50-imagenet", 26560}, {"resnet101-imagenet", 52672}}) {
    const nn::Network network = imagenet_network(name);
    int features = 0;
    for (const nn::Layer& layer : network.layers()) {
      const auto* norm = std::get_if<nn::BatchNorm>(&layer.parameters);
      if (norm != nullptr) features += norm->features;
    }
    EXPECT_EQ(features, expected) << name;
  }
}

TEST(ImagenetNetworks, NeedTheCrossbarsOfEpim) {
  const sim::NetworkCrossbars resnet50 = count(imagenet_network("resnet50-imagenet"), 32);
  EXPECT_EQ(resnet50.crossbars(), 13120);
  EXPECT_NEAR(resnet50.utilization(), 0.9491, 5e-5);
  const sim::NetworkCrossbars resnet101 = count(imagenet_network("resnet101-imagenet"), 32);
  EXPECT_EQ(resnet101.crossbars(), 22912);
  EXPECT_NEAR(resnet101.utilization(), 0.9471, 5e-5);
}

/// Layers of more than 262144 weights take 4 row blocks x 256 x 32 / 256 = 128 crossbars instead.
/// 17 layers of ResNet-50 are: 3x3 of 256 channels (6: 10 row blocks x 32 = 320 each), of 512 (3:
/// 1216 each), 1x1 512-1024, 1024-512, 1024-2048 (256, 256, 1024), and 5 of 2048 and 512 (512
/// each): 6 x 320 + 3 x 1216 + 1536 + 5 x 512 = 9664. 13120 - 9664 + 17 x 128 = 5632.
TEST(ImagenetNetworks, NeedFewerCrossbarsAsEpitomes) {
  const nn::Network resnet50 = imagenet_network("resnet50-imagenet");
  EXPECT_EQ(count(resnet50, 32, "1024x256").crossbars(), 5632);
  EXPECT_EQ(count(resnet50, 8, "1024x256").crossbars(), 1414);
  EXPECT_EQ(count(resnet50, 2, "1024x256").crossbars(), 360);
  EXPECT_EQ(count(imagenet_network("resnet101-imagenet"), 32, "1024x256").crossbars(), 12160);
}

}  // namespace
}  // namespace gibbon::app
