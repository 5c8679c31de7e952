#include "gibbon/space/spaces/gibbon.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <variant>

#include "gibbon/base/error.hpp"
#include "gibbon/space/summary.hpp"
#include "space/layer_parameters.hpp"

namespace gibbon::space {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Two stages of up to two blocks.
GibbonSpaceSpec small_spec() {
  GibbonSpaceSpec spec = gibbon_table1_spec();
  spec.name = "small";
  spec.stage_blocks = {{1, 2}, {1, 2}};
  return spec;
}

std::string error_of(const GibbonSpaceSpec& spec) {
  try {
    make_gibbon_space(spec);
  } catch (const base::Error& error) {
    return error.what();
  }
  return "no error";
}

void set(const SearchSpace& space, Genome& genome, std::string_view gene, double value) {
  const std::size_t index = space.gene_index(gene);
  const auto& choices = space.genes()[index].choices;
  const auto found = std::find(choices.begin(), choices.end(), value);
  ASSERT_NE(found, choices.end()) << gene << " has no choice " << value;
  genome[index] = static_cast<std::uint8_t>(found - choices.begin());
}

Genome zeros(const SearchSpace& space) {
  return Genome(space.genes().size(), 0);
}

std::vector<std::string> layer_names(const nn::Network& network) {
  std::vector<std::string> names;
  for (const nn::Layer& layer : network.layers()) names.push_back(layer.name);
  return names;
}

TEST(GibbonTable1, HasThePapersSize) {
  const auto space = make_gibbon_space(gibbon_table1_spec());
  // 3 depths + 30 blocks * 5 + 4 of Table I and 2 shares of hardware.
  EXPECT_EQ(space->genes().size(), 159U);
  // Blocks: (6 channels * 3 kernels * 5 groups)^30 = 90^30 = 10^58.627 (the paper: 10^58); depths:
  // 5^3 = 10^2.097.
  EXPECT_NEAR(space->log10_size(GenePart::kNetwork), 58.627 + 2.097, 1e-3);
  // (3 * 3)^30 = 10^28.627.
  EXPECT_NEAR(space->log10_size(GenePart::kQuantization), 28.627, 1e-3);
  // 4 * 4 * 2 * 2 = 64 of Table I, 4 * 4 shares: 1024 = 10^3.010.
  EXPECT_NEAR(space->log10_size(GenePart::kHardware), 3.010, 1e-3);
  // The paper: 10^90; without depths and shares 58.627 + 28.627 + 1.806 = 89.06.
  EXPECT_NEAR(space->log10_size(), 92.361, 1e-2);
  EXPECT_NEAR(space->log10_size() - 2.097 - std::log10(16), 89.06, 1e-2);
}

TEST(GibbonTable1, SummaryIsTheTable) {
  const auto rows = describe(*make_gibbon_space(gibbon_table1_spec()));
  ASSERT_EQ(rows.size(), 12U);
  EXPECT_EQ(rows[0].slot, "blocks");
  EXPECT_EQ(rows[0].genes, 3);
  EXPECT_THAT(rows[0].choices, ElementsAre(2, 4, 6, 8, 10));
  EXPECT_EQ(rows[1].slot, "channels");
  EXPECT_EQ(rows[1].genes, 30);
  EXPECT_THAT(rows[1].choices, ElementsAre(16, 32, 48, 64, 80, 96));
  EXPECT_THAT(rows[2].choices, ElementsAre(1, 2, 3));
  EXPECT_THAT(rows[3].choices, ElementsAre(1, 2, 4, 8, 16));
  EXPECT_EQ(rows[4].slot, "weight_bits");
  EXPECT_EQ(rows[4].part, GenePart::kQuantization);
  EXPECT_THAT(rows[5].choices, ElementsAre(5, 7, 9));
  EXPECT_EQ(rows[6].slot, "crossbar_size");
  EXPECT_EQ(rows[6].part, GenePart::kHardware);
  EXPECT_THAT(rows[6].choices, ElementsAre(32, 64, 128, 256));
  EXPECT_THAT(rows[7].choices, ElementsAre(4, 6, 8, 10));
  EXPECT_THAT(rows[8].choices, ElementsAre(1, 2));
  EXPECT_THAT(rows[11].choices, ElementsAre(0.125, 0.25, 0.5, 1));
}

TEST(GibbonSpace, EveryTable1SampleDecodes) {
  const auto space = make_gibbon_space(gibbon_table1_spec());
  base::Rng rng(1);
  for (int i = 0; i < 200; ++i) {
    const Genome genome = space->sample(rng);
    const auto design = space->decode(genome);
    ASSERT_TRUE(design.ok()) << design.reason();
    EXPECT_NO_THROW(hw::validate(design->hardware));
    const auto& layers = design->network.layers();
    EXPECT_EQ(design->network.output_shape(static_cast<int>(layers.size()) - 1),
              (nn::Shape{10, 1, 1}));
    // 32x32 halved twice before the pool, whatever the kernels.
    EXPECT_EQ(design->network.output_shape(static_cast<int>(layers.size()) - 4).height, 8);
  }
}

TEST(GibbonSpace, LayersHaveTheirNamesAndShortcuts) {
  const auto space = make_gibbon_space(small_spec());
  Genome genome = zeros(*space);
  set(*space, genome, "stage2.blocks", 2);
  const auto design = space->decode(genome);
  ASSERT_TRUE(design.ok()) << design.reason();
  EXPECT_THAT(layer_names(design->network),
              ElementsAre("stem.conv", "stem.bn", "stem.relu", "stem.act",                   // 0-3
                          "s1.b1.conv", "s1.b1.bn", "s1.b1.add", "s1.b1.relu", "s1.b1.act",  // 4-8
                          "s2.b1.conv", "s2.b1.bn", "s2.b1.relu", "s2.b1.act",               // 9-12
                          "s2.b2.conv", "s2.b2.bn", "s2.b2.add", "s2.b2.relu", "s2.b2.act", "pool",
                          "flatten", "fc"));
  EXPECT_THAT(design->network.layers()[6].inputs, ElementsAre(5, 3));
  EXPECT_THAT(design->network.layers()[15].inputs, ElementsAre(14, 12));
  EXPECT_EQ(parameters<nn::Conv>(design->network, "s1.b1.conv").stride, 1);
  EXPECT_EQ(parameters<nn::Conv>(design->network, "s2.b1.conv").stride, 2);
  EXPECT_EQ(parameters<nn::Conv>(design->network, "s2.b2.conv").stride, 1);
}

TEST(GibbonSpace, BlocksOfHardTanhHaveNoRelu) {
  GibbonSpaceSpec spec = small_spec();
  spec.activation = BlockActivation::kHardTanh;
  const auto space = make_gibbon_space(spec);
  const auto design = space->decode(zeros(*space));
  ASSERT_TRUE(design.ok()) << design.reason();
  EXPECT_THAT(
      layer_names(design->network),
      ElementsAre("stem.conv", "stem.bn", "stem.act", "s1.b1.conv", "s1.b1.bn", "s1.b1.add",
                  "s1.b1.act", "s2.b1.conv", "s2.b1.bn", "s2.b1.act", "pool", "flatten", "fc"));
  EXPECT_THAT(design->network.layers()[5].inputs, ElementsAre(4, 2));
}

TEST(GibbonSpace, BlocksFollowTheirGenes) {
  const auto space = make_gibbon_space(small_spec());
  Genome genome = zeros(*space);
  set(*space, genome, "stage1.blocks", 2);
  set(*space, genome, "stage1.block1.channels", 96);
  set(*space, genome, "stage1.block1.kernel", 2);
  set(*space, genome, "stage1.block1.groups", 8);
  set(*space, genome, "stage1.block1.weight_bits", 7);
  set(*space, genome, "stage1.block2.channels", 32);
  set(*space, genome, "stage1.block2.kernel", 3);
  const auto design = space->decode(genome);
  ASSERT_TRUE(design.ok()) << design.reason();
  const auto& first = parameters<nn::Conv>(design->network, "s1.b1.conv");
  EXPECT_EQ(first.in_channels, 16);
  EXPECT_EQ(first.out_channels, 96);
  EXPECT_EQ(first.kernel, 2);
  EXPECT_EQ(first.padding, 0);
  EXPECT_EQ(first.padding_mode, nn::PaddingMode::kSymmetric);
  EXPECT_EQ(first.groups, 8);
  EXPECT_EQ(first.weight_bits, 7);
  EXPECT_EQ(first.point_shift, -2);
  const auto& second = parameters<nn::Conv>(design->network, "s1.b2.conv");
  EXPECT_EQ(second.in_channels, 96);
  EXPECT_EQ(second.padding, 1);
  EXPECT_EQ(second.padding_mode, nn::PaddingMode::kZeros);
  EXPECT_EQ(parameters<nn::Conv>(design->network, "s2.b1.conv").padding, 0);  // kernel 1
  // Narrower than its input: the shortcut of 96 channels is cut to the gene's 32.
  EXPECT_EQ(parameters<nn::Add>(design->network, "s1.b2.add").channels, 32);
  EXPECT_EQ(parameters<nn::Conv>(design->network, "s2.b1.conv").in_channels, 32);
}

TEST(GibbonSpace, ActivationBitsAreThoseOfTheReader) {
  const auto space = make_gibbon_space(small_spec());
  Genome genome = zeros(*space);
  set(*space, genome, "stage1.blocks", 2);
  set(*space, genome, "stage1.block1.activation_bits", 5);
  set(*space, genome, "stage1.block2.activation_bits", 7);
  set(*space, genome, "stage2.block1.activation_bits", 9);
  // Beyond the depth of its stage: must not be read.
  set(*space, genome, "stage2.block2.activation_bits", 7);
  const nn::Network network = space->decode(genome)->network;
  EXPECT_EQ(parameters<nn::HardTanh>(network, "stem.act").output_bits, 5);
  EXPECT_EQ(parameters<nn::Conv>(network, "s1.b1.conv").activation_bits, 5);
  EXPECT_EQ(parameters<nn::HardTanh>(network, "s1.b1.act").output_bits, 7);
  EXPECT_EQ(parameters<nn::Conv>(network, "s1.b2.conv").activation_bits, 7);
  EXPECT_EQ(parameters<nn::HardTanh>(network, "s1.b2.act").output_bits, 9);
  EXPECT_EQ(parameters<nn::HardTanh>(network, "s2.b1.act").output_bits, 9);  // the head's bits
  EXPECT_EQ(parameters<nn::Linear>(network, "fc").weight_bits, 9);
  EXPECT_EQ(parameters<nn::Conv>(network, "stem.conv").activation_bits, 9);  // the image's
}

TEST(GibbonSpace, GenesBeyondTheDepthAreInactive) {
  const auto space = make_gibbon_space(small_spec());
  Genome genome = zeros(*space);
  const std::size_t second = space->gene_index("stage1.block2.kernel");
  EXPECT_FALSE(space->is_active(genome, second));
  EXPECT_TRUE(space->is_active(genome, space->gene_index("stage1.block1.kernel")));
  EXPECT_TRUE(space->is_active(genome, space->gene_index("hardware.adc_bits")));
  set(*space, genome, "stage1.blocks", 2);
  EXPECT_TRUE(space->is_active(genome, second));
  EXPECT_FALSE(space->is_active(genome, space->gene_index("stage2.block2.kernel")));
}

TEST(GibbonSpace, InactiveGenesDoNotChangeTheDesign) {
  const auto space = make_gibbon_space(gibbon_table1_spec());
  base::Rng rng(4);
  for (int i = 0; i < 20; ++i) {
    Genome genome = space->sample(rng);
    const auto expected = space->decode(genome);
    for (std::size_t gene = 0; gene < genome.size(); ++gene) {
      if (!space->is_active(genome, gene)) {
        genome[gene] = static_cast<std::uint8_t>(space->genes()[gene].choices.size() - 1);
      }
    }
    const auto design = space->decode(genome);
    EXPECT_EQ(nn::to_json(design->network), nn::to_json(expected->network));
    EXPECT_EQ(hw::to_json(design->hardware), hw::to_json(expected->hardware));
  }
}

TEST(GibbonSpace, HardwareFollowsItsGenes) {
  GibbonSpaceSpec spec = small_spec();
  spec.hardware.tile.pe_rows = 4;
  const auto space = make_gibbon_space(spec);
  Genome genome = zeros(*space);
  set(*space, genome, "hardware.crossbar_size", 64);
  set(*space, genome, "hardware.adc_bits", 8);
  set(*space, genome, "hardware.dac_bits", 2);
  set(*space, genome, "hardware.cell_bits", 2);
  set(*space, genome, "hardware.wordline_share", 0.125);
  set(*space, genome, "hardware.bitline_share", 0.5);
  const hw::HardwareConfig config = space->decode(genome)->hardware;
  EXPECT_EQ(config.crossbar.rows, 64);
  EXPECT_EQ(config.crossbar.columns, 64);
  EXPECT_EQ(config.crossbar.subarray_rows, 64);
  EXPECT_EQ(config.adc.bits, 8);
  EXPECT_EQ(config.dac.bits, 2);
  EXPECT_EQ(config.pe.dacs_per_subarray, 8);   // 64 / 8
  EXPECT_EQ(config.pe.adcs_per_subarray, 32);  // 64 / 2
  EXPECT_EQ(config.tile.pe_rows, 4);           // kept from the base
  EXPECT_EQ(config.device.levels, 4);
  // 1 MOhm to 10 kOhm: 1 to 100 uS in steps of 33: 1, 34, 67, 100 uS.
  EXPECT_THAT(config.device.resistance_ohm,
              ElementsAre(1e6, DoubleNear(1 / 34e-6, 1e-6), DoubleNear(1 / 67e-6, 1e-6), 1e4));
  set(*space, genome, "hardware.cell_bits", 1);
  EXPECT_THAT(space->decode(genome)->hardware.device.resistance_ohm, ElementsAre(1e6, 1e4));
}

TEST(GibbonSpace, ASmallShareStillDrivesOneLine) {
  GibbonSpaceSpec spec = small_spec();
  spec.wordline_shares = {0.001};
  const auto space = make_gibbon_space(spec);
  EXPECT_EQ(space->decode(zeros(*space))->hardware.pe.dacs_per_subarray, 1);  // round(0.032) = 0
}

TEST(GibbonSpace, LargestNetworkHoldsEveryOther) {
  const auto space = make_gibbon_space(gibbon_table1_spec());
  const nn::Network largest = space->largest_network();
  // Stem 16*3*9 = 432; stage 1: 96*16*9 + 9 * 96*96*9; stages 2 and 3: 10 * 96*96*9 each; head 960.
  const long block = 96L * 96 * 9;
  EXPECT_EQ(largest.weight_count(), 432 + 96L * 16 * 9 + 29 * block + 960);
  EXPECT_EQ(parameters<nn::Conv>(largest, "s3.b10.conv").kernel, 3);
  EXPECT_EQ(parameters<nn::Conv>(largest, "s3.b10.conv").groups, 1);
  base::Rng rng(2);
  for (int i = 0; i < 20; ++i) {
    EXPECT_LE(space->decode(space->sample(rng))->network.weight_count(), largest.weight_count());
  }
}

TEST(GibbonSpace, StemThatGroupsDoNotDivideIsInfeasible) {
  GibbonSpaceSpec spec = small_spec();
  spec.stem_channels = {24};
  const auto space = make_gibbon_space(spec);
  Genome genome = zeros(*space);
  set(*space, genome, "stage1.block1.groups", 8);  // 24 = 3 * 8
  EXPECT_TRUE(space->decode(genome).ok());
  set(*space, genome, "stage1.block1.groups", 16);
  const auto design = space->decode(genome);
  ASSERT_FALSE(design.ok());
  EXPECT_THAT(design.reason(), HasSubstr("s1.b1.conv"));
  EXPECT_THAT(design.reason(), HasSubstr("does not divide 24 input and 16 output channels"));
}

TEST(GibbonSpace, TheStemMayBeLeftToTheSearch) {
  GibbonSpaceSpec spec = small_spec();
  const std::size_t genes_of_fixed_stem = make_gibbon_space(spec)->genes().size();
  spec.stem_channels = {16, 32};
  spec.stem_strides = {2, 1};
  const auto space = make_gibbon_space(spec);
  EXPECT_EQ(space->genes().size(), genes_of_fixed_stem + 2);
  Genome genome = zeros(*space);
  set(*space, genome, "stem.channels", 32);
  set(*space, genome, "stem.stride", 2);
  const nn::Network network = space->decode(genome)->network;
  const auto stem = parameters<nn::Conv>(network, "stem.conv");
  EXPECT_EQ(stem.out_channels, 32);
  EXPECT_EQ(stem.stride, 2);
  EXPECT_EQ(parameters<nn::Conv>(network, "s1.b1.conv").in_channels, 32);
  // The largest network has the most channels and the most pixels.
  const auto widest = parameters<nn::Conv>(space->largest_network(), "stem.conv");
  EXPECT_EQ(widest.out_channels, 32);
  EXPECT_EQ(widest.stride, 1);
}

TEST(GibbonSpace, StagesMayHalveTheImageByPooling) {
  GibbonSpaceSpec spec = small_spec();
  const std::size_t genes_of_strides = make_gibbon_space(spec)->genes().size();
  spec.stage_pools = {1, 2};
  const auto space = make_gibbon_space(spec);
  EXPECT_EQ(space->genes().size(), genes_of_strides + 1);
  Genome genome = zeros(*space);
  set(*space, genome, "stages.pool", 1);
  const nn::Network strided = space->decode(genome)->network;
  EXPECT_EQ(parameters<nn::Conv>(strided, "s2.b1.conv").stride, 2);

  set(*space, genome, "stages.pool", 2);
  set(*space, genome, "stage2.blocks", 2);
  const nn::Network pooled = space->decode(genome)->network;
  EXPECT_THAT(
      layer_names(pooled),
      ElementsAre("stem.conv", "stem.bn", "stem.relu", "stem.act", "s1.b1.conv", "s1.b1.pool",
                  "s1.b1.bn", "s1.b1.relu", "s1.b1.act", "s2.b1.conv", "s2.b1.pool", "s2.b1.bn",
                  "s2.b1.relu", "s2.b1.act", "s2.b2.conv", "s2.b2.bn", "s2.b2.add", "s2.b2.relu",
                  "s2.b2.act", "pool", "flatten", "fc"));
  EXPECT_EQ(parameters<nn::Conv>(pooled, "s1.b1.conv").stride, 1);
  EXPECT_EQ(parameters<nn::Conv>(pooled, "s2.b1.conv").stride, 1);
  const auto& pool = parameters<nn::Pool>(pooled, "s2.b1.pool");
  EXPECT_EQ(pool.mode, nn::PoolMode::kMax);
  EXPECT_EQ(pool.kernel, 2);
  EXPECT_EQ(pool.stride, 2);
  // 32 x 32 pixels: halved by every stage, or by every stage but the first.
  EXPECT_EQ(parameters<nn::Pool>(pooled, "pool").kernel, 8);
  EXPECT_EQ(parameters<nn::Pool>(strided, "pool").kernel, 16);
}

TEST(GibbonSpace, PooledStagesOfOddSidesRoundDown) {
  GibbonSpaceSpec spec = small_spec();
  spec.stage_pools = {2};
  spec.input = {1, 7, 7};
  const auto space = make_gibbon_space(spec);
  const auto design = space->decode(zeros(*space));
  ASSERT_TRUE(design.ok()) << design.reason();
  EXPECT_EQ(parameters<nn::Pool>(design->network, "pool").kernel, 1);  // 7, 3, 1
  spec.input = {1, 3, 3};
  const auto tiny = make_gibbon_space(spec);
  EXPECT_FALSE(tiny->decode(zeros(*tiny)).ok());
}

/// 1/8 of 48 outputs x 32 inputs: outputs, inputs, outputs halved.
TEST(GibbonSpace, UngroupedBlocksMayBeEpitomes) {
  GibbonSpaceSpec spec = small_spec();
  EXPECT_EQ(make_gibbon_space(spec)->genes().size(), 2u + 4 * 5 + 6);
  spec.epitomes = {1, 0.5, 0.25, 0.125};
  const auto space = make_gibbon_space(spec);
  EXPECT_EQ(space->genes().size(), 2u + 4 * 6 + 6);
  Genome genome = zeros(*space);
  set(*space, genome, "stage1.blocks", 2);
  set(*space, genome, "stage1.block1.channels", 32);
  set(*space, genome, "stage1.block2.channels", 48);
  set(*space, genome, "stage1.block2.kernel", 3);
  set(*space, genome, "stage1.block2.epitome", 0.125);
  const auto conv_of = [&](const Genome& chosen) {
    const nn::Network network = space->decode(chosen).value().network;
    for (const nn::Layer& layer : network.layers()) {
      if (layer.name == "s1.b2.conv") return std::get<nn::Conv>(layer.parameters);
    }
    return nn::Conv();
  };
  const nn::ConvEpitome expected{{12, 16, 3, 3}, nn::OutputBlocks::kWrapped};
  EXPECT_EQ(conv_of(genome).epitome, expected);

  const std::size_t gene = space->gene_index("stage1.block2.epitome");
  EXPECT_TRUE(space->is_active(genome, gene));
  EXPECT_EQ(space->genes()[gene].slot, "epitome");
  set(*space, genome, "stage1.block2.groups", 2);
  EXPECT_FALSE(space->is_active(genome, gene));
  EXPECT_EQ(conv_of(genome).epitome, std::nullopt);
  EXPECT_EQ(space->canonical(genome)[gene], 0);
  for (const nn::Layer& layer : space->largest_network().layers()) {
    const auto* conv = std::get_if<nn::Conv>(&layer.parameters);
    EXPECT_TRUE(conv == nullptr || !conv->epitome);
  }
}

TEST(GibbonSpace, EveryStageMayHaveChoicesOfItsOwn) {
  GibbonSpaceSpec spec = small_spec();
  spec.stage_blocks = {{1}, {1, 2}};
  spec.channels = StageChoices::by_stage({{16, 32}, {64, 128, 256}});
  spec.groups = StageChoices::by_stage({{1, 16}, {1, 64}});
  const auto space = make_gibbon_space(spec);
  const auto choices_of = [&](const std::string& name) {
    for (const Gene& gene : space->genes()) {
      if (gene.name == name) return gene.choices;
    }
    return std::vector<double>();
  };
  EXPECT_THAT(choices_of("stage1.block1.channels"), testing::ElementsAre(16, 32));
  EXPECT_THAT(choices_of("stage2.block1.channels"), testing::ElementsAre(64, 128, 256));
  EXPECT_THAT(choices_of("stage2.block2.channels"), testing::ElementsAre(64, 128, 256));
  EXPECT_THAT(choices_of("stage1.block1.groups"), testing::ElementsAre(1, 16));
  EXPECT_THAT(choices_of("stage2.block2.groups"), testing::ElementsAre(1, 64));
  EXPECT_EQ(parameters<nn::Conv>(space->largest_network(), "s1.b1.conv").out_channels, 32);
  EXPECT_EQ(parameters<nn::Conv>(space->largest_network(), "s2.b2.conv").out_channels, 256);
}

TEST(GibbonSpace, DecodeRefusesAForeignGenome) {
  const auto space = make_gibbon_space(small_spec());
  EXPECT_THROW(space->decode(Genome{1, 2, 3}), base::Error);
}

TEST(GibbonSpaceSpec, ErrorsNameTheListAndTheValue) {
  const auto with = [](auto change) {
    GibbonSpaceSpec spec = small_spec();
    change(spec);
    return error_of(spec);
  };
  using Spec = GibbonSpaceSpec;
  EXPECT_EQ(with([](Spec&) {}), "no error");
  EXPECT_EQ(with([](Spec& s) {
              s.epitomes = {1, 0.3};
            }),
            "space 'small': epitomes holds 0.3, allowed are 1 (none), 1/2, 1/4, 1/8, 1/16");
  EXPECT_EQ(with([](Spec& s) { s.kernels = {}; }),
            "space 'small': kernels is empty, it needs at least one choice");
  EXPECT_EQ(with([](Spec& s) { s.stage_blocks = {}; }),
            "space 'small': stage_blocks is empty, it needs at least one stage");
  EXPECT_EQ(with([](Spec& s) { s.stage_blocks[1] = {}; }),
            "space 'small': stage_blocks of stage 2 is empty, it needs at least one choice");
  EXPECT_EQ(with([](Spec& s) {
              s.channels = {16, 32, 16};
            }),
            "space 'small': channels holds 16 twice");
  EXPECT_EQ(
      with([](Spec& s) {
        s.channels = StageChoices::by_stage({{16}, {32}, {48}});
      }),
      "space 'small': channels has 3 lists, it needs one for all stages or one for each of the 2");
  EXPECT_THAT(with([](Spec& s) {
                s.groups = {1};
                s.channels.lists.assign(s.stage_blocks.size(), {16});
                s.channels.lists.back() = {16, -16};
              }),
              HasSubstr("channels of stage 2 holds -16"));
  EXPECT_EQ(with([](Spec& s) {
              s.channels = {16, 0};
            }),
            "space 'small': channels holds 0, which is not positive");
  EXPECT_EQ(with([](Spec& s) {
              s.groups = {1, 3};
            }),
            "space 'small': groups holds 3, which does not divide the channel choice 16");
  EXPECT_EQ(with([](Spec& s) { s.kernels = {4}; }),
            "space 'small': kernels is 4, allowed are 2 and odd sizes");
  EXPECT_EQ(with([](Spec& s) { s.weight_bits = {1}; }),
            "space 'small': weight_bits is 1, allowed are 2 to 16");
  EXPECT_EQ(with([](Spec& s) { s.weight_bits = {2, 16}; }), "no error");
  EXPECT_EQ(with([](Spec& s) {
              s.stage_pools = {2, 3};
            }),
            "space 'small': stage_pool is 3, allowed are 1 and 2");
  EXPECT_EQ(with([](Spec& s) { s.stage_pools = {0}; }),
            "space 'small': stage_pool holds 0, which is not positive");
  EXPECT_EQ(with([](Spec& s) { s.activation_bits = {17}; }),
            "space 'small': activation_bits is 17, allowed are 2 to 16");
  EXPECT_EQ(with([](Spec& s) { s.head_bits = 0; }),
            "space 'small': head_bits is 0, allowed are 2 to 16");
  EXPECT_EQ(with([](Spec& s) { s.stem_channels = {0}; }),
            "space 'small': stem_channels holds 0, which is not positive");
  EXPECT_EQ(with([](Spec& s) { s.wordline_shares = {1.25}; }),
            "space 'small': wordline_shares holds 1.25, allowed are shares up to 1");
  EXPECT_EQ(with([](Spec& s) { s.bitline_shares = {0}; }),
            "space 'small': bitline_shares holds 0, which is not positive");
  EXPECT_EQ(with([](Spec& s) { s.cell_bits = {9}; }),
            "space 'small': cell_bits holds 9, allowed are 1 to 8");
  EXPECT_THAT(with([](Spec& s) { s.hardware.device.resistance_ohm = {1e4}; }),
              HasSubstr("device.resistance_ohm needs at least two resistances"));
  EXPECT_THAT(with([](Spec& s) { s.adc_bits = {4, 5}; }), HasSubstr("hardware.adc_bits 5: "));
  EXPECT_THAT(with([](Spec& s) { s.dac_bits = {3}; }), HasSubstr("hardware.dac_bits 3: "));
  EXPECT_THAT(with([](Spec& s) {
                std::vector<int> many;
                for (int i = 1; i <= 37; ++i) many.push_back(16 * i);
                s.groups = {1};
                s.channels = StageChoices::for_all(many);
              }),
              HasSubstr("channels has 37 choices, allowed are 36"));
}

}  // namespace
}  // namespace gibbon::space
