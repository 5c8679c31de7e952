// `gibbon simulate --accuracy` with --draws and --until-ci: the whole program, in process, on a
// network of one layer and a small data set of its own.
#include "gibbon/app/commands/simulate_accuracy.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <sstream>

#include "gibbon/app/command.hpp"
#include "gibbon/base/file.hpp"
#include "gibbon/base/rng.hpp"
#include "nn/importers/onnx_builder.hpp"

namespace gibbon::app {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr int kTestImages = 2000;
constexpr int kPixels = 9;

struct Ran {
  int status = 0;
  std::string output;
  std::string errors;
};

std::string big_endian(const std::vector<int>& words) {
  std::string bytes;
  for (const int word : words) {
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(word >> shift & 0xff);
  }
  return bytes;
}

class SimulateAccuracy : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(folder_);
    fs::current_path(GIBBON_SOURCE_DIR);
    write_images("train", 10);
    write_images("t10k", kTestImages);
    save_network();
    base::write_file_atomically(folder_ / "noisy.yaml",
                                "device: {variation_percent: 20, stuck_at_high_percent: 2, "
                                "stuck_at_low_percent: 2}\n");
    base::write_file_atomically(folder_ / "perfect.yaml",
                                "device: {variation_percent: 0, stuck_at_high_percent: 0, "
                                "stuck_at_low_percent: 0}\n");
  }
  void TearDown() override { fs::remove_all(folder_); }

  /// Images whose brightest pixel is their label, in noise.
  void write_images(const std::string& prefix, int count) const {
    base::Rng rng = base::Rng::forked(3, prefix);
    std::string images = big_endian({0x803, count, 3, 3});
    std::string labels = big_endian({0x801, count});
    for (int i = 0; i < count; ++i) {
      const auto label = static_cast<int>(rng.below(kPixels));
      labels += static_cast<char>(label);
      for (int p = 0; p < kPixels; ++p) {
        images += static_cast<char>(rng.below(200) + (p == label ? 50 : 0));
      }
    }
    base::write_file_atomically(folder_ / (prefix + "-images-idx3-ubyte"), images);
    base::write_file_atomically(folder_ / (prefix + "-labels-idx1-ubyte"), labels);
  }

  void save_network() const {
    nn::NetworkDescription d;
    d.name = "brightest";
    d.input = {1, 3, 3};
    d.num_classes = 10;
    d.layers = {{"conv", nn::Conv{1, 10, 3, 1, 0}, {nn::kNetworkInput}},
                {"flatten", nn::Flatten{}, {0}}};
    nn::TrainedNetwork trained{nn::Network(d), std::vector<nn::LayerState>(2)};
    nn::LayerState& state = trained.states[0];
    for (int out = 0; out < 10; ++out) {
      for (int p = 0; p < kPixels; ++p) {
        state.weight.push_back(out == 9 ? -1.0F : (out == p ? 1.0F : -0.1F));
      }
    }
    state.weights = {9, 1.0 / 255};
    state.input = {9, 1.0 / 255};
    state.output_range = 1;
    nn::save(trained, folder_ / "net.gibbon");
  }

  Ran run(const std::string& arguments) const {
    std::vector<std::string> words = {"gibbon"};
    std::istringstream stream(arguments);
    for (std::string word; stream >> word;) words.push_back(word);
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int status = run_program(gibbon_commands(), static_cast<int>(argv.size()), argv.data());
    return {status, testing::internal::GetCapturedStdout(), testing::internal::GetCapturedStderr()};
  }
  std::string command(const std::string& hardware) const {
    return "simulate --network " + (folder_ / "net.gibbon").string() + " --hardware " +
           (folder_ / hardware).string() + " ";
  }
  std::string accuracy(const std::string& hardware) const {
    return command(hardware) + "--accuracy --dataset mnist --data " + folder_.string() + " ";
  }
  base::Json summary(const std::string& arguments) const {
    const Ran ran = run(arguments + " --json");
    EXPECT_EQ(ran.status, 0) << ran.errors;
    return base::Json::parse(ran.output)["summary"];
  }

  fs::path folder_ = fs::temp_directory_path() / ("gibbon-accuracy-" + std::to_string(getpid()));
};

