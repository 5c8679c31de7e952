#include "gibbon/app/config/cimnet_space_yaml.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "error_of.hpp"
#include "gibbon/app/config/network_yaml.hpp"
#include "gibbon/app/config/presets.hpp"

namespace gibbon::app {
namespace {

using test::error_of;
using ::testing::EndsWith;
using ::testing::HasSubstr;

class CimnetSpaceFile : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    file_ = std::filesystem::path(::testing::TempDir()) /
            (std::string("gibbon_cimnet_") + test->name() + ".yaml");
  }
  void TearDown() override { std::filesystem::remove(file_); }

  const std::filesystem::path& write(const std::string& network, const std::string& choices) {
    std::ofstream(file_) << "kind: cimnet\nname: mine\nnetwork:\n"
                         << network << "hardware: digital-cim\nhardware_choices:\n"
                         << choices;
    return file_;
  }

  std::filesystem::path file_;
};

constexpr const char* kNetwork =
    "  family: vision_transformer\n  patch: 4\n  width: 32\n  head_width: 8\n  layers: [1, 2]\n"
    "  heads: [2, 4]\n  mlp_widths: [64]\n";
constexpr const char* kChoices = "  pe.count: [32, 64]\n";

SpaceChoice shipped_space(const char* name) {
  SpaceChoice choice;
  choice.file = locate(PresetKind::kSpaces, name);
  return choice;
}

TEST(CimnetPresets, HaveTheSizesThatTheirHeadingsSay) {
  struct Expected {
    const char* name;
    double networks;
    double chips;
  };
  const double chips = std::log10(75.0 * 8 * std::pow(4, 7));
  for (const Expected& expected :
       {Expected{"cimnet-vit-b", std::log10(3 * std::pow(12, 12)), chips},
        Expected{"cimnet-resnet50", 29 * std::log10(3), chips},
        Expected{"cimnet-mobilenetv3", 45 * std::log10(3), chips},
        Expected{"cimnet-cnn-cifar", 12 * std::log10(3), std::log10(16.0 * std::pow(3, 9))},
        Expected{"cimnet-vit-cifar", std::log10(3 * std::pow(12, 6)),
                 std::log10(16.0 * std::pow(3, 9))}}) {
    const auto space = load_space(shipped_space(expected.name));
    EXPECT_EQ(space->name(), expected.name);
    EXPECT_NEAR(space->log10_size(space::GenePart::kNetwork), expected.networks, 1e-9);
    EXPECT_NEAR(space->log10_size(space::GenePart::kHardware), expected.chips, 1e-9);
    EXPECT_TRUE(space->decode(space::Genome(space->genes().size(), 0)).ok());
  }
}

TEST(CimnetPresets, LargestVitBIsViTB16) {
  // torchvision's vit_b_16, as presets/networks/vit-b16-imagenet.yaml counts it.
  EXPECT_EQ(load_space(shipped_space("cimnet-vit-b"))->largest_network().mac_count(), 17563828224);
}

TEST(CimnetPresets, LargestSmallTransformerIsTheShippedNetwork) {
  const nn::Network shipped_network = load_network(locate(PresetKind::kNetworks, "vit-cifar10"));
  EXPECT_EQ(shipped_network.mac_count(), 33916992);
  EXPECT_EQ(shipped_network.weight_count(), 447936);
  EXPECT_EQ(
      nn::to_json(shipped_network)["layers"],
      nn::to_json(load_space(shipped_space("cimnet-vit-cifar"))->largest_network())["layers"]);
}

TEST(CimnetPresets, SmallSpacesShareTheirChips) {
  const auto cnn = load_space(shipped_space("cimnet-cnn-cifar"));
  const auto vit = load_space(shipped_space("cimnet-vit-cifar"));
  const auto chip = [](const space::SearchSpace& space) {
    const auto& cimnet = dynamic_cast<const space::CimnetSpace&>(space);
    return hw::to_json(cimnet.hardware(cimnet.baseline()));
  };
  EXPECT_EQ(chip(*cnn), chip(*vit));
}

TEST(CimnetPresets, ExploreFixesTheOtherGenes) {
  SpaceChoice choice = shipped_space("cimnet-vit-cifar");
  choice.explored = space::Explored::kHardware;
  EXPECT_EQ(load_space(choice)->log10_size(space::GenePart::kNetwork), 0);
  choice.explored = space::Explored::kNetwork;
  EXPECT_EQ(load_space(choice)->log10_size(space::GenePart::kHardware), 0);
  choice = shipped_space("compact");
  choice.explored = space::Explored::kNetwork;
  EXPECT_THAT(error_of([&] { load_space(choice); }),
              HasSubstr("explore network: a space of kind gibbon has no default"));
}

