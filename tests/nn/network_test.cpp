#include "gibbon/nn/network.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "error_of.hpp"
#include "gibbon/base/error.hpp"

namespace gibbon::nn {
namespace {

Network network(Shape input, std::vector<Layer> layers) {
  NetworkDescription d;
  d.name = "n";
  d.input = input;
  d.num_classes = 2;
  d.layers = std::move(layers);
  return Network(std::move(d));
}

std::string layers_error(Shape input, std::vector<Layer> layers) {
  return test::error_of([&] { network(input, std::move(layers)); });
}

NetworkDescription one_relu() {
  NetworkDescription d;
  d.name = "one";
  d.input = {1, 8, 8};
  d.num_classes = 1;
  d.layers = {{"relu", Relu{}, {kNetworkInput}}};
  return d;
}

std::string problem_of(const NetworkDescription& description) {
  return test::error_of([&] { const Network network(description); });
}

TEST(Network, RefusesWhatStandsBeforeTheLayersOnBothSidesOfEachBound) {
  NetworkDescription d = one_relu();
  for (const int bits : {2, 16}) {
    d.input_bits = bits;
    const Network network(d);
  }
  for (const int bits : {1, 17}) {
    d.input_bits = bits;
    EXPECT_EQ(problem_of(d),
              fmt::format("network 'one': input_bits is {}, allowed are 2 to 16", bits));
  }
  d = one_relu();
  for (const double scale : {0.0, -1.0}) {
    d.input_scale = scale;
    EXPECT_EQ(problem_of(d),
              fmt::format("network 'one': input_scale is {}, allowed is more than 0", scale));
  }
  d = one_relu();
  d.num_classes = -1;
  EXPECT_EQ(problem_of(d), "network 'one': num_classes is -1, allowed are 1 and more");
}

TEST(Network, CountsItsValuesIn32Bits) {
  NetworkDescription d = one_relu();
  d.input = {1, 1, 2147483647};
  const Network network(d);
  d.input = {2, 32768, 32768};  // 2^31
  EXPECT_EQ(problem_of(d),
            "network 'one': input shape 2x32768x32768 is not positive, or holds more than "
            "2147483647 values");
  d = one_relu();
  d.input = {1, 1024, 1024};
  Conv conv{1, 2048, 1};
  d.layers = {{"conv", conv, {kNetworkInput}}};
  EXPECT_EQ(problem_of(d),
            "layer 'conv' (conv): gives 2048 x 1024 x 1024 values, more than 2147483647");
  conv.out_channels = 2047;
  d.layers = {{"conv", conv, {kNetworkInput}}};
  EXPECT_EQ(problem_of(d), "no error");
}

TEST(Network, AConcatHasTheChannelsOfAllItsInputs) {
  const Network joined = network({3, 8, 8}, {{"a", Conv{3, 4, 3, 2, 1}, {kNetworkInput}},
                                             {"b", Pool{PoolMode::kMax, 2, 2}, {kNetworkInput}},
                                             {"cat", Concat{}, {0, 1, 0}},
                                             {"c", Conv{11, 2, 1}, {2}}});
  EXPECT_EQ(joined.output_shape(2), (Shape{11, 4, 4}));  // 4 + 3 + 4
  EXPECT_EQ(joined.input_shape(3), (Shape{11, 4, 4}));
  EXPECT_EQ(joined.weight_count(), 4 * 3 * 9 + 2 * 11);
  EXPECT_EQ(joined.mac_count(), 4 * 3 * 9 * 16 + 2 * 11 * 16);
}

TEST(Network, AConcatJoinsVectors) {
  const Network joined = network(
      {3, 2, 2},
      {{"flat", Flatten{}, {kNetworkInput}}, {"a", Linear{12, 5}, {0}}, {"cat", Concat{}, {1, 0}}});
  EXPECT_EQ(joined.output_shape(2), (Shape{17, 1, 1}));
}

TEST(Network, AConcatRefusesWhatDoesNotFit) {
  EXPECT_EQ(layers_error({3, 8, 8}, {{"cat", Concat{}, {kNetworkInput}}}),
            "layer 'cat' (concat): needs at least two inputs");
  EXPECT_EQ(layers_error({3, 8, 8}, {{"cat", Concat{}, {}}}), "layer 'cat' (concat): has no input");
  EXPECT_EQ(layers_error({3, 8, 8}, {{"pool", Pool{PoolMode::kMax, 2, 2}, {kNetworkInput}},
                                     {"cat", Concat{}, {kNetworkInput, 0}}}),
            "layer 'cat' (concat): inputs of 8x8 and 4x4 cannot be concatenated");
  EXPECT_EQ(layers_error({3, 8, 6}, {{"pool", Pool{PoolMode::kMax, 2, 1}, {kNetworkInput}},
                                     {"cat", Concat{}, {kNetworkInput, kNetworkInput, 0}}}),
            "layer 'cat' (concat): inputs of 8x6 and 7x5 cannot be concatenated");
  EXPECT_EQ(layers_error({3, 8, 8}, {{"cat", Concat{}, {kNetworkInput, 0}}}),
            "layer 'cat' (concat): input 0 is not an earlier layer");
}

TEST(Network, ABiasHasAsManyFeaturesAsItsInputHasChannels) {
  EXPECT_EQ(layers_error({2, 3, 3}, {{"shift", Bias{2, {}}, {kNetworkInput}}}), "no error");
  EXPECT_EQ(layers_error({2, 3, 3}, {{"shift", Bias{3, {}}, {kNetworkInput}}}),
            "layer 'shift' (bias): features is 3, its input has 2 channels");
  EXPECT_EQ(layers_error({2, 3, 3}, {{"shift", Bias{2, 17}, {kNetworkInput}}}),
            "layer 'shift' (bias): output_bits is 17, allowed are 2 to 16");
}

TEST(Network, OnlyAddAndConcatTakeSeveralInputs) {
  EXPECT_EQ(layers_error({3, 8, 8}, {{"r", Relu{}, {kNetworkInput, kNetworkInput}}}),
            "layer 'r' (relu): takes one input");
  EXPECT_EQ(layers_error({3, 8, 8}, {{"s", Add{3}, {kNetworkInput, kNetworkInput}}}), "no error");
}

TEST(Network, AnAddRefusesWhatDoesNotFit) {
  EXPECT_EQ(layers_error({3, 8, 8}, {{"s", Add{3}, {kNetworkInput}}}),
            "layer 's' (add): needs at least two inputs");
  EXPECT_EQ(layers_error({3, 8, 8}, {{"pool", Pool{PoolMode::kMax, 2, 2}, {kNetworkInput}},
                                     {"s", Add{3}, {kNetworkInput, 0}}}),
            "layer 's' (add): inputs of 8x8 and 4x4 cannot be added");
}

}  // namespace
}  // namespace gibbon::nn