TEST_F(SimulateAccuracy, DrawsAreListedWithTheirSpread) {
  const base::Json json = summary(accuracy("noisy.yaml") + "--draws 6 --seed 5 --images 300");
  const base::Json& draws = json["draws"];
  EXPECT_EQ(draws["count"], 6);
  EXPECT_EQ(draws["chips_differ"], true);
  ASSERT_EQ(draws["draws"].size(), 6U);
  double mean = 0;
  double least = 100;
  double most = 0;
  for (std::size_t i = 0; i < 6; ++i) {
    const base::Json& draw = draws["draws"][i];
    EXPECT_EQ(draw["seed"], 5 + i);
    const double percent = draw["accuracy_top1"].get<double>();
    EXPECT_DOUBLE_EQ(percent, draw["correct"].get<int>() / 3.0);
    mean += percent / 6;
    least = std::min(least, percent);
    most = std::max(most, percent);
  }
  double squares = 0;
  for (const base::Json& draw : draws["draws"]) {
    squares += std::pow(draw["accuracy_top1"].get<double>() - mean, 2);
  }
  EXPECT_NEAR(draws["mean"].get<double>(), mean, 1e-9);
  EXPECT_NEAR(draws["standard_deviation"].get<double>(), std::sqrt(squares / 5), 1e-9);
  EXPECT_EQ(draws["minimum"].get<double>(), least);
  EXPECT_EQ(draws["maximum"].get<double>(), most);
  EXPECT_GT(most, least);
  EXPECT_EQ(json["accuracy_top1"], draws["mean"]);
  EXPECT_EQ(json["images"], 300);
  // The seed of a draw gives its chip again; without one the first is 1.
  const base::Json alone = summary(accuracy("noisy.yaml") + "--seed 7 --images 300");
  EXPECT_EQ(alone["accuracy_top1"], draws["draws"][2]["accuracy_top1"]);
  EXPECT_FALSE(alone.contains("draws"));
  const base::Json unseeded = summary(accuracy("noisy.yaml") + "--draws 1 --images 300");
  EXPECT_EQ(unseeded["draws"]["draws"][0]["seed"], 1);
  EXPECT_EQ(unseeded["draws"]["standard_deviation"], 0);
}

TEST_F(SimulateAccuracy, DrawsAreText) {
  const std::string text = run(accuracy("noisy.yaml") + "--draws 3 --images 200").output;
  EXPECT_THAT(text, HasSubstr(" % (mean of 3 draws of the devices, 200 test images)\n"));
  EXPECT_THAT(text, HasSubstr("\ndeviation "));
  EXPECT_THAT(text, HasSubstr("\nminimum "));
  EXPECT_THAT(text, HasSubstr("\nmaximum "));
}

TEST_F(SimulateAccuracy, DrawsOfAPerfectDeviceAreOne) {
  const std::string text = run(accuracy("perfect.yaml") + "--draws 1000").output;
  EXPECT_THAT(text, HasSubstr("of 1000 test images)\n"
                              "The device neither varies nor has stuck cells: all 1000 draws are "
                              "the same chip,\none was simulated.\n"));
  const base::Json draws = summary(accuracy("perfect.yaml") + "--draws 4")["draws"];
  EXPECT_EQ(draws["chips_differ"], false);
  EXPECT_EQ(draws["standard_deviation"], 0);
  EXPECT_EQ(draws["draws"].size(), 4U);
}

TEST_F(SimulateAccuracy, StopsWhenTheDifferenceIsKnown) {
  const base::Json json = summary(accuracy("perfect.yaml") + "--until-ci 2");
  const base::Json& test = json["until_ci"];
  EXPECT_EQ(test["half_width_points"], 2);
  EXPECT_EQ(test["order_seed"], 1);
  EXPECT_EQ(test["population"], kTestImages);
  EXPECT_EQ(test["ideal_images"], kTestImages);
  const int images = test["images"].get<int>();
  EXPECT_LT(images, kTestImages);
  EXPECT_EQ(test["all_images"], false);
  EXPECT_EQ(json["images"], images);
  const double difference =
      json["accuracy_top1"].get<double>() - test["ideal_accuracy_top1"].get<double>();
  EXPECT_NEAR(test["difference_points"].get<double>(), difference, 1e-9);
  EXPECT_EQ(test["ideal_accuracy_top1"],
            summary(accuracy("perfect.yaml") + "--adc-mode ideal --images 2000")["accuracy_top1"]);
  EXPECT_LE(test["low_points"].get<double>(), difference);
  EXPECT_GE(test["high_points"].get<double>(), difference);
  EXPECT_LE(test["high_points"].get<double>() - test["low_points"].get<double>(), 4);
  const std::string text = run(accuracy("perfect.yaml") + "--until-ci 2").output;
  EXPECT_THAT(text, HasSubstr(" % (ideal + difference)\n"));
  EXPECT_THAT(text, HasSubstr(" % (quantised, no crossbars; "));
  EXPECT_THAT(text, HasSubstr(" of 2000 test images)\n"));
  EXPECT_THAT(text, HasSubstr(" points (95 % interval "));
  EXPECT_THAT(text, HasSubstr(std::to_string(images) +
                              " of 2000 on crossbars: the interval is within +-2 points\n"));
}

