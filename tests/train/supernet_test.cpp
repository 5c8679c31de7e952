#include "gibbon/train/supernet.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "error_of.hpp"
#include "gibbon/base/parallel.hpp"
#include "gibbon/train/trainer.hpp"
#include "train/test_networks.hpp"

namespace gibbon::train {
namespace {

using testing::Block;
using testing::block_network;
using ::testing::HasSubstr;
using testing::kInput;
using testing::square_images;

TrainOptions options() {
  TrainOptions options;
  options.batch_size = 32;
  options.seed = 5;
  return options;
}

nn::Network largest() {
  return block_network(kInput, 8, {{16, 3}, {16, 3}}, {1}, 4);
}

nn::Network path(std::uint64_t step) {
  const int groups = step % 2 == 0 ? 1 : 4;
  const int kernel = static_cast<int>(step % 3) + 1;
  return block_network(kInput, 8, {{8, kernel, groups, 9}, {16, 3, groups, 5}}, {1}, 4);
}

using test::error_of;

class SupernetFile : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    file_ = std::filesystem::path(::testing::TempDir()) /
            (std::string("gibbon_") + test->name() + ".pt");
  }
  void TearDown() override { std::filesystem::remove(file_); }

  base::SilentProgress progress_;
  std::filesystem::path file_;
};

TEST_F(SupernetFile, SavedAndLoadedItGoesOnBitForBit) {
  const data::ImageSet images = square_images(96, 1, 12, 4, 1);
  const auto straight = make_supernet(largest(), options());
  straight->train(images, path, 0, 4, 8, progress_);
  straight->save(file_);
  straight->train(images, path, 4, 4, 8, progress_);

  TrainOptions other = options();
  const auto resumed = make_supernet(largest(), other);
  resumed->load(file_);
  EXPECT_EQ(resumed->next_step(), 4);
  resumed->train(images, path, 4, 4, 8, progress_);

  const nn::TrainedNetwork a = straight->extract(path(1), images, 1);
  const nn::TrainedNetwork b = resumed->extract(path(1), images, 1);
  for (std::size_t i = 0; i < a.states.size(); ++i) {
    EXPECT_EQ(a.states[i].weight, b.states[i].weight) << i;
    EXPECT_EQ(a.states[i].running_mean, b.states[i].running_mean) << i;
    EXPECT_EQ(a.states[i].output_range, b.states[i].output_range) << i;
  }
}

TEST_F(SupernetFile, LoadRefusesAnotherSpace) {
  make_supernet(largest(), options())->save(file_);
  const auto other = make_supernet(block_network(kInput, 8, {{24, 3}, {16, 3}}, {1}, 4), options());
  EXPECT_THAT(error_of([&] { other->load(file_); }), HasSubstr("'b0.bn.beta' has the shape [16]"));
  const auto deeper =
      make_supernet(block_network(kInput, 8, {{16, 3}, {16, 3}, {16, 3}}, {1}, 4), options());
  EXPECT_THAT(error_of([&] { deeper->load(file_); }), HasSubstr("holds no 'b2.bn.beta'"));
}

TEST_F(SupernetFile, LoadRefusesWhatIsNoSupernet) {
  std::ofstream(file_) << "not an archive";
  const auto supernet = make_supernet(largest(), options());
  EXPECT_THAT(error_of([&] { supernet->load(file_); }), HasSubstr("is not a supernet"));
  std::filesystem::remove(file_);
  EXPECT_THAT(error_of([&] { supernet->load(file_); }), HasSubstr(file_.string()));
}

TEST(Supernet, ExtractSlicesTheSharedWeights) {
  const data::ImageSet images = square_images(64, 1, 12, 4, 1);
  const auto supernet = make_supernet(largest(), options());
  const nn::TrainedNetwork whole = supernet->extract(largest(), images, 1);
  const nn::TrainedNetwork part =
      supernet->extract(block_network(kInput, 8, {{8, 1}, {16, 3, 4}}, {1}, 4), images, 1);
  const auto layer = [](const nn::TrainedNetwork& trained, const std::string& name) {
    for (std::size_t i = 0; i < trained.states.size(); ++i) {
      if (trained.network.layers()[i].name == name) return trained.states[i];
    }
    return nn::LayerState{};
  };
  // b0: [16, 8, 3, 3] in the largest; the 1x1 kernel of 8 channels is tap (1, 1).
  const std::vector<float> full0 = layer(whole, "b0.conv").weight;
  const std::vector<float> cut0 = layer(part, "b0.conv").weight;
  ASSERT_EQ(cut0.size(), 8U * 8U);
  EXPECT_EQ(cut0[3 * 8 + 5], full0[(3 * 8 + 5) * 9 + 4]);
  // b1: [16, 16, 3, 3]; 4 groups of the first 8 inputs: output 13 is in group 3 and reads 6 and 7.
  const std::vector<float> full1 = layer(whole, "b1.conv").weight;
  const std::vector<float> cut1 = layer(part, "b1.conv").weight;
  ASSERT_EQ(cut1.size(), 16U * 2U * 9U);
  EXPECT_EQ(cut1[(13 * 2 + 1) * 9 + 2], full1[(13 * 16 + 7) * 9 + 2]);
}

