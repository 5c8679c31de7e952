#include "gibbon/app/config/epitome_yaml.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include "error_of.hpp"
#include "gibbon/base/file.hpp"

namespace gibbon::app {
namespace {

namespace fs = std::filesystem;
using test::error_of;

nn::Conv conv(int in, int out, int groups = 1) {
  nn::Conv conv;
  conv.in_channels = in;
  conv.out_channels = out;
  conv.kernel = 3;
  conv.padding = 1;
  conv.groups = groups;
  return conv;
}

nn::Network two_layers() {
  nn::NetworkDescription description;
  description.name = "two";
  description.input = {64, 8, 8};
  description.num_classes = 2;
  description.layers = {{"a", conv(64, 128), {nn::kNetworkInput}}, {"b", conv(128, 64, 2), {0}}};
  return nn::Network(std::move(description));
}

class EpitomeYaml : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("gibbon_epitome_" + std::to_string(getpid()));
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string file(const std::string& text) const {
    const fs::path path = folder_ / "e.yaml";
    base::write_file_atomically(path, text);
    return path.string();
  }
  std::string problem(const std::string& text) const {
    const std::string path = file(text);
    const std::string message = error_of([&] { load_storage(path, two_layers(), {}); });
    return message.substr(message.find("e.yaml"));
  }

 private:
  fs::path folder_;
};

/// 512 rows hold 2 crossbars of 28 channels of 9 rows; the grouped layer stays. 9 bits: 8 slices.
TEST_F(EpitomeYaml, ARuleIsForEveryUngroupedConvolution) {
  const auto storage = load_storage("512x32", two_layers(), {});
  ASSERT_EQ(storage.size(), 2u);
  EXPECT_EQ(storage[0], (sim::LayerStorage{nn::EpitomeShape{32, 56, 3, 3}, 8}));
  EXPECT_EQ(storage[1], (sim::LayerStorage{std::nullopt, 8}));
}

TEST_F(EpitomeYaml, AFileNamesLayers) {
  const auto storage =
      load_storage(file("layers:\n  a: {shape: 512x32, wrap: true, bits: 5}\n  b: {bits: 3}\n"),
                   two_layers(), {});
  EXPECT_EQ(storage[0],
            (sim::LayerStorage{nn::EpitomeShape{32, 56, 3, 3}, 4, nn::OutputBlocks::kWrapped}));
  EXPECT_EQ(storage[1], (sim::LayerStorage{std::nullopt, 2}));
}

TEST_F(EpitomeYaml, WhatIsPrintedReadsBack) {
  const nn::Network network = two_layers();
  for (const nn::EpitomeShape shape : {nn::EpitomeShape{32, 56, 3, 3}, {64, 60, 3, 3}}) {
    const std::vector<sim::LayerStorage> storage = {{shape, 4, nn::OutputBlocks::kWrapped},
                                                    {std::nullopt, 8}};
    EXPECT_EQ(load_storage(file(to_yaml(storage, network, {})), network, {}), storage);
  }
}

TEST_F(EpitomeYaml, MistakesNameTheLine) {
  EXPECT_EQ(problem("layers:\n  aa: {bits: 3}\n"),
            "e.yaml:1: layers: network 'two' has no layer 'aa'; did you mean 'a'?");
  EXPECT_EQ(problem("layers:\n  b: {shape: 512x32}\n"),
            "e.yaml:2: layers.b.shape: only an ungrouped convolution has epitomes");
  EXPECT_EQ(problem("layers:\n  a: {shape: 4096x256}\n"),
            "e.yaml:2: layers.a.shape: not smaller than the convolution; leave the shape out to "
            "keep that");
  EXPECT_EQ(problem("layers:\n  a: {bits: 17}\n"),
            "e.yaml:2: layers.a.bits: got '17', expected a whole number from 2 to 16");
}

}  // namespace
}  // namespace gibbon::app