TEST_F(SimulateAccuracy, SaysWhenAllImagesWereNeeded) {
  const base::Json json = summary(accuracy("noisy.yaml") + "--until-ci 0.01 --images 200 --seed 3");
  const base::Json& test = json["until_ci"];
  EXPECT_EQ(test["images"], 200);
  EXPECT_EQ(test["population"], 200);
  EXPECT_EQ(test["all_images"], true);
  EXPECT_EQ(test["order_seed"], 3);
  EXPECT_EQ(test["low_points"], test["high_points"]);
  EXPECT_THAT(run(accuracy("noisy.yaml") + "--until-ci 0.01 --images 200").output,
              HasSubstr("200 of 200 on crossbars: the interval needed them all: on them it is "
                        "exact\n"));
}

TEST_F(SimulateAccuracy, AnOnnxFileHasWeightsButNoRanges) {
  nn::OnnxBuilder onnx({1, 1, 3, 3});
  onnx.filled("w", {10, 1, 3, 3}, 1);
  onnx.node("Conv", {"x", "w"}, "c");
  onnx.node("Flatten", {"c"}, "y");
  const std::string file = (folder_ / "net.onnx").string();
  base::write_file_atomically(file, onnx.bytes());
  EXPECT_EQ(run("simulate --network " + file).status, kSuccess);
  const Ran ran = run("simulate --network " + file + " --accuracy");
  EXPECT_EQ(ran.status, kUserError);
  EXPECT_EQ(ran.errors, "gibbon: --accuracy needs the ranges of the layers' outputs, which " +
                            file +
                            " does not hold; training measures them: gibbon train --network " +
                            file + " --start " + file + " --out MODEL.gibbon\n");
}

TEST_F(SimulateAccuracy, RefusesWhatDoesNotGoTogether) {
  for (const auto& [arguments, status, message] :
       {std::tuple{accuracy("noisy.yaml") + "--draws 2 --adc-mode ideal", kUserError,
                   "gibbon: --draws needs crossbars: not with --adc-mode ideal, which has no "
                   "devices\n"},
        {accuracy("noisy.yaml") + "--until-ci 1 --adc-mode ideal", kUserError,
         "gibbon: --until-ci compares crossbars with the ideal: not with --adc-mode ideal, where "
         "nothing can differ\n"},
        {accuracy("noisy.yaml") + "--draws 2 --until-ci 1", kUsageError,
         "gibbon: --draws excludes --until-ci\n"},
        {command("noisy.yaml") + "--draws 2", kUsageError, "gibbon: --draws requires --accuracy\n"},
        {command("noisy.yaml") + "--until-ci 2", kUsageError,
         "gibbon: --until-ci requires --accuracy\n"},
        {command("noisy.yaml") + "--images 10", kUsageError,
         "gibbon: --images requires --accuracy\n"},
        {command("noisy.yaml") + "--dataset mnist", kUsageError,
         "gibbon: --dataset requires --accuracy\n"},
        {command("noisy.yaml") + "--data .", kUsageError, "gibbon: --data requires --accuracy\n"},
        {accuracy("noisy.yaml") + "--draws 0", kUsageError, "gibbon: --draws: Value 0 not in"},
        {accuracy("noisy.yaml") + "--until-ci 0", kUsageError,
         "gibbon: --until-ci: Value 0 not in"}}) {
    const Ran ran = run(arguments);
    EXPECT_EQ(ran.status, status) << arguments;
    EXPECT_EQ(ran.output, "") << arguments;
    EXPECT_THAT(ran.errors, testing::StartsWith(message)) << arguments;
  }
}

}  // namespace
}  // namespace gibbon::app