const std::vector<float>& weights_of(const nn::TrainedNetwork& trained, const std::string& name) {
  for (std::size_t i = 0; i < trained.states.size(); ++i) {
    if (trained.network.layers()[i].name == name) return trained.states[i].weight;
  }
  throw std::out_of_range(name);
}

/// Of b1.conv, a [16, 16, 3, 3]: how many weights a step of a path with `block` there changed after
/// steps of the whole network had given all of them momentum.
std::vector<bool> changed_by_a_step(const Block& block, double muon_rate) {
  constexpr int kBefore = 3;
  TrainOptions how = options();
  how.muon_rate = muon_rate;
  const data::ImageSet images = square_images(64, 1, 12, 4, 1);
  const nn::Network part = block_network(kInput, 8, {{16, 3}, block}, {1}, 4);
  base::SilentProgress progress;
  const auto supernet = make_supernet(largest(), how);
  const auto sampler = [&](std::uint64_t step) { return step < kBefore ? largest() : part; };
  supernet->train(images, sampler, 0, kBefore, 2 * kBefore, progress);
  const auto before = supernet->extract(largest(), images, 1);
  supernet->train(images, sampler, kBefore, 1, 2 * kBefore, progress);
  const auto after = supernet->extract(largest(), images, 1);
  std::vector<bool> changed;
  for (std::size_t i = 0; i < 16 * 16 * 9; ++i) {
    changed.push_back(weights_of(before, "b1.conv")[i] != weights_of(after, "b1.conv")[i]);
  }
  return changed;
}

class SupernetStep : public ::testing::TestWithParam<double> {};

TEST_P(SupernetStep, OfAPathOfGroupsLeavesTheOtherBlocksOfTheKernelAlone) {
  const std::vector<bool> changed = changed_by_a_step({16, 3, 4}, GetParam());
  int used = 0;
  for (std::size_t i = 0; i < changed.size(); ++i) {
    const bool is_in_a_group = i / 9 / 16 / 4 == i / 9 % 16 / 4;  // output / 4, input / 4
    used += static_cast<int>(changed[i]);
    EXPECT_TRUE(is_in_a_group || !changed[i]) << i;
  }
  EXPECT_GT(used, 4 * 4 * 4 * 9 * 9 / 10);  // nearly all of what it uses
}

TEST_P(SupernetStep, OfAPathOfSmallKernelsLeavesTheOtherTapsAlone) {
  const std::vector<bool> changed = changed_by_a_step({16, 2}, GetParam());
  // Symmetric padding takes four of nine taps of each input, with the centre always among them.
  const auto used = std::ranges::count(changed, true);
  EXPECT_LE(used, 16 * 16 * 4);
  EXPECT_GT(used, 16 * 16 * 4 * 9 / 10);
}

INSTANTIATE_TEST_SUITE_P(DescentAndMuon, SupernetStep, ::testing::Values(0.0, 0.03));

TEST(Supernet, ExtractDescribesTheGrids) {
  const data::ImageSet images = square_images(64, 1, 12, 4, 1);
  const auto supernet = make_supernet(largest(), options());
  const nn::TrainedNetwork trained =
      supernet->extract(block_network(kInput, 8, {{8, 3, 1, 5}}, {}, 4), images, 1);
  const nn::LayerState& stem = trained.states[0];
  EXPECT_EQ(stem.input.bits, 9);
  EXPECT_DOUBLE_EQ(stem.input.scale, 1.0 / 255);
  const float largest_weight =
      *std::max_element(stem.weight.begin(), stem.weight.end(),
                        [](float a, float b) { return std::abs(a) < std::abs(b); });
  EXPECT_DOUBLE_EQ(stem.weights.scale, std::abs(largest_weight) / 255.0);
  EXPECT_GT(stem.output_range, 0.0);
  EXPECT_DOUBLE_EQ(stem.output.scale, stem.output_range / 255);
  const nn::LayerState& linear = trained.states.back();
  EXPECT_EQ(linear.input.bits, 5);  // the block's activation
  EXPECT_DOUBLE_EQ(linear.input.scale, 1.0 / 15);
}

// Six networks of different groups and kernels, whose masks are made when they are first met.
TEST(Supernet, ExtractsOnSeveralThreadsWhatItExtractsOnOne) {
  const data::ImageSet images = square_images(64, 1, 12, 4, 1);
  const auto shared = make_supernet(largest(), options());
  const auto alone = make_supernet(largest(), options());
  std::vector<std::vector<nn::LayerState>> together(6);
  base::parallel_for(together.size(), 2, [&](std::size_t i) {
    together[i] = shared->extract(path(i), images, 1).states;
  });
  for (std::size_t i = 0; i < together.size(); ++i) {
    const std::vector<nn::LayerState> expected = alone->extract(path(i), images, 1).states;
    for (std::size_t layer = 0; layer < expected.size(); ++layer) {
      EXPECT_EQ(together[i][layer].running_variance, expected[layer].running_variance) << i;
      EXPECT_EQ(together[i][layer].output_range, expected[layer].output_range) << i;
    }
  }
}

