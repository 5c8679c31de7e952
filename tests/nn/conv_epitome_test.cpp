// Convolutions of a network that have epitomes: what is refused, and their JSON.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "error_of.hpp"
#include "gibbon/nn/network.hpp"

namespace gibbon::nn {
namespace {

Conv with_epitome(const EpitomeShape& shape) {
  Conv conv{4, 8, 3, 1, 1};
  conv.epitome = ConvEpitome{shape, OutputBlocks::kWrapped};
  return conv;
}

Network one_layer(const Conv& conv) {
  NetworkDescription description;
  description.name = "one";
  description.input = {4, 6, 6};
  description.num_classes = 2;
  description.layers = {{"c", conv, {kNetworkInput}}};
  return Network(std::move(description));
}

std::string refusal(const Conv& conv) {
  return test::error_of([&] { one_layer(conv); });
}

TEST(ConvEpitome, JsonKeepsIt) {
  const Network network = one_layer(with_epitome({4, 2, 3, 3}));
  const base::Json json = to_json(network);
  const Network again = network_from_json(json);
  EXPECT_EQ(std::get<Conv>(again.layers()[0].parameters).epitome,
            std::get<Conv>(network.layers()[0].parameters).epitome);

  base::Json brief = json;
  brief["layers"][0]["epitome"] = {{"out_channels", 4}, {"in_channels", 2}};
  const Network spread = network_from_json(brief);
  EXPECT_EQ(std::get<Conv>(spread.layers()[0].parameters).epitome,
            (ConvEpitome{{4, 2, 3, 3}, OutputBlocks::kSpread}));

  brief["layers"][0]["epitome"]["rows"] = 4;
  EXPECT_EQ(test::error_of([&] { network_from_json(brief); }),
            "network layer 0 'c': epitome: unknown key 'rows', allowed are out_channels, "
            "in_channels, height, width, wrap");
  EXPECT_FALSE(to_json(one_layer(Conv{4, 8, 3, 1, 1}))["layers"][0].contains("epitome"));
}

TEST(ConvEpitome, ImpossibleOnesAreRefused) {
  EXPECT_EQ(refusal(with_epitome({4, 2, 3, 3})), "no error");
  EXPECT_EQ(refusal(with_epitome({0, 2, 3, 3})),
            "layer 'c' (conv): an epitome of 0x2 channels is not positive");
  EXPECT_EQ(refusal(with_epitome({4, 2, 2, 3})),
            "layer 'c' (conv): an epitome of 2x3 has no window of 3x3");
  Conv grouped = with_epitome({4, 2, 3, 3});
  grouped.groups = 2;
  EXPECT_EQ(refusal(grouped),
            "layer 'c' (conv): 2 groups; only ungrouped convolutions can be epitomes");
  Conv symmetric = with_epitome({4, 2, 3, 3});
  symmetric.kernel = 2;
  symmetric.padding = 0;
  symmetric.padding_mode = PaddingMode::kSymmetric;
  EXPECT_EQ(
      refusal(symmetric),
      "layer 'c' (conv): symmetric padding needs an epitome of the kernel's height and width");
}

}  // namespace
}  // namespace gibbon::nn
