#include "gibbon/nn/importers/mnsim_case.hpp"

#include <gmock/gmock.h>

#include <filesystem>

#include "gibbon/base/error.hpp"
#include "gibbon/base/file.hpp"

namespace gibbon::nn {
namespace {

using base::Json;

Json case_of(const std::string& layers) {
  return Json::parse(R"({"input_shape":[3,8,8],"num_classes":4,"input_activation_scale":0.25,
      "input_activation_bit":7,"layers":[)" +
                     layers + "]}");
}

const char* const kConv =
    R"({"type":"conv","in_channels":3,"out_channels":4,"kernel_size":3,"padding":1,"inputs":[-1],
        "weight_bit":5,"activation_bit":6,"point_shift":-3})";

std::string message_of(const std::string& layers) {
  try {
    network_from_mnsim_case(case_of(layers));
  } catch (const base::Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(MnsimCase, ReadsEveryLayerType) {
  const std::string bits = R"("weight_bit":9,"activation_bit":8,"point_shift":-2})";
  const Network network = network_from_mnsim_case(case_of(
      std::string(kConv) + R"(,{"type":"bn","features":4,"inputs":[-1],)" + bits +
      R"(,{"type":"relu","inputs":[-1],)" + bits + R"(,{"type":"element_sum","inputs":[-1,-3],)" +
      bits + R"(,{"type":"pooling","mode":"AVE","kernel_size":2,"stride":2,"inputs":[-1],)" + bits +
      R"(,{"type":"pooling","mode":"ADA","kernel_size":4,"stride":4,"inputs":[-1],)" + bits +
      R"(,{"type":"view","inputs":[-1],)" + bits + R"(,{"type":"dropout","inputs":[-1],)" + bits +
      R"(,{"type":"fc","in_features":4,"out_features":4,"inputs":[-1],)" + bits));
  ASSERT_EQ(network.layers().size(), 9U);
  EXPECT_EQ(network.description().input_bits, 7);
  EXPECT_DOUBLE_EQ(network.description().input_scale, 0.25);
  const auto& conv = std::get<Conv>(network.layers()[0].parameters);
  EXPECT_EQ(network.layers()[0].name, "0_conv");
  EXPECT_EQ(conv.stride, 1);
  EXPECT_EQ(conv.padding, 1);
  EXPECT_EQ(conv.weight_bits, 5);
  EXPECT_EQ(conv.activation_bits, 6);
  EXPECT_EQ(conv.point_shift, -3);
  EXPECT_EQ(std::get<BatchNorm>(network.layers()[1].parameters).output_bits, 8);
  EXPECT_THAT(network.layers()[3].inputs, testing::ElementsAre(2, 0));
  EXPECT_EQ(std::get<Add>(network.layers()[3].parameters).channels, 4);
  EXPECT_EQ(std::get<Pool>(network.layers()[4].parameters).mode, PoolMode::kAverage);
  const auto& last_pool = std::get<Pool>(network.layers()[5].parameters);
  EXPECT_EQ(last_pool.mode, PoolMode::kGlobalAverage);
  EXPECT_EQ(last_pool.kernel, 4);
  EXPECT_EQ(network.layers()[8].name, "8_fc");
}

TEST(MnsimCase, NamesLayerAndKeyOfWhatIsWrong) {
  EXPECT_THAT(message_of(R"({"type":"lstm","inputs":[-1]})"),
              testing::AllOf(testing::HasSubstr("0_lstm"), testing::HasSubstr("element_sum")));
  EXPECT_THAT(message_of(R"({"type":"conv","inputs":[-1]})"),
              testing::AllOf(testing::HasSubstr("0_conv"), testing::HasSubstr("'in_channels'")));
  EXPECT_THAT(message_of(std::string(kConv) +
                         R"(,{"type":"pooling","mode":"MIN","kernel_size":2,"inputs":[-1]})"),
              testing::AllOf(testing::HasSubstr("1_pooling"), testing::HasSubstr("MAX, AVE, ADA")));
  EXPECT_THAT(message_of(R"({"type":"relu","inputs":[0]})"), testing::HasSubstr("not an earlier"));
  EXPECT_THAT(message_of(R"({"type":"bn","features":"3","activation_bit":9,"inputs":[-1]})"),
              testing::HasSubstr("an integer is needed"));
}

TEST(MnsimCase, ReadsEveryReferenceNetwork) {
  const std::filesystem::path folder =
      std::filesystem::path(GIBBON_SOURCE_DIR) / "../shared/mnsim/hardware";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no reference cases at " << folder;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    const Json json = Json::parse(base::read_file(file.path()));
    const Network network = network_from_mnsim_case(json.at("network"));
    EXPECT_EQ(network.layers().size(), json.at("network").at("layers").size()) << file.path();
    EXPECT_EQ(network.output_shape(static_cast<int>(network.layers().size()) - 1).channels,
              json.at("network").at("num_classes").get<int>())
        << file.path();
  }
}

}  // namespace
}  // namespace gibbon::nn