TEST(Supernet, AccuracyOfAnExtractedNetworkIsThatOfTheQuantizedNetwork) {
  const data::ImageSet images = square_images(256, 1, 12, 4, 1);
  const data::ImageSet unseen = square_images(128, 1, 12, 4, 2);
  base::SilentProgress progress;
  const auto supernet = make_supernet(largest(), options());
  supernet->train(images, path, 0, 200, 200, progress);
  const nn::TrainedNetwork trained = supernet->extract(path(1), images, 1);
  const double accuracy = supernet->one_shot_accuracy(trained, unseen, 1);
  EXPECT_GE(accuracy, 90.0);
  EXPECT_EQ(accuracy, quantized_accuracy(trained, unseen, 1));
}

TEST(Supernet, RefusesWhatDoesNotFit) {
  const auto supernet = make_supernet(largest(), options());
  const data::ImageSet images = square_images(64, 1, 12, 4, 1);
  const auto extract = [&](const nn::Network& network) {
    return error_of([&] { supernet->extract(network, images, 1); });
  };
  EXPECT_THAT(extract(block_network(kInput, 8, {{32, 3}}, {}, 4)),
              HasSubstr("'b0.conv': 32 output channels exceeds the 16"));
  EXPECT_THAT(extract(block_network(kInput, 8, {{8, 5}}, {}, 4)),
              HasSubstr("'b0.conv': 5 kernel exceeds the 3"));
  EXPECT_THAT(extract(block_network(kInput, 8, {{8}, {8}, {8}}, {}, 4)),
              HasSubstr("'b2.conv': the largest network has no such layer"));
  const data::ImageSet wrong = square_images(64, 3, 12, 4, 1);
  EXPECT_THAT(error_of([&] { supernet->extract(largest(), wrong, 1); }),
              HasSubstr("images are 3x12x12, network 'blocks' takes 1x12x12"));
}

TEST(Supernet, RefusesToTrainOnNoImages) {
  const auto supernet = make_supernet(largest(), options());
  base::SilentProgress progress;
  const data::ImageSet none{1, 12, 12, {}, {}};
  EXPECT_EQ(error_of([&] {
              supernet->train(
                  none, [](std::uint64_t) { return largest(); }, 0, 1, 1, progress);
            }),
            "supernet training: there are no images");
}

TEST(Supernet, RefusesOptionsThatMakeNoSense) {
  const auto refused = [](auto change) {
    TrainOptions changed = options();
    change(changed);
    return error_of([&] { make_supernet(largest(), changed); });
  };
  EXPECT_THAT(refused([](TrainOptions& o) { o.learning_rate = 0; }), HasSubstr("learning_rate"));
  EXPECT_THAT(refused([](TrainOptions& o) { o.muon_rate = -0.1; }),
              HasSubstr("muon_rate is -0.1, allowed is [0, 1)"));
  EXPECT_THAT(refused([](TrainOptions& o) { o.muon_rate = 1; }), HasSubstr("muon_rate is 1,"));
  EXPECT_THAT(refused([](TrainOptions& o) { o.batch_size = 1; }), HasSubstr("batch_size is 1"));
  EXPECT_THAT(refused([](TrainOptions& o) { o.momentum = 1; }), HasSubstr("momentum"));
  EXPECT_THAT(refused([](TrainOptions& o) { o.threads = 0; }), HasSubstr("threads is 0"));
  EXPECT_THAT(refused([](TrainOptions& o) { o.weight_decay = -1; }), HasSubstr("weight_decay"));
  EXPECT_THAT(refused([](TrainOptions& o) { o.label_smoothing = 1; }),
              HasSubstr("label_smoothing"));
  EXPECT_THAT(refused([](TrainOptions& o) { o.device = "tpu9"; }), HasSubstr("device 'tpu9'"));
}

class StopAfter final : public base::Progress {
 public:
  explicit StopAfter(int steps) : steps_(steps) {}
  void update(const base::ProgressUpdate& update) override {
    last_ = update;
    ++seen_;
  }
  void note(const std::string&) override {}
  bool stop_requested() const override { return seen_ >= steps_; }
  const base::ProgressUpdate& last() const { return last_; }

 private:
  int steps_;
  int seen_ = 0;
  base::ProgressUpdate last_;
};

TEST(Supernet, StopsAtAStepWhenAsked) {
  StopAfter progress(3);
  const auto supernet = make_supernet(largest(), options());
  supernet->train(square_images(64, 1, 12, 4, 1), path, 10, 20, 100, progress);
  EXPECT_EQ(supernet->next_step(), 13);
  EXPECT_EQ(progress.last().stage, "supernet");
  EXPECT_EQ(progress.last().done, 13);
  EXPECT_EQ(progress.last().total, 100);
}

}  // namespace
}  // namespace gibbon::train
