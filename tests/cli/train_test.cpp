// `gibbon train`: what its options for images and labels change, and what they refuse.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "cli/program_test.hpp"
#include "cli/tiny_images.hpp"
#include "gibbon/base/file.hpp"

namespace gibbon {
namespace {

using testing::HasSubstr;

class Train : public test::ProgramTest {
 protected:
  Train() : ProgramTest("train") {}

  void SetUp() override {
    std::filesystem::current_path(GIBBON_SOURCE_DIR);
    test::write_tiny_images(folder_, "train", 60);
    test::write_tiny_images(folder_, "t10k", 20);
    base::write_file_atomically(folder_ / "network.yaml", R"(name: small
input: {channels: 1, height: 8, width: 8}
num_classes: 10
layers:
  - {name: conv, type: conv, in_channels: 1, out_channels: 4, kernel: 3, padding: 1}
  - {name: norm, type: batch_norm, features: 4}
  - {name: relu, type: relu}
  - {name: pool, type: pool, mode: global_average}
  - {name: flat, type: flatten}
  - {name: fc, type: linear, in_features: 4, out_features: 10}
)");
  }

  int train(const std::string& options) const {
    return run("--quiet train --network " + (folder_ / "network.yaml").string() +
               " --dataset mnist --data " + folder_.string() +
               " --epochs 2 --batch-size 16 --crop-padding 2 --out " +
               (folder_ / "out.gibbon").string() + " " + options);
  }
  std::string trained(const std::string& options) const {
    EXPECT_EQ(train(options), 0) << output();
    return base::read_file(folder_ / "out.gibbon");
  }
};

TEST_F(Train, OptionsForImagesAndLabelsChangeWhatIsLearned) {
  const std::string plain = trained("");
  EXPECT_EQ(trained("--padding zero --cutout 0 --label-smoothing 0.1"), plain);
  EXPECT_NE(trained("--padding reflect"), plain);
  EXPECT_NE(trained("--plain-share 0.5"), plain);
  EXPECT_NE(trained("--average-share 0.5"), plain);
  EXPECT_EQ(trained("--plain-share 1 --cutout 3"), trained("--plain-share 1"));
  EXPECT_NE(trained("--cutout 3"), plain);
  EXPECT_NE(trained("--label-smoothing 0"), plain);
}

TEST_F(Train, RefusesWhatIsOutOfRange) {
  EXPECT_NE(train("--padding black"), 0);
  EXPECT_THAT(output(), HasSubstr("--padding: black not in {zero,reflect}"));
  EXPECT_NE(train("--cutout 1025"), 0);
  EXPECT_THAT(output(), HasSubstr("--cutout: Value 1025 not in range 0 to 1024"));
  EXPECT_NE(train("--plain-share 1.01"), 0);
  EXPECT_THAT(output(), HasSubstr("--plain-share: Value 1.01 not in range 0.000000 to 1.000000"));
  EXPECT_NE(train("--average-share -0.1"), 0);
  EXPECT_THAT(output(), HasSubstr("--average-share: Value -0.1 not in range 0.000000 to 1.000000"));
  EXPECT_NE(train("--label-smoothing 1"), 0);
  EXPECT_THAT(output(), HasSubstr("--label-smoothing: Value 1 not in range 0.000000 to 0.990000"));
  EXPECT_NE(train("--learning-rate 0"), 0);
  EXPECT_THAT(output(), HasSubstr("--learning-rate: 0 is not above 0"));
  EXPECT_NE(train("--learning-rate fast"), 0);
  EXPECT_THAT(output(), HasSubstr("--learning-rate: 'fast' is no number"));
}

}  // namespace
}  // namespace gibbon