TEST_F(CimnetSpaceFile, TakesTheDataSetsImagesWhereItNamesNone) {
  const auto path = write(kNetwork, kChoices);
  EXPECT_EQ(load_space({.file = path})->largest_network().input(), (nn::Shape{3, 32, 32}));
  const SpaceImages images{{1, 28, 28}, 7};
  const nn::Network network = load_space({.file = path, .images = images})->largest_network();
  EXPECT_EQ(network.input(), images.shape);
  EXPECT_EQ(network.description().num_classes, 7);
}

TEST_F(CimnetSpaceFile, GivesTransformersBiasesWhereAsked) {
  const auto last_layer = [&](const std::string& more) {
    const auto space = load_space({.file = write(std::string(kNetwork) + more, kChoices)});
    return space->largest_network().layers().back().name;
  };
  EXPECT_EQ(last_layer(""), "head");
  EXPECT_EQ(last_layer("  biases: false\n"), "head");
  EXPECT_EQ(last_layer("  biases: true\n"), "head_bias");
  EXPECT_THAT(error_of([&] { last_layer("  biases: some\n"); }), HasSubstr("network.biases: got"));
}

TEST_F(CimnetSpaceFile, RefusesOtherImagesThanItsOwn) {
  const auto path =
      write(std::string(kNetwork) + "  input: [3, 32, 32]\n  num_classes: 10\n", kChoices);
  const auto error_with = [&](const SpaceImages& images) {
    return error_of([&] { load_space({.file = path, .images = images}); });
  };
  EXPECT_EQ(error_with({{3, 32, 32}, 10}), "no error");
  EXPECT_THAT(error_with({{1, 28, 28}, 10}),
              EndsWith("network.input: the space is for images of 3x32x32, these are 1x28x28"));
  EXPECT_THAT(error_with({{3, 32, 32}, 100}),
              EndsWith("network.num_classes: the space has 10, the data set 100"));
}

TEST_F(CimnetSpaceFile, TakesOtherHardware) {
  const auto path = write(kNetwork, kChoices);
  SpaceChoice choice{.file = path};
  choice.hardware = locate(PresetKind::kHardware, "mnsim-default");
  EXPECT_THAT(error_of([&] { load_space(choice); }), HasSubstr("no section digital_cim"));
}

TEST_F(CimnetSpaceFile, SaysWhatItRefusesAndWhere) {
  const auto error_with = [&](const std::string& network, const std::string& choices) {
    return error_of([&] { load_space({.file = write(network, choices)}); });
  };
  EXPECT_THAT(error_with("  family: resnet\n", kChoices),
              HasSubstr(".yaml:4: network.family: got 'resnet', expected"));
  EXPECT_THAT(error_with("  bits: 8\n", kChoices), HasSubstr("family"));
  EXPECT_THAT(error_with(std::string(kNetwork) + "  depth: [1]\n", kChoices),
              HasSubstr(":11: network.depth"));
  EXPECT_THAT(error_with("  family: vision_transformer\n  layers: [0]\n  heads: [1]\n"
                         "  mlp_widths: [4]\n",
                         kChoices),
              HasSubstr("network.layers[0]: got '0'"));
  EXPECT_THAT(error_with("  family: vision_transformer\n  layers: []\n  heads: [1]\n"
                         "  mlp_widths: [4]\n",
                         kChoices),
              HasSubstr("network.layers: the list is empty"));
  EXPECT_THAT(error_with("  family: residual\n  channels: [8]\n  blocks: [1]\n", kChoices),
              HasSubstr("expansions"));
  EXPECT_THAT(error_with("  family: residual\n  channels: [8]\n  blocks: [1]\n"
                         "  expansions: [1, 1]\n",
                         kChoices),
              HasSubstr(".yaml:3: network: expansions holds 1 twice"));
  EXPECT_THAT(error_with(kNetwork, "  pe.cont: [64]\n"),
              HasSubstr("space 'mine': digital_cim has no number 'pe.cont'"));
  EXPECT_THAT(error_with(kNetwork, "  pe.count: [32]\n"),
              HasSubstr("pe.count lacks the default chip's 64"));
}

TEST(SpaceKind, IsGibbonWhereTheFileDoesNotSay) {
  EXPECT_EQ(space_kind(locate(PresetKind::kSpaces, "compact")), "gibbon");
  EXPECT_EQ(space_kind(locate(PresetKind::kSpaces, "cimnet-vit-b")), "cimnet");
}

}  // namespace
}  // namespace gibbon::app
