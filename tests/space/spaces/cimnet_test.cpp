#include "gibbon/space/spaces/cimnet.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "error_of.hpp"
#include "space/layer_parameters.hpp"

namespace gibbon::space {
namespace {

using test::error_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TransformerFamilySpec small_transformer() {
  TransformerFamilySpec spec;
  spec.input = {3, 16, 16};
  spec.num_classes = 10;
  spec.patch = 4;
  spec.width = 24;
  spec.head_width = 8;
  spec.layers = {1, 2};
  spec.heads = {2, 3};
  spec.mlp_widths = {16, 32, 48};
  return spec;
}

CimnetSpaceSpec small_transformers() {
  CimnetSpaceSpec spec;
  spec.name = "small";
  spec.family = make_family(small_transformer());
  spec.hardware.digital_cim = hw::DigitalCim();
  spec.hardware_choices = {{"pe.count", {16, 64}}, {"dram.gb_per_s", {25.6, 51.2, 102.4}}};
  return spec;
}

bool has_layer(const nn::Network& network, std::string_view name) {
  return std::any_of(network.layers().begin(), network.layers().end(),
                     [&](const nn::Layer& layer) { return layer.name == name; });
}

TEST(CimnetSpace, HasTheGenesOfBothParts) {
  const CimnetSpace space(small_transformers());
  std::vector<std::string> names;
  for (const Gene& gene : space.genes()) names.push_back(gene.name);
  EXPECT_THAT(names,
              ElementsAre("layers", "layer1.heads", "layer1.mlp_width", "layer2.heads",
                          "layer2.mlp_width", "hardware.pe.count", "hardware.dram.gb_per_s"));
  // 2 x (2 x 3)^2 networks, 2 x 3 chips.
  EXPECT_NEAR(space.log10_size(GenePart::kNetwork), std::log10(72), 1e-12);
  EXPECT_NEAR(space.log10_size(GenePart::kHardware), std::log10(6), 1e-12);
}

TEST(CimnetSpace, DecodesWhatTheGenesSay) {
  const CimnetSpace space(small_transformers());
  // Two layers: 2 heads and 32, 3 heads and 16; 16 PEs, 102.4 GB/s.
  const auto design = space.decode({1, 0, 1, 1, 0, 0, 2});
  ASSERT_TRUE(design.ok());
  EXPECT_EQ(parameters<nn::Conv>(design->network, "b1.query").out_channels, 2 * 8);
  EXPECT_EQ(parameters<nn::Conv>(design->network, "b1.expand").out_channels, 32);
  EXPECT_EQ(parameters<nn::Conv>(design->network, "b2.query").out_channels, 3 * 8);
  EXPECT_EQ(parameters<nn::Conv>(design->network, "b2.contract").in_channels, 16);
  EXPECT_EQ(design->hardware.digital_cim->pe.count, 16);
  EXPECT_EQ(design->hardware.digital_cim->dram.gb_per_s, 102.4);
  EXPECT_EQ(design->hardware.digital_cim->pe.rows, hw::DigitalCim().pe.rows);
}

TEST(CimnetSpace, GenesOfLayersBeyondTheDepthAreInactive) {
  const CimnetSpace space(small_transformers());
  const Genome shallow = {0, 1, 2, 1, 2, 1, 1};
  EXPECT_TRUE(space.is_active(shallow, 2));
  EXPECT_FALSE(space.is_active(shallow, 3));
  EXPECT_EQ(space.canonical(shallow), (Genome{0, 1, 2, 0, 0, 1, 1}));
  EXPECT_FALSE(has_layer(space.decode(shallow)->network, "b2.query"));
}

TEST(CimnetSpace, BaselineIsTheLargestNetworkOnTheDefaultChip) {
  const CimnetSpace space(small_transformers());
  EXPECT_EQ(space.baseline(), (Genome{1, 1, 2, 1, 2, 1, 1}));
  EXPECT_EQ(space.decode(space.baseline())->network.mac_count(),
            space.largest_network().mac_count());
}

TEST(CimnetSpace, ExploringOnePartHoldsTheOtherAtItsDefault) {
  CimnetSpaceSpec spec = small_transformers();
  spec.explored = Explored::kNetwork;
  const CimnetSpace network(spec);
  EXPECT_EQ(network.log10_size(GenePart::kHardware), 0);
  EXPECT_EQ(network.decode({0, 0, 0, 0, 0, 0, 0})->hardware.digital_cim->pe.count, 64);
  EXPECT_EQ(network.baseline(), (Genome{1, 1, 2, 1, 2, 0, 0}));

  spec.explored = Explored::kHardware;
  const CimnetSpace hardware(spec);
  EXPECT_EQ(hardware.log10_size(GenePart::kNetwork), 0);
  const auto design = hardware.decode({0, 0, 0, 0, 0, 0, 0});
  EXPECT_EQ(parameters<nn::Conv>(design->network, "b2.expand").out_channels, 48);
  EXPECT_EQ(design->hardware.digital_cim->pe.count, 16);
  EXPECT_TRUE(hardware.is_active({0, 0, 0, 0, 0, 0, 0}, 4));
}

TEST(CimnetSpace, SamplesCanAllBeBuilt) {
  const CimnetSpace space(small_transformers());
  base::Rng rng(1);
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(space.decode(space.sample(rng)).ok());
}

TEST(CimnetSpace, SaysWhatItRefuses) {
  const auto error_with = [](const auto& change) {
    CimnetSpaceSpec spec = small_transformers();
    change(spec);
    return error_of([&] { CimnetSpace{spec}; });
  };
  EXPECT_EQ(error_with([](auto& spec) { spec.hardware.digital_cim.reset(); }),
            "space 'small': the hardware has no section digital_cim");
  EXPECT_THAT(error_with([](auto& spec) { spec.hardware_choices[0].key = "pe.counts"; }),
              HasSubstr("space 'small': digital_cim has no number 'pe.counts'; did you mean "
                        "'pe.count'? (allowed: pe.count, pe.rows"));
  EXPECT_EQ(error_with([](auto& spec) { spec.hardware_choices[1].key = "pe.count"; }),
            "space 'small': hardware_choices has pe.count twice");
  EXPECT_EQ(error_with([](auto& spec) {
              spec.hardware_choices[0].choices = {16, 32};
            }),
            "space 'small': pe.count lacks the default chip's 64");
  EXPECT_EQ(error_with([](auto& spec) {
              spec.hardware_choices[0].choices = {64, 1.5};
            }),
            "space 'small': pe.count is 1.5, it must be a whole number");
  EXPECT_EQ(error_with([](auto& spec) {
              spec.hardware_choices[0].choices = {64, 64};
            }),
            "space 'small': pe.count holds 64 twice");
  EXPECT_EQ(error_of([] {
              TransformerFamilySpec spec = small_transformer();
              spec.heads = {};
              make_family(spec);
            }),
            "heads is empty, it needs at least one choice");
  EXPECT_EQ(error_of([] { explored_from("chip"); }),
            "explore is 'chip', allowed are network, hardware and both");
}

ResidualFamilySpec small_residual() {
  ResidualFamilySpec spec;
  spec.channels = {16, 32};
  spec.blocks = {1, 2};
  spec.expansions = {0.25, 0.6, 1};
  return spec;
}

TEST(ResidualFamily, HasAGeneForEachStageAndBlock) {
  const auto family = make_family(small_residual());
  std::vector<std::string> names;
  for (const Gene& gene : family->genes()) names.push_back(gene.name);
  EXPECT_THAT(names,
              ElementsAre("stage1.blocks", "stage2.blocks", "stage1.block1.expand",
                          "stage1.block2.expand", "stage2.block1.expand", "stage2.block2.expand"));
  // One block in stage 1, two in stage 2.
  const Genome genome = {0, 1, 0, 0, 0, 0};
  EXPECT_TRUE(family->is_active(genome, 2));
  EXPECT_FALSE(family->is_active(genome, 3));
  EXPECT_TRUE(family->is_active(genome, 5));
}

TEST(ResidualFamily, BuildsTheBlocksThatTheGenesSay) {
  const auto family = make_family(small_residual());
  const nn::Network network = family->network({0, 1, 2, 0, 1, 0}, "mixed");
  EXPECT_EQ(parameters<nn::Conv>(network, "stem").out_channels, 16);
  EXPECT_EQ(parameters<nn::Conv>(network, "s1.b1.conv1").out_channels, 16);
  EXPECT_FALSE(has_layer(network, "s1.b1.shortcut"));
  EXPECT_FALSE(has_layer(network, "s1.b2.conv1"));
  // 0.6 x 32 = 19.2: 16 is less than nine tenths of it, 24.
  EXPECT_EQ(parameters<nn::Conv>(network, "s2.b1.conv1").out_channels, 24);
  EXPECT_EQ(parameters<nn::Conv>(network, "s2.b1.conv1").stride, 2);
  EXPECT_EQ(parameters<nn::Conv>(network, "s2.b1.conv2").in_channels, 24);
  EXPECT_EQ(parameters<nn::Conv>(network, "s2.b1.shortcut").stride, 2);
  EXPECT_EQ(parameters<nn::Conv>(network, "s2.b2.conv1").out_channels, 8);
  EXPECT_FALSE(has_layer(network, "s2.b2.shortcut"));
  EXPECT_EQ(parameters<nn::Linear>(network, "fc").in_features, 32);
  // 32x32: stem 3 x 16 x 9; 16x16: 2 of 16 x 16 x 9; 8x8: 16 x 24 x 9, 24 x 32 x 9, 16 x 32,
  // 2 of 8 x 32 x 9; the classifier.
  EXPECT_EQ(network.mac_count(),
            1024L * 432 + 256L * 4608 + 64L * (3456 + 6912 + 512 + 4608) + 320);
}

TEST(ResidualFamily, SaysWhatItRefuses) {
  const auto error_with = [](const auto& change) {
    ResidualFamilySpec spec = small_residual();
    change(spec);
    return error_of([&] { make_family(spec); });
  };
  EXPECT_EQ(error_with([](auto& spec) { spec.channels = {}; }),
            "channels is empty, it needs a number for each stage");
  EXPECT_EQ(error_with([](auto& spec) {
              spec.channels = {16, 0};
            }),
            "channels holds 0, which is not positive");
  EXPECT_EQ(error_with([](auto& spec) { spec.channels = {16, 16}; }), "no error");
  EXPECT_EQ(error_with([](auto& spec) { spec.blocks = {}; }),
            "blocks is empty, it needs at least one choice");
  EXPECT_EQ(error_with([](auto& spec) { spec.expansions = {1, 1}; }), "expansions holds 1 twice");
}

TEST(OnceForAll, ResNet50HasTheSupernetsGenes) {
  const auto family = make_family(OnceForAllSpec{});
  // 5 depths, 6 widths, expansions of 4 + 4 + 6 + 4 blocks; three choices each.
  EXPECT_EQ(family->genes().size(), 5U + 6U + 18U);
  for (const Gene& gene : family->genes()) EXPECT_EQ(gene.choices.size(), 3U) << gene.name;
}

TEST(OnceForAll, ResNet50sSmallestAndLargestAreTheAuthors) {
  const auto family = make_family(OnceForAllSpec{});
  const nn::Network large = family->network(Genome(29, 2), "large");
  EXPECT_EQ(parameters<nn::Conv>(large, "stem.conv1").out_channels, 32);
  EXPECT_EQ(parameters<nn::Conv>(large, "stem.conv3").out_channels, 64);
  EXPECT_TRUE(has_layer(large, "stem.add"));
  EXPECT_TRUE(has_layer(large, "s3.b6.conv1"));
  EXPECT_FALSE(has_layer(large, "s4.b5.conv1"));
  // 0.35 x 2048 = 716.8, rounded 717, next multiple of 8: 720.
  EXPECT_EQ(parameters<nn::Conv>(large, "s4.b1.conv2").out_channels, 720);
  EXPECT_EQ(parameters<nn::Conv>(large, "s4.b1.conv2").stride, 2);
  EXPECT_EQ(parameters<nn::Linear>(large, "fc").in_features, 2048);

  const nn::Network small = family->network(Genome(29, 0), "small");
  // 64 x 0.65 = 41.6: 40; half of it 20, the next multiple of 8 is 24.
  EXPECT_EQ(parameters<nn::Conv>(small, "stem.conv1").out_channels, 24);
  EXPECT_EQ(parameters<nn::Conv>(small, "stem.conv3").out_channels, 40);
  EXPECT_FALSE(has_layer(small, "stem.add"));
  EXPECT_FALSE(has_layer(small, "s1.b3.conv1"));
  EXPECT_TRUE(has_layer(small, "s3.b4.conv1"));
  // 256 x 0.65 = 166.4: 168; 0.2 x 168 = 33.6, 34: 32.
  EXPECT_EQ(parameters<nn::Conv>(small, "s1.b1.conv3").out_channels, 168);
  EXPECT_EQ(parameters<nn::Conv>(small, "s1.b1.conv1").out_channels, 32);
}

TEST(OnceForAll, DepthGatesTheExpansionsOfAStage) {
  const auto family = make_family(OnceForAllSpec{});
  Genome genome(29, 0);
  // Genes 11 to 14 are stage 1's; two blocks at depth 0, four at depth 2.
  EXPECT_TRUE(family->is_active(genome, 12));
  EXPECT_FALSE(family->is_active(genome, 13));
  genome[1] = 2;
  EXPECT_TRUE(family->is_active(genome, 14));
}

TEST(OnceForAll, MobileNetV3HasTheSupernetsGenesAndShapes) {
  OnceForAllSpec spec;
  spec.supernet = OnceForAllSpec::Supernet::kMobileNetV3;
  const auto family = make_family(spec);
  EXPECT_EQ(family->genes().size(), 5U + 2U * 20U);
  const nn::Network large = family->network(Genome(45, 2), "large");
  EXPECT_EQ(parameters<nn::Conv>(large, "stem").out_channels, 16);
  EXPECT_TRUE(has_layer(large, "first.add"));
  // Stage 5's first block: 112 x 6 = 672 channels, kernel 7, stride 2, to 160.
  const auto& depthwise = parameters<nn::Conv>(large, "s5.b1.depthwise");
  EXPECT_EQ(depthwise.groups, 672);
  EXPECT_EQ(depthwise.kernel, 7);
  EXPECT_EQ(depthwise.stride, 2);
  EXPECT_EQ(parameters<nn::Conv>(large, "s5.b1.project").out_channels, 160);
  EXPECT_FALSE(has_layer(large, "s5.b1.add"));
  EXPECT_TRUE(has_layer(large, "s5.b2.add"));
  EXPECT_EQ(parameters<nn::Linear>(large, "mix").out_features, 1280);
  const nn::Network small = family->network(Genome(45, 0), "small");
  EXPECT_TRUE(has_layer(small, "s5.b2.project"));
  EXPECT_FALSE(has_layer(small, "s5.b3.project"));
  EXPECT_EQ(parameters<nn::Conv>(small, "s2.b1.depthwise").groups, 24 * 3);

  spec.width_multiplier = 0;
  EXPECT_EQ(error_of([&] { make_family(spec); }), "width_multiplier is 0, it must be positive");
}

}  // namespace
}  // namespace gibbon::space
