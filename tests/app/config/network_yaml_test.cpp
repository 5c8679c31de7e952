#include "gibbon/app/config/network_yaml.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "error_of.hpp"
#include "gibbon/app/config/hardware_yaml.hpp"
#include "gibbon/app/config/presets.hpp"
#include "gibbon/base/error.hpp"
#include "gibbon/base/file.hpp"
#include "gibbon/sim/simulator.hpp"
#include "nn/importers/onnx_builder.hpp"

namespace gibbon::app {
namespace {

namespace fs = std::filesystem;

/// Writes a network as ONNX, each node named as its layer; all weights have one value.
class OnnxWriter {
 public:
  explicit OnnxWriter(const nn::Network& network)
      : network_(network),
        onnx_({1, network.input().channels, network.input().height, network.input().width},
              network.layers().back().name) {
    for (const nn::Layer& layer : network.layers()) {
      layer_ = &layer;
      inputs_.clear();
      for (const int input : layer.inputs) {
        inputs_.push_back(input == nn::kNetworkInput
                              ? "x"
                              : network.layers()[static_cast<std::size_t>(input)].name);
      }
      std::visit(*this, layer.parameters);
    }
  }

  std::string bytes() const { return onnx_.bytes(); }

  void operator()(const nn::Conv& conv) {
    add_weight({conv.out_channels, conv.in_channels / conv.groups, conv.kernel, conv.kernel});
    auto& node = add("Conv");
    nn::set(node, "group", std::int64_t{conv.groups});
    set_window(node, conv.kernel, conv.stride, conv.padding);
  }
  void operator()(const nn::Linear& linear) {
    add_weight({linear.out_features, linear.in_features});
    nn::set(add("Gemm"), "transB", std::int64_t{1});
  }
  void operator()(const nn::BatchNorm& norm) {
    add_weight({norm.features});
    for (int i = 0; i < 3; ++i) inputs_.push_back(inputs_.back());
    add("BatchNormalization");
  }
  void operator()(const nn::Pool& pool) {
    ASSERT_NE(pool.mode, nn::PoolMode::kGlobalAverage);
    auto& node = add(pool.mode == nn::PoolMode::kMax ? "MaxPool" : "AveragePool");
    set_window(node, pool.kernel, pool.stride, pool.padding);
  }
  void operator()(const nn::Relu&) { add("Relu"); }
  void operator()(const nn::Add&) { add("Add"); }
  void operator()(const nn::Concat&) { nn::set(add("Concat"), "axis", std::int64_t{1}); }
  void operator()(const nn::Flatten&) { add("Flatten"); }
  void operator()(const nn::Dropout&) { add("Dropout"); }
  template <typename Other>
  void operator()(const Other&) {
    FAIL() << layer_->name << ": not in the networks that are written";
  }

 private:
  nn::onnx_schema::NodeProto& add(const std::string& type) {
    return onnx_.node(type, inputs_, layer_->name);
  }
  void add_weight(const nn::OnnxBuilder::Extents& extents) {
    inputs_.push_back(layer_->name + ".weight");
    onnx_.filled(inputs_.back(), extents, 0.5F);
  }
  static void set_window(nn::onnx_schema::NodeProto& node, std::int64_t kernel, std::int64_t stride,
                         std::int64_t padding) {
    nn::set(node, "kernel_shape", {kernel, kernel});
    nn::set(node, "strides", {stride, stride});
    nn::set(node, "pads", {padding, padding, padding, padding});
  }

  const nn::Network& network_;
  nn::OnnxBuilder onnx_;
  const nn::Layer* layer_ = nullptr;
  std::vector<std::string> inputs_;
};

class NetworkFiles : public testing::Test {
 protected:
  void SetUp() override { fs::current_path(GIBBON_SOURCE_DIR); }
  void TearDown() override { fs::remove_all(folder_); }

  fs::path write(const std::string& name, const std::string& content) {
    fs::create_directories(folder_);
    base::write_file_atomically(folder_ / name, content);
    return folder_ / name;
  }
  static nn::Network preset(const std::string& name) {
    return load_network(locate(PresetKind::kNetworks, name));
  }

