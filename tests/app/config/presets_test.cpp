#include "gibbon/app/config/presets.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "gibbon/app/config/hardware_yaml.hpp"
#include "gibbon/app/config/network_yaml.hpp"
#include "gibbon/app/config/space_yaml.hpp"
#include "gibbon/base/error.hpp"
#include "gibbon/base/file.hpp"

namespace gibbon::app {
namespace {

namespace fs = std::filesystem;

class Presets : public testing::Test {
 protected:
  void SetUp() override { fs::current_path(GIBBON_SOURCE_DIR); }
  void TearDown() override { fs::remove_all(folder_); }

  fs::path write(const std::string& name, const std::string& text) {
    fs::create_directories(folder_);
    base::write_file_atomically(folder_ / name, text);
    return folder_ / name;
  }
  template <typename Action>
  static std::string error_of(Action action) {
    try {
      action();
    } catch (const base::Error& error) {
      return error.what();
    }
    return "no error";
  }

  fs::path folder_ = fs::temp_directory_path() / ("gibbon-presets-" + std::to_string(::getpid()));
};

/// 3 log10(5) + 30 log10(6 x 3 x 5) = 60.72; 30 log10(3 x 3) = 28.63; log10(4 x 4 x 2 x 2 x 16) =
/// 3.01.
TEST_F(Presets, TheSpaceOfThePaperHasItsSize) {
  const SpaceFile file = load_space_file(locate(PresetKind::kSpaces, "gibbon"));
  const auto space = space::make_gibbon_space(file.spec);
  EXPECT_NEAR(space->log10_size(space::GenePart::kNetwork), 60.724, 1e-3);
  EXPECT_NEAR(space->log10_size(space::GenePart::kQuantization), 28.627, 1e-3);
  EXPECT_NEAR(space->log10_size(space::GenePart::kHardware), 3.0103, 1e-3);
  // 3 depths, 30 blocks of 5 genes, 6 of hardware.
  EXPECT_EQ(space->genes().size(), 159u);
}

TEST_F(Presets, TheSpaceOfThePaperIsTheBuiltInOne) {
  space::GibbonSpaceSpec built_in = space::gibbon_table1_spec();
  const space::GibbonSpaceSpec shipped =
      load_space_file(locate(PresetKind::kSpaces, "gibbon")).spec;
  built_in.name = shipped.name;
  EXPECT_EQ(commented_yaml(shipped), commented_yaml(built_in));
}

/// 3 log10(3) + 12 log10(4 x 3 x 4) = 21.606; 12 log10(9) = 11.451.
TEST_F(Presets, TheCompactSpaceHasItsSize) {
  const SpaceFile file = load_space_file(locate(PresetKind::kSpaces, "compact"));
  const auto space = space::make_gibbon_space(file.spec);
  EXPECT_NEAR(space->log10_size(space::GenePart::kNetwork), 21.606, 1e-3);
  EXPECT_NEAR(space->log10_size(space::GenePart::kQuantization), 11.451, 1e-3);
}

TEST_F(Presets, SpacesTakeTheImagesOfTheDataSet) {
  const SpaceFile file = load_space_file(locate(PresetKind::kSpaces, "compact"));
  const auto spec = spec_for_images(file, {1, 28, 28}, 7);
  EXPECT_EQ(spec.input, (nn::Shape{1, 28, 28}));
  EXPECT_EQ(spec.num_classes, 7);
}

TEST_F(Presets, SpacesForOtherImagesAreRefused) {
  const std::string text = commented_yaml(space::gibbon_table1_spec());
  const fs::path path = write("s.yaml", text);
  const SpaceFile file = load_space_file(path);
  EXPECT_EQ(error_of([&] { spec_for_images(file, {3, 32, 32}, 10); }), "no error");
  EXPECT_EQ(error_of([&] {
              spec_for_images(file, {1, 28, 28}, 10);
            }),
            path.string() + ": input: the space is for images of 3x32x32, these are 1x28x28");
  EXPECT_EQ(error_of([&] {
              spec_for_images(file, {3, 32, 32}, 100);
            }),
            path.string() + ": num_classes: the space has 10, the data set 100");
}

TEST_F(Presets, ASpaceMayChooseByStageAndComesBackFromItsText) {
  space::GibbonSpaceSpec spec = space::gibbon_table1_spec();
  spec.channels = space::StageChoices::by_stage({{16}, {32, 48}, {64, 96}});
  spec.activation = space::BlockActivation::kHardTanh;
  const std::string text = commented_yaml(spec);
  EXPECT_THAT(text, testing::HasSubstr("\nchannels: [[16], [32, 48], [64, 96]]\n"));
  EXPECT_THAT(text, testing::HasSubstr("\nactivation: hardtanh\n"));
  const space::GibbonSpaceSpec read = load_space_file(write("s.yaml", text)).spec;
  EXPECT_EQ(read.channels.lists, spec.channels.lists);
  EXPECT_EQ(read.kernels.lists, spec.kernels.lists);
  EXPECT_EQ(read.activation, space::BlockActivation::kHardTanh);
}

/// The space of Fashion-MNIST's runs and an epitome gene for each of its 12 blocks.
TEST_F(Presets, TheJointSpaceAddsEpitomes) {
  const space::GibbonSpaceSpec joint = load_space_file(locate(PresetKind::kSpaces, "joint")).spec;
  space::GibbonSpaceSpec same = load_space_file(locate(PresetKind::kSpaces, "fashion-mnist")).spec;
  EXPECT_EQ(joint.epitomes, (std::vector<double>{1, 0.5, 0.25, 0.125}));
  EXPECT_THAT(commented_yaml(joint), testing::HasSubstr("\nepitomes: [none, 1/2, 1/4, 1/8]\n"));
  EXPECT_EQ(load_space_file(write("s.yaml", commented_yaml(joint))).spec.epitomes, joint.epitomes);
  EXPECT_EQ(make_gibbon_space(joint)->genes().size(), make_gibbon_space(same)->genes().size() + 12);
  same.name = joint.name;
  same.epitomes = joint.epitomes;
  EXPECT_EQ(commented_yaml(joint), commented_yaml(same));
}

TEST_F(Presets, MistakesInChoicesByStageAreShownWithTheirPlace) {
  const std::string good = commented_yaml(space::gibbon_table1_spec());
  const auto with = [&](const std::string& old_line, const std::string& new_line) {
    std::string text = good;
    text.replace(text.find(old_line), old_line.size(), new_line);
    const fs::path path = write("s.yaml", text);
    return error_of([&] { load_space_file(path); });
  };
  EXPECT_EQ(with("kernels: [1, 2, 3]", "kernels: [[1], [2, 3], [3]]"), "no error");
  EXPECT_THAT(with("kernels: [1, 2, 3]", "kernels: [[1], 2, [3]]"),
              testing::HasSubstr("kernels[1]: got '2', expected a list"));
  EXPECT_THAT(with("kernels: [1, 2, 3]", "kernels: [[1], [2]]"),
              testing::HasSubstr("kernels has 2 lists, it needs one for all stages or one for each "
                                 "of the 3"));
  EXPECT_THAT(with("kernels: [1, 2, 3]", "kernels: []"),
              testing::HasSubstr("kernels: the list is empty"));
  EXPECT_THAT(with("activation: relu", "activation: gelu"),
              testing::HasSubstr("activation: got 'gelu', expected one of relu, hardtanh"));
}

TEST_F(Presets, MistakesInASpaceAreShownWithTheirPlace) {
  const fs::path path = write("s.yaml", "name: x\nchanels: [1]\n");
  EXPECT_THAT(error_of([&] { load_space_file(path); }),
              testing::StartsWith(path.string() +
                                  ":2: chanels: unknown key; did you mean 'channels'? Allowed: "));
  write("s.yaml", "name: x\n");
  EXPECT_THAT(error_of([&] { load_space_file(path); }),
              testing::StartsWith(path.string() + ":1: stage_blocks: missing, expected "));
  std::string text = commented_yaml(space::gibbon_table1_spec());
  text.replace(text.find("kernels: [1"), 11, "kernels: [0");
  write("s.yaml", text);
  EXPECT_THAT(error_of([&] { load_space_file(path); }),
              testing::HasSubstr("kernels[0]: got '0', expected a whole number from 1 to 65536"));
  text.replace(text.find("kernels: [0"), 11, "kernels: [4");
  write("s.yaml", text);
  EXPECT_THAT(error_of([&] { load_space_file(path); }),
              testing::StartsWith(path.string() + ": space 'gibbon-table1': kernels"));
}

/// MNSIM's default chip is the default configuration but for the ADC: choice 6 is 6 bits, 1650 um2,
/// 1.26 mW, 1 GS/s.
TEST_F(Presets, TheDefaultChipIsMnsims) {
  const hw::HardwareConfig shipped = load_hardware(locate(PresetKind::kHardware, "mnsim-default"));
  EXPECT_EQ(shipped.adc.bits, 6);
  EXPECT_EQ(shipped.adc.area_um2, 1650);
  EXPECT_EQ(shipped.adc.power_w, 1.26e-3);
  hw::HardwareConfig expected;
  expected.name = shipped.name;
  expected.adc = shipped.adc;
  EXPECT_EQ(hw::to_json(shipped), hw::to_json(expected));
}

TEST_F(Presets, HardwareIsWrittenAndReadBack) {
  hw::HardwareConfig config = load_hardware(locate(PresetKind::kHardware, "mnsim-default"));
  config.device.read_latency_ns = 1.0 / 3;
  const fs::path path = write("h.yaml", commented_yaml(config));
  EXPECT_EQ(hw::to_json(load_hardware(path)), hw::to_json(config));
}

TEST_F(Presets, MistakesInHardwareAreShownWithTheirPlace) {
  const fs::path path = write("h.yaml", "name: x\ncrossbar:\n  rows: 64\n  colums: 64\n");
  EXPECT_THAT(error_of([&] { load_hardware(path); }),
              testing::AllOf(testing::StartsWith(path.string() + ":4: "),
                             testing::HasSubstr("crossbar.colums")));
  write("h.yaml", "crossbar:\n  cell: 1T1R\n  rows: many\n");
  EXPECT_THAT(error_of([&] { load_hardware(path); }),
              testing::AllOf(testing::StartsWith(path.string() + ":3: "),
                             testing::HasSubstr("crossbar.rows")));
}

TEST_F(Presets, ShippedNetworksHaveTheirMultiplyAccumulates) {
  // 28 x 28 x 25 x 6 + 10 x 10 x 25 x 6 x 16 + 16 x 120 x 25 + 120 x 84 + 84 x 10
  EXPECT_EQ(load_network(locate(PresetKind::kNetworks, "lenet-fashion")).mac_count(), 416520 + 0);
  const nn::Network vgg = load_network(locate(PresetKind::kNetworks, "vgg8-cifar10"));
  // 9 x (3 x 128 + 128 x 128 + 128 x 256 + 256 x 256 + 256 x 512 + 512 x 512 + 512 x 1024) + 10240
  EXPECT_EQ(vgg.weight_count(),
            9L * (384 + 16384 + 32768 + 65536 + 131072 + 262144 + 524288) + 10240);
  EXPECT_EQ(load_network(locate(PresetKind::kNetworks, "resnet18-cifar10")).layers().size(), 71u);
}

TEST_F(Presets, MistakesInANetworkAreShownWithTheirPlace) {
  const std::string head =
      "name: n\ninput: {channels: 3, height: 8, width: 8}\nnum_classes: 10\n"
      "layers:\n  - {name: a, type: conv, in_channels: 3, out_channels: 4, "
      "kernel: 3}\n";
  const fs::path path = write("n.yaml", head + "  - {name: b, type: convv}\n");
  EXPECT_THAT(error_of([&] { load_network(path); }),
              testing::StartsWith(path.string() + ":6: network layer 1 'b': "));
  write("n.yaml", head + "  - {name: b, type: linear, in_features: 7, out_features: 10}\n");
  EXPECT_THAT(error_of([&] { load_network(path); }),
              testing::StartsWith(path.string() + ":6: layer 'b' (linear): "));
}

TEST_F(Presets, FilesAndNamesAreFound) {
  EXPECT_EQ(locate(PresetKind::kSpaces, "compact"), fs::absolute("presets/spaces/compact.yaml"));
  const fs::path path = write("mine.yaml", "x: 1\n");
  EXPECT_EQ(locate(PresetKind::kSpaces, "mine.yaml", folder_), path);
  EXPECT_EQ(locate(PresetKind::kSpaces, path), path);
  EXPECT_THAT(
      error_of([] { locate(PresetKind::kRuns, "cifar01"); }),
      testing::StartsWith("unknown run 'cifar01'; did you mean 'cifar10'? Shipped: cifar10, "
                          "cifar10-hour, "));
  EXPECT_EQ(error_of([] { locate(PresetKind::kRuns, ""); }), "no run given");
}

}  // namespace
}  // namespace gibbon::app
