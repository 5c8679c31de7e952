#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "error_of.hpp"
#include "gibbon/base/error.hpp"
#include "gibbon/nn/network.hpp"

namespace gibbon::nn {
namespace {

using base::Json;
using ::testing::HasSubstr;

Network every_layer_type() {
  NetworkDescription d;
  d.name = "all";
  d.input = {3, 8, 8};
  d.num_classes = 10;
  d.input_bits = 7;
  d.input_scale = 0.1;
  Conv conv{3, 8, 2, 1, 0, 1, PaddingMode::kSymmetric, 5, 7, -3};
  Conv grouped{8, 16, 3, 1, 1, 4, PaddingMode::kZeros, 7, 5, 0};
  d.layers = {{"c1", conv, {kNetworkInput}},
              {"bn", BatchNorm{8, 9}, {0}},
              {"float bn", BatchNorm{8, {}}, {0}},
              {"c2", grouped, {1}},
              {"act", HardTanh{6, 2.5}, {3}},
              {"relu", Relu{}, {2}},
              {"sum", Add{12, 8}, {4, 5}},
              {"drop", Dropout{}, {6}},
              {"max", Pool{PoolMode::kMax, 2, 2, 0, 5}, {7}},
              {"ave", Pool{PoolMode::kAverage, 2, 1, 1, 6}, {8}},
              {"ada", Pool{PoolMode::kGlobalAverage, 5, 5, 0, 7}, {9}},
              {"flat", Flatten{}, {10}},
              {"fc", Linear{12, 10, 6, 8, -1}, {11}},
              {"both", Concat{}, {12, 11}},
              {"shift", Bias{22, 6}, {13}},
              {"plain shift", Bias{22, {}}, {14}}};
  return Network(std::move(d));
}

std::string json_error(const Json& json) {
  return test::error_of([&] { network_from_json(json); });
}

TEST(NetworkJson, RoundTripKeepsEveryField) {
  const Network network = every_layer_type();
  const Json json = to_json(network);
  const Network back = network_from_json(Json::parse(json.dump()));
  EXPECT_EQ(to_json(back), json);
  EXPECT_EQ(back.layers().size(), 16U);
  const Conv& grouped = std::get<Conv>(back.layers()[3].parameters);
  EXPECT_EQ(grouped.groups, 4);
  EXPECT_EQ(grouped.weight_bits, 7);
  EXPECT_EQ(grouped.activation_bits, 5);
  EXPECT_EQ(grouped.point_shift, 0);
  EXPECT_EQ(std::get<Conv>(back.layers()[0].parameters).padding_mode, PaddingMode::kSymmetric);
  EXPECT_EQ(std::get<BatchNorm>(back.layers()[1].parameters).output_bits, 9);
  EXPECT_FALSE(std::get<BatchNorm>(back.layers()[2].parameters).output_bits.has_value());
  EXPECT_EQ(std::get<HardTanh>(back.layers()[4].parameters).output_bits, 6);
  EXPECT_EQ(std::get<HardTanh>(back.layers()[4].parameters).range, 2.5);
  EXPECT_EQ(back.layers()[6].inputs, (std::vector<int>{4, 5}));
  EXPECT_EQ(type_name(back.layers()[13].parameters), "concat");
  EXPECT_EQ(back.layers()[13].inputs, (std::vector<int>{12, 11}));
  EXPECT_EQ(std::get<Bias>(back.layers()[14].parameters).features, 22);
  EXPECT_EQ(std::get<Bias>(back.layers()[14].parameters).output_bits, 6);
  EXPECT_FALSE(std::get<Bias>(back.layers()[15].parameters).output_bits.has_value());
  EXPECT_EQ(std::get<Pool>(back.layers()[10].parameters).mode, PoolMode::kGlobalAverage);
  EXPECT_EQ(back.description().input_bits, 7);
  EXPECT_EQ(back.description().input_scale, 0.1);
}

TEST(NetworkJson, AbsentKeysTakeTheDefaultsAndAbsentInputsThePreviousLayer) {
  const Json json = Json::parse(R"({"name": "n", "num_classes": 2,
      "input": {"channels": 1, "height": 4, "width": 4},
      "layers": [{"name": "c", "type": "conv", "in_channels": 1, "out_channels": 2, "kernel": 3},
                 {"name": "r", "type": "relu"}]})");
  const Network network = network_from_json(json);
  EXPECT_EQ(network.layers()[0].inputs, (std::vector<int>{kNetworkInput}));
  EXPECT_EQ(network.layers()[1].inputs, (std::vector<int>{0}));
  EXPECT_EQ(std::get<Conv>(network.layers()[0].parameters).weight_bits, 9);
  EXPECT_EQ(network.description().input_bits, 9);
  EXPECT_EQ(network.description().input_scale, 1.0 / 255);
}

TEST(NetworkJson, ErrorsNameLayerAndKey) {
  const Json good = to_json(every_layer_type());

  Json json = good;
  json["layers"][3]["colour"] = 1;
  EXPECT_THAT(json_error(json),
              HasSubstr("network layer 3 'c2': unknown key 'colour', allowed are"));

  json = good;
  json["layers"][3].erase("kernel");
  EXPECT_EQ(json_error(json), "network layer 3 'c2': key 'kernel' is missing");
  json["layers"][3]["kernal"] = 3;
  EXPECT_EQ(json_error(json), "network layer 3 'c2': key 'kernel' is missing, there is 'kernal'");

  json = good;
  json["layers"][3]["kernel"] = 1.5;
  EXPECT_EQ(json_error(json), "network layer 3 'c2': key 'kernel' must be an integer, got 1.5");

  json = good;
  json["layers"][3]["kernel"] = 4294967296;
  EXPECT_THAT(json_error(json), HasSubstr("key 'kernel' must be an integer"));

  json = good;
  json["layers"][0]["padding_mode"] = "mirror";
  EXPECT_EQ(json_error(json),
            "network layer 0 'c1': key 'padding_mode' must be one of symmetric, zeros, got "
            "\"mirror\"");

  json = good;
  json["layers"][8]["mode"] = 3;
  EXPECT_EQ(json_error(json),
            "network layer 8 'max': key 'mode' must be one of average, global_average, max, got 3");

  json = good;
  json["layers"][5]["type"] = "swish";
  EXPECT_THAT(
      json_error(json),
      HasSubstr("network layer 5 'relu': key 'type' must be one of conv, linear, "
                "batch_norm, relu, hardtanh, pool, add, concat, flatten, dropout, bias, tokens, "
                "select_token, layer_norm, gelu, softmax, matmul, got"));

  json = good;
  json["layers"][13]["channels"] = 22;
  EXPECT_THAT(json_error(json), HasSubstr("network layer 13 'both': unknown key 'channels'"));

  json = good;
  json["layers"][5]["inputs"] = {"fc"};
  EXPECT_EQ(json_error(json),
            "network layer 5 'relu': key 'inputs': no earlier layer is called \"fc\" (@input "
            "stands for the network's input)");

  json = good;
  json["layers"][5]["inputs"] = "c1";
  EXPECT_THAT(json_error(json),
              HasSubstr("key 'inputs' must be a list of layer names, got \"c1\""));

  json = good;
  json["layers"][5]["inputs"] = {1};
  EXPECT_THAT(json_error(json), HasSubstr("key 'inputs' must be a list of layer names, got [1]"));

  json = good;
  json["layers"][5]["name"] = "c1";
  EXPECT_EQ(json_error(json), "network layer 5 'c1': another layer has this name");

  json = good;
  json["layers"][5]["name"] = 5;
  EXPECT_EQ(json_error(json), "network layer 5: key 'name' must be a text, got 5");

  json = good;
  json["layers"][5] = 7;
  EXPECT_EQ(json_error(json), "network layer 5: expected an object, got number");

  json = good;
  json["layers"] = 7;
  EXPECT_EQ(json_error(json), "network: key 'layers' must be a list");

  json = good;
  json["input"].erase("width");
  EXPECT_EQ(json_error(json), "network input: key 'width' is missing");

  json = good;
  json["input_scale"] = "small";
  EXPECT_EQ(json_error(json), "network: key 'input_scale' must be a number, got \"small\"");

  json = good;
  json["colour"] = 1;
  EXPECT_THAT(json_error(json), HasSubstr("network: unknown key 'colour'"));

  EXPECT_EQ(json_error(Json::array()), "network: expected an object, got array");
}

}  // namespace
}  // namespace gibbon::nn