  fs::path folder_ = fs::temp_directory_path() / ("gibbon-networks-" + std::to_string(::getpid()));
};

TEST_F(NetworkFiles, OnnxGivesBackThePresetsOfSmallImages) {
  for (const std::string& name : preset_names(PresetKind::kNetworks)) {
    const nn::Network original = preset(name);
    if (original.input().height > 64) continue;  // ImageNet's would be files of 100 MB and more
    if (nn::is_transformer_layer(original.layers()[1].parameters)) continue;  // a patch's tokens
    const fs::path path = write(name + ".onnx", OnnxWriter(original).bytes());
    EXPECT_EQ(nn::to_json(load_network(path)), nn::to_json(original)) << name;
  }
}

TEST_F(NetworkFiles, OnnxWithBiasesRunsOnTheDefaultHardware) {
  nn::OnnxBuilder onnx({1, 3, 8, 8});
  onnx.filled("w", {16, 3, 3, 3}, 0.5F);
  onnx.filled("b", {16}, 0.5F);
  onnx.node("Conv", {"x", "w", "b"}, "conv");
  onnx.node("Relu", {"conv"}, "relu");
  onnx.node("GlobalAveragePool", {"relu"}, "pool");
  onnx.node("Flatten", {"pool"}, "flat");
  onnx.filled("v", {16, 10}, 0.5F);
  onnx.filled("c", {10}, 0.5F);
  onnx.node("Gemm", {"flat", "v", "c"}, "y");
  const nn::Network network =
      load_network(locate(PresetKind::kNetworks, write("biased.onnx", onnx.bytes())));
  const auto hardware = load_hardware(locate(PresetKind::kHardware, "mnsim-default"));
  const auto result = sim::make_simulator("mnsim2")->simulate(network, hardware);
  ASSERT_TRUE(result) << result.reason();
  EXPECT_GT(result->latency_ns, 0);
  EXPECT_GT(result->energy_nj(), 0);
}

/// The layers of the VGG-8 preset that NetWork.csv can state: it has no batch norms.
TEST_F(NetworkFiles, CsvGivesTheLayersOfVgg8) {
  const nn::Network csv = load_network(write("vgg8-cifar10.csv",
                                             "32,32,3,3,3,128,0,1\n"
                                             "32,32,128,3,3,128,1,1\n"
                                             "16,16,128,3,3,256,0,1\n"
                                             "16,16,256,3,3,256,1,1\n"
                                             "8,8,256,3,3,512,0,1\n"
                                             "8,8,512,3,3,512,1,1\n"
                                             "4,4,512,3,3,1024,1,1\n"
                                             "1,1,1024,1,1,10,0,1\n"));
  base::Json expected = nn::to_json(preset("vgg8-cifar10"));
  base::Json layers = base::Json::array();
  for (base::Json layer : expected.at("layers")) {
    if (layer.at("type") == "batch_norm") continue;
    layer.erase("inputs");
    layers.push_back(layer);
  }
  base::Json read = nn::to_json(csv);
  for (base::Json& layer : read.at("layers")) layer.erase("inputs");
  EXPECT_EQ(read.at("layers"), layers);
  read.erase("layers");
  expected.erase("layers");
  EXPECT_EQ(read, expected);
}

TEST_F(NetworkFiles, TheLastLayerGivesAValueForEachClass) {
  const auto text = [](int outputs) {
    return fmt::format(
        "name: two\ninput: {{channels: 3, height: 1, width: 1}}\nnum_classes: 2\nlayers:\n"
        "  - {{name: flat, type: flatten}}\n"
        "  - {{name: fc, type: linear, in_features: 3, out_features: {}}}\n",
        outputs);
  };
  const fs::path path = write("two.yaml", text(2));
  EXPECT_EQ(load_network(path).layers().size(), 2u);
  write("two.yaml", text(3));
  EXPECT_EQ(test::error_of([&] { load_network(path); }),
            path.string() +
                ":6: network 'two': num_classes is 2, its last layer 'fc' gives 3 "
                "values (3x1x1)");
}

TEST_F(NetworkFiles, ErrorsNameTheFile) {
  const fs::path onnx = write("broken.onnx", "name: yaml");
  EXPECT_THAT([&] { load_network(onnx); },
              testing::ThrowsMessage<base::Error>(testing::StartsWith(onnx.string() + ": ")));
  const fs::path csv = write("broken.csv", "name: yaml");
  EXPECT_THAT([&] { load_network(csv); },
              testing::ThrowsMessage<base::Error>(testing::StartsWith(csv.string() + ":1:1: ")));
}

}  // namespace
}  // namespace gibbon::app
