#include "gibbon/nn/importers/neurosim_csv.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "error_of.hpp"
#include "gibbon/base/error.hpp"
#include "gibbon/base/rng.hpp"

namespace gibbon::nn {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Network parse(const std::string& content, const ImportOptions& options = {}) {
  return parse_neurosim_csv(content, "folder/NetWork.csv", options);
}

std::string csv_error(const std::string& content) {
  return test::error_of([&] { parse(content); });
}

std::vector<std::string> layer_names(const Network& network) {
  std::vector<std::string> names;
  for (const Layer& layer : network.layers()) names.push_back(layer.name);
  return names;
}

template <typename Parameters>
Parameters parameters(const Network& network, std::size_t layer) {
  return std::get<Parameters>(network.layers().at(layer).parameters);
}

TEST(NeuroSimCsv, ReadsRows) {
  const Network network = parse(
      "8,6,3,3,3,4,1\n"
      "4,3,4,1,1,5,0\n"
      "1,1,60,1,1,10,0\n",
      {5, 7, 4, 0.5});
  EXPECT_EQ(network.description().name, "NetWork");
  EXPECT_EQ(network.input(), (Shape{3, 8, 6}));
  EXPECT_EQ(network.description().num_classes, 10);
  EXPECT_EQ(network.description().input_bits, 4);
  EXPECT_EQ(network.description().input_scale, 0.5);
  EXPECT_THAT(layer_names(network),
              ElementsAre("conv1", "relu1", "pool1", "conv2", "relu2", "flatten1", "fc1"));
  const auto conv = parameters<Conv>(network, 0);
  EXPECT_EQ(conv.in_channels, 3);
  EXPECT_EQ(conv.out_channels, 4);
  EXPECT_EQ(conv.kernel, 3);
  EXPECT_EQ(conv.stride, 1);
  EXPECT_EQ(conv.padding, 1);
  EXPECT_EQ(conv.weight_bits, 5);
  EXPECT_EQ(conv.activation_bits, 7);
  const auto pool = parameters<Pool>(network, 2);
  EXPECT_EQ(pool.mode, PoolMode::kMax);
  EXPECT_EQ(pool.kernel, 2);
  EXPECT_EQ(pool.stride, 2);
  EXPECT_EQ(pool.activation_bits, 7);
  EXPECT_EQ(parameters<Linear>(network, 6).in_features, 60);  // 4 x 3 x 5
}

TEST(NeuroSimCsv, ReadsPerceptrons) {
  const Network network = parse("1,1,784,1,1,100,0,1\n1,1,100,1,1,10,0,1\n");
  EXPECT_THAT(layer_names(network), ElementsAre("fc1", "relu1", "fc2"));
  EXPECT_EQ(network.input(), (Shape{784, 1, 1}));
}

TEST(NeuroSimCsv, PaddingIsWhatTheNextRowNeeds) {
  // (9 + 2p - 3) / 2 + 1: 4 with p = 0, 5 with p = 1.
  EXPECT_EQ(parameters<Conv>(parse("9,9,1,3,3,1,0,2\n4,4,1,1,1,1,0,1\n"), 0).padding, 0);
  EXPECT_EQ(parameters<Conv>(parse("9,9,1,3,3,1,0,2\n5,5,1,1,1,1,0,1\n"), 0).padding, 1);
  // 9 - 3 + 1 = 7 without padding; a last row keeps its size.
  const Network valid = parse("9,9,1,3,3,1,0\n7,7,1,5,5,1,0\n");
  EXPECT_EQ(parameters<Conv>(valid, 0).padding, 0);
  EXPECT_EQ(valid.output_shape(2), (Shape{1, 7, 7}));
  // More than half of the kernel: 4 + 2 x 2 - 3 + 1 = 6.
  EXPECT_EQ(parameters<Conv>(parse("4,4,1,3,3,1,0\n6,6,1,1,1,1,0\n"), 0).padding, 2);
}

TEST(NeuroSimCsv, PoolingMayCollapseTheImage) {
  // 7x7 does not halve to 1x1.
  const Network network = parse("7,7,8,3,3,8,1,1\n1,1,8,1,1,10,0,1\n");
  EXPECT_THAT(layer_names(network), ElementsAre("conv1", "relu1", "pool1", "flatten1", "fc1"));
  EXPECT_EQ(parameters<Pool>(network, 2).mode, PoolMode::kGlobalAverage);
  EXPECT_EQ(parameters<Pool>(network, 2).kernel, 7);
  // 12 to 4: windows of 3. Halves would need 8 or 9 before pooling, padding 0 to 2 gives 10,
  // 12, 14.
  const Network thirds = parse("12,12,8,3,3,8,1,1\n4,4,8,1,1,8,0,1\n");
  EXPECT_EQ(parameters<Pool>(thirds, 2).mode, PoolMode::kMax);
  EXPECT_EQ(parameters<Pool>(thirds, 2).kernel, 3);
}

/// Rows 2 to 4 are the first block with a shortcut of ResNet-18, made small.
TEST(NeuroSimCsv, AddsShortcuts) {
  const Network network = parse(
      "8,8,3,3,3,4,0,1\n"
      "8,8,4,3,3,6,0,2\n"
      "4,4,6,3,3,6,0,1\n"
      "8,8,4,1,1,6,0,2\n"
      "4,4,6,3,3,6,1,1\n"
      "1,1,6,1,1,10,0,1\n");
  EXPECT_THAT(layer_names(network),
              ElementsAre("conv1", "relu1", "conv2", "relu2", "conv3", "conv4", "add1", "relu3",
                          "conv5", "relu4", "pool1", "flatten1", "fc1"));
  EXPECT_THAT(network.layers()[5].inputs, ElementsAre(1));  // what conv2 reads
  EXPECT_THAT(network.layers()[6].inputs, ElementsAre(4, 5));
  EXPECT_EQ(parameters<Conv>(network, 5).stride, 2);
  EXPECT_EQ(network.output_shape(6), (Shape{6, 4, 4}));
}

TEST(NeuroSimCsv, SpacesWindowsLineEndsAndMarksAreFine) {
  const Network network = parse("\xEF\xBB\xBF 4 , 4,1 ,3,3,2,0\r\n\r\n4,4,2,3,3,2,0");
  EXPECT_THAT(layer_names(network), ElementsAre("conv1", "relu1", "conv2"));
}

TEST(NeuroSimCsv, ErrorsNameLineAndColumn) {
  EXPECT_EQ(csv_error(""), "folder/NetWork.csv: holds no layers");
  EXPECT_EQ(csv_error("4,4,1,3,x3,2,0\n"),
            "folder/NetWork.csv:1:5: kernel width is 'x3', allowed are integers from 1 to 4096");
  EXPECT_EQ(csv_error("4,4,1,3,3,2,0\n\n4,4,2,3,3,2,2\n"),
            "folder/NetWork.csv:3:7: followed by pooling is '2', allowed are integers from 0 to 1");
  EXPECT_THAT(csv_error("0,4,1,3,3,2,0\n"), HasSubstr(":1:1: input length is '0'"));
  EXPECT_THAT(csv_error("4,4,1,3,3,2,0,0\n"), HasSubstr(":1:8: stride is '0'"));
  EXPECT_THAT(csv_error("4,99999999999,1,3,3,2,0\n"), HasSubstr(":1:2: input width is '9999"));
  EXPECT_THAT(csv_error("4,4,1.5,3,3,2,0\n"), HasSubstr(":1:3: input channels is '1.5'"));
  EXPECT_THAT(csv_error("4,4,1,3,3,,0\n"), HasSubstr(":1:6: output channels is ''"));
  EXPECT_THAT(csv_error("4,4,1,3,3,2\n"), HasSubstr(":1: 6 columns, 7 or 8 are needed"));
  EXPECT_THAT(csv_error("4,4,1,3,3,2,0,1,1\n"), HasSubstr(":1: 9 columns, 7 or 8 are needed"));
  EXPECT_THAT(csv_error("4,4,1,3,1,2,0\n"),
              HasSubstr(":1:5: the kernel is 3x1, square ones are supported"));
  EXPECT_THAT(csv_error("65536,65536,1,3,3,2,0\n"), HasSubstr("more than 67108864 elements"));
}

TEST(NeuroSimCsv, ErrorsOfRowsThatDoNotFit) {
  EXPECT_EQ(
      csv_error("8,8,1,3,3,2,0\n8,8,4,3,3,2,0\n"),
      "folder/NetWork.csv:2: its input 8x8x4 is not what line 1 gives (8x8x2 with padding 1); "
      "rows have to follow each other (use a YAML or ONNX file for other networks)");
  EXPECT_THAT(csv_error("8,8,1,3,3,2,1\n8,8,2,3,3,2,0\n"),
              HasSubstr("not what line 1 gives (8x8x2 before pooling with padding 1)"));
  EXPECT_THAT(csv_error("8,8,1,3,3,2,1\n"),
              HasSubstr(":1: the last row is followed by pooling, but no row says to what size"));
  // 1x1, but no row before it reads 6x6x1.
  EXPECT_THAT(csv_error("8,8,1,3,3,2,0\n6,6,1,1,1,2,0\n"), HasSubstr(":2: its input 6x6x1"));
  EXPECT_THAT(csv_error("8,8,1,9,9,2,0\n1,1,3,1,1,2,0\n"), HasSubstr(":2: its input 1x1x3"));
}

TEST(NeuroSimCsv, AnyTextEndsInANetworkOrAnError) {
  const std::string whole = "8,8,3,3,3,4,1,1\n4,4,4,3,3,4,0,1\n4,4,4,1,1,2,0,2\n1,1,8,1,1,10,0,1\n";
  const std::string letters = "0123456789,,\n\n -x\xFF";
  base::Rng rng(3);
  for (int round = 0; round < 20000; ++round) {
    std::string damaged = whole.substr(0, rng.below(whole.size() + 1));
    for (int change = 0; change < 3 && !damaged.empty(); ++change) {
      damaged[rng.below(damaged.size())] = letters[rng.below(letters.size())];
    }
    EXPECT_THAT(csv_error(damaged),
                testing::AnyOf("no error", testing::StartsWith("folder/NetWork.csv")));
  }
}

}  // namespace
}  // namespace gibbon::nn
