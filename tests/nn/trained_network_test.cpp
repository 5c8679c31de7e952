#include "gibbon/nn/trained_network.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include "gibbon/base/error.hpp"
#include "gibbon/base/file.hpp"

namespace gibbon::nn {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

TrainedNetwork small_trained_network() {
  NetworkDescription d;
  d.name = "small";
  d.input = {2, 3, 3};
  d.num_classes = 2;
  d.layers = {{"c", Conv{2, 2, 1, 1, 0, 2}, {kNetworkInput}},
              {"b", BatchNorm{2, 9}, {0}},
              {"r", Relu{}, {1}},
              {"f", Flatten{}, {2}},
              {"l", Linear{18, 2}, {3}},
              {"shift", Bias{2, {}}, {4}}};
  TrainedNetwork trained{Network(std::move(d)), std::vector<LayerState>(6)};
  trained.states[0].weight = {0.1F, -0.2F};
  trained.states[0].input = {9, 1.0 / 255};
  trained.states[0].weights = {9, 0.2 / 255};
  trained.states[0].output = {7, 0.3};
  trained.states[0].output_range = 1.0 / 3;
  trained.states[1].gamma = {1, 2};
  trained.states[1].beta = {3, 4};
  trained.states[1].running_mean = {5, 6};
  trained.states[1].running_variance = {7, 8};
  trained.states[1].epsilon = 1e-4;
  trained.states[4].weight.resize(36);
  for (std::size_t i = 0; i < 36; ++i) trained.states[4].weight[i] = static_cast<float>(i) / 7;
  trained.states[5].beta = {0.75F, -1.0F / 3};
  return trained;
}

class TrainedNetworkFile : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string test = ::testing::UnitTest::GetInstance()->current_test_info()->name();
    path_ = std::filesystem::path(::testing::TempDir()) / ("trained_network_" + test);
  }
  void TearDown() override { std::filesystem::remove(path_); }

  std::string error_after(const std::string& content) {
    base::write_file_atomically(path_, content);
    return load_error();
  }
  std::string load_error() {
    try {
      load_trained_network(path_);
    } catch (const base::Error& error) {
      EXPECT_THAT(error.what(), HasSubstr(path_.string()));
      return error.what();
    }
    return "no error";
  }
  /// The file of `header` and the bytes behind it.
  static std::string file_of(const base::Json& header, const std::string& data) {
    const std::string text = header.dump();
    const std::uint64_t length = text.size();
    return std::string(reinterpret_cast<const char*>(&length), 8) + text + data;
  }
  static std::pair<base::Json, std::string> split(const std::string& content) {
    std::uint64_t length = 0;
    std::memcpy(&length, content.data(), 8);
    return {base::Json::parse(content.substr(8, length)), content.substr(8 + length)};
  }

  std::filesystem::path path_;
};

TEST_F(TrainedNetworkFile, RoundTripKeepsEveryNumberExactly) {
  const TrainedNetwork saved = small_trained_network();
  save(saved, path_);
  const TrainedNetwork back = load_trained_network(path_);
  EXPECT_EQ(to_json(back.network), to_json(saved.network));
  ASSERT_EQ(back.states.size(), saved.states.size());
  for (std::size_t i = 0; i < saved.states.size(); ++i) {
    const LayerState& a = saved.states[i];
    const LayerState& b = back.states[i];
    EXPECT_EQ(a.weight, b.weight);
    EXPECT_EQ(a.gamma, b.gamma);
    EXPECT_EQ(a.beta, b.beta);
    EXPECT_EQ(a.running_mean, b.running_mean);
    EXPECT_EQ(a.running_variance, b.running_variance);
    EXPECT_EQ(a.epsilon, b.epsilon);
    EXPECT_EQ(a.output_range, b.output_range);
    EXPECT_EQ(a.input.bits, b.input.bits);
    EXPECT_EQ(a.input.scale, b.input.scale);
    EXPECT_EQ(a.weights.scale, b.weights.scale);
    EXPECT_EQ(a.output.bits, b.output.bits);
    EXPECT_EQ(a.output.scale, b.output.scale);
  }
}

TEST_F(TrainedNetworkFile, ScalesOfPairsAndEpitomesAreKept) {
  NetworkDescription d;
  d.name = "epitome";
  d.input = {2, 3, 3};
  d.num_classes = 2;
  Conv conv{2, 2, 1, 1, 0};
  conv.epitome = ConvEpitome{{1, 2, 1, 1}, OutputBlocks::kWrapped};
  d.layers = {{"c", conv, {kNetworkInput}}};
  TrainedNetwork trained{Network(std::move(d)), std::vector<LayerState>(1)};
  trained.states[0].weight = {0.1F, -0.2F, 0.1F, -0.2F};
  trained.states[0].pair_scales = {0.1F, 0.05F, 0.1F, 0.05F};
  save(trained, path_);
  const TrainedNetwork loaded = load_trained_network(path_);
  EXPECT_EQ(loaded.states[0].pair_scales, trained.states[0].pair_scales);
  EXPECT_EQ(std::get<Conv>(loaded.network.layers()[0].parameters).epitome, conv.epitome);
}

TEST_F(TrainedNetworkFile, LayoutIsThatOfSafetensors) {
  save(small_trained_network(), path_);
  const auto [header, data] = split(base::read_file(path_));
  EXPECT_EQ(
      header["c.weight"],
      base::Json::parse(R"({"dtype": "F32", "shape": [2, 1, 1, 1], "data_offsets": [0, 8]})"));
  EXPECT_EQ(header["b.gamma"]["data_offsets"], base::Json::parse("[8, 16]"));
  for (const auto& item : header["__metadata__"].items()) EXPECT_TRUE(item.value().is_string());
  float second = 0;
  std::memcpy(&second, data.data() + 4, 4);
  EXPECT_EQ(second, -0.2F);
  EXPECT_EQ(data.size(), 4U * (2 + 4 * 2 + 36 + 2));
  EXPECT_EQ((base::read_file(path_).size() - data.size()) % 8, 0U);
}

