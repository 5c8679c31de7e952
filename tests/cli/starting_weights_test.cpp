// A search on a user's own images, whose supernet starts from a network that was trained before.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "cli/program_test.hpp"
#include "data/test_files.hpp"
#include "gibbon/base/file.hpp"
#include "gibbon/base/rng.hpp"
#include "gibbon/nn/vision_transformer.hpp"

namespace gibbon {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr int kSide = 8;

class StartingWeights : public test::ProgramTest {
 protected:
  StartingWeights() : ProgramTest("start") {}

  void SetUp() override {
    fs::current_path(GIBBON_SOURCE_DIR);
    write_images("train", 60);
    write_images("val", 20);
    base::write_file_atomically(folder_ / "largest.yaml", to_json(largest()).dump(1));
    base::write_file_atomically(folder_ / "space.yaml", R"(kind: cimnet
name: small-vit
network: {family: vision_transformer, bits: 8, patch: 4, width: 16, head_width: 4,
          biases: true, layers: [1, 2], heads: [2, 4], mlp_widths: [16, 32]}
hardware: small-digital-cim
hardware_choices: {pe.count: [2, 4, 8]}
)");
    // One step at a rate that changes nothing: the accuracies are those of the weights given.
    base::write_file_atomically(folder_ / "run.yaml", R"(name: started
space: space.yaml
data: {dataset: image-folder, directory: images, image_size: 8, validation_images: 30}
objective: {name: pareto, metrics: [accuracy, latency]}
supernet: {steps: 1, learning_rate: 0.000001, batch_size: 16, calibration_images: 64}
search: {searcher: random, iterations: 1, initial_designs: 3, designs_per_iteration: 1}
predictor: {enabled: false}
simulation: {model: digital_cim, images: 30}
final: {designs: 0}
)");
  }

  /// Two classes: bright on the left, bright on the right.
  void write_images(const std::string& split, int count) const {
    base::Rng rng = base::Rng::forked(5, split);
    for (int i = 0; i < count; ++i) {
      const bool left = i % 2 == 0;
      std::vector<std::uint8_t> pixels;
      for (int p = 0; p < kSide * kSide; ++p) {
        const bool bright = (p % kSide < kSide / 2) == left;
        pixels.push_back(static_cast<std::uint8_t>((bright ? 150 : 20) + rng.below(80)));
      }
      data::write_png(
          folder_ / "images" / split / (left ? "left" : "right") / (std::to_string(i) + ".png"),
          kSide, kSide, 1, pixels);
    }
  }

  static nn::Network largest() {
    nn::VisionTransformer vit;
    vit.input = {1, kSide, kSide};
    vit.num_classes = 2;
    vit.patch = 4;
    vit.width = 16;
    vit.head_width = 4;
    vit.blocks = {{4, 32}, {4, 32}};
    vit.biases = true;
    return nn::make_vision_transformer(vit);
  }

  int search(const std::string& name, const std::string& more) const {
    return run("search --quiet --explore hardware --config " + (folder_ / "run.yaml").string() +
               " --out " + (folder_ / name).string() + more);
  }
  /// Of the most accurate design that the run simulated.
  double best_accuracy(const std::string& name) const {
    std::ifstream file(folder_ / name / "candidates.csv");  // id,iteration,genome,accuracy_top1,...
    double best = -1;
    std::string line;
    std::getline(file, line);
    while (std::getline(file, line)) {
      std::istringstream fields(line);
      std::string field;
      for (int i = 0; i < 4; ++i) std::getline(fields, field, ',');
      best = std::max(best, std::stod(field));
    }
    return best;
  }
};

TEST_F(StartingWeights, GiveTheSupernetWhatTheNetworkHasLearned) {
  ASSERT_EQ(
      run("train --network " + (folder_ / "largest.yaml").string() +
          " --dataset image-folder --data " + (folder_ / "images").string() +
          " --epochs 40 --batch-size 16 --learning-rate 0.1 --crop-padding 0 --flip false --out " +
          (folder_ / "start.gibbon").string()),
      0)
      << output();
  ASSERT_EQ(search("started", " --start " + (folder_ / "start.gibbon").string()), 0) << output();
  EXPECT_GE(best_accuracy("started"), 90);
  ASSERT_EQ(search("random", ""), 0) << output();
  EXPECT_LT(best_accuracy("random"), 90);
  EXPECT_THAT(base::read_file(folder_ / "started/config.yaml"), HasSubstr("start.gibbon"));
}

TEST_F(StartingWeights, ThatDoNotFitMakeNoRun) {
  EXPECT_NE(search("none", " --start " + (folder_ / "none.gibbon").string()), 0);
  EXPECT_THAT(output(), HasSubstr("none.gibbon"));
  EXPECT_FALSE(fs::exists(folder_ / "none"));
}

}  // namespace
}  // namespace gibbon