TEST_F(TrainedNetworkFile, WeightsThatAreNoNumbersAreRefused) {
  for (const float value :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    TrainedNetwork trained = small_trained_network();
    trained.states[0].weight[1] = value;
    save(trained, path_);
    EXPECT_THAT(load_error(),
                EndsWith("array 'c.weight' holds a value that is not a finite number"));
  }
}

TEST_F(TrainedNetworkFile, MissingFile) {
  EXPECT_THAT(load_error(), EndsWith("No such file or directory"));
}

TEST_F(TrainedNetworkFile, EveryTruncationIsRefused) {
  save(small_trained_network(), path_);
  const std::string content = base::read_file(path_);
  for (std::size_t size = 0; size < content.size(); size += size < 16 ? 1 : 61) {
    EXPECT_NE(error_after(content.substr(0, size)), "no error") << "at " << size << " bytes";
  }
  EXPECT_THAT(error_after(content.substr(0, 7)), HasSubstr("is too short"));
  EXPECT_THAT(error_after(content.substr(0, 100)), HasSubstr("is truncated or no trained network"));
  EXPECT_THAT(error_after(content.substr(0, content.size() - 1)),
              HasSubstr("is truncated: array 'shift.bias' ends at byte 192 of 191"));
}

TEST_F(TrainedNetworkFile, CorruptHeadersAreRefused) {
  save(small_trained_network(), path_);
  const std::string content = base::read_file(path_);
  const auto [good, data] = split(content);

  std::string broken = content;
  broken[8] = 'x';
  EXPECT_THAT(error_after(broken), HasSubstr("has a corrupt header"));
  EXPECT_THAT(error_after(content + "tail"),
              HasSubstr("has 196 bytes of arrays, its header accounts for 192"));

  base::Json header = good;
  header.erase("__metadata__");
  EXPECT_THAT(error_after(file_of(header, data)),
              HasSubstr("is no trained network of gibbon's: its __metadata__ has no 'format'; "
                        "'gibbon train' writes such files"));
  header = good;
  header["__metadata__"].erase("states");
  EXPECT_THAT(error_after(file_of(header, data)), HasSubstr("its __metadata__ has no 'states'"));
  header["__metadata__"] = "none";
  EXPECT_THAT(error_after(file_of(header, data)), HasSubstr("its __metadata__ has no 'format'"));
  header = good;
  header["__metadata__"]["format"] = 1;
  EXPECT_THAT(error_after(file_of(header, data)), HasSubstr("has a corrupt header"));
  header = good;
  header["__metadata__"]["format"] = "pt";
  EXPECT_THAT(error_after(file_of(header, data)),
              HasSubstr("has format \"pt\", expected \"gibbon-trained-network-1\""));
  header = good;
  header["__metadata__"]["network"] = "{}";
  EXPECT_THAT(error_after(file_of(header, data)),
              HasSubstr("holds a network that is not valid: network: key 'name' is missing"));
  header = good;
  header["__metadata__"]["states"] = "[]";
  EXPECT_THAT(error_after(file_of(header, data)),
              HasSubstr("has states for 0 layers, its network has 6"));
  header = good;
  header.erase("b.beta");
  EXPECT_THAT(error_after(file_of(header, data)), HasSubstr("has no array 'b.beta'"));
  header = good;
  header["b.beta"]["dtype"] = "F16";
  EXPECT_THAT(error_after(file_of(header, data)),
              HasSubstr("array 'b.beta' has dtype \"F16\", expected \"F32\""));
  header = good;
  header["b.beta"]["shape"] = {3};
  EXPECT_THAT(error_after(file_of(header, data)),
              HasSubstr("array 'b.beta' has shape [3], its layer needs [2]"));
  header = good;
  header["b.beta"]["data_offsets"] = {16, 20};
  EXPECT_THAT(error_after(file_of(header, data)),
              HasSubstr("array 'b.beta' lies at bytes 16 to 20, its shape needs 8 bytes"));
  header = good;
  header["b.beta"]["data_offsets"] = {192, 200};
  EXPECT_THAT(error_after(file_of(header, data)),
              HasSubstr("array 'b.beta' ends at byte 200 of 192"));
  header = good;
  header["stray"] = header["b.beta"];
  EXPECT_THAT(error_after(file_of(header, data)),
              HasSubstr("has an array 'stray' that no layer owns"));
}

TEST_F(TrainedNetworkFile, SaveRefusesStatesThatDoNotFit) {
  const auto save_error = [&](const TrainedNetwork& trained) -> std::string {
    try {
      save(trained, path_);
    } catch (const base::Error& error) {
      return error.what();
    }
    return "no error";
  };
  TrainedNetwork trained = small_trained_network();
  trained.states[1].beta.pop_back();
  EXPECT_THAT(save_error(trained), HasSubstr("array 'b.beta' has 1 values, its layer needs 2"));
  trained = small_trained_network();
  trained.states.pop_back();
  EXPECT_THAT(save_error(trained), HasSubstr("states for 5 layers, the network has 6"));
  trained = small_trained_network();
  trained.states[4].output_range = std::numeric_limits<double>::infinity();
  EXPECT_THAT(save_error(trained), HasSubstr("layer 'l': a scale or range is not a finite number"));
  EXPECT_FALSE(std::filesystem::exists(path_));
}

}  // namespace
}  // namespace gibbon::nn
