// Which images a training sees, step by step.

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "gibbon/train/trainers/batch_source.hpp"
#include "train/test_networks.hpp"

namespace gibbon::train {
namespace {

constexpr int kSmallSet = 100;
constexpr int kBatch = 10;

TrainOptions options_with(double skip_easy) {
  TrainOptions options;
  options.batch_size = kBatch;
  options.skip_easy = skip_easy;
  return options;
}

/// The images of so many steps; the first half of the set costs 0, the other half 1.
std::vector<std::vector<int>> seen(double skip_easy, int steps, int first_step = 0) {
  const data::ImageSet images = testing::square_images(kSmallSet, 1, 4, 2, 1);
  BatchSource source(images, options_with(skip_easy), first_step, steps);
  std::vector<std::vector<int>> batches;
  for (int step = first_step; step < steps; ++step) {
    const BatchSource::Batch batch = source.next();
    std::vector<float> losses;
    for (const int index : batch.indices) losses.push_back(index < kSmallSet / 2 ? 0.0F : 1.0F);
    source.learn(batch.indices, losses);
    batches.push_back(batch.indices);
  }
  return batches;
}

int times_seen(const std::vector<std::vector<int>>& batches, int first, int last) {
  int count = 0;
  for (const std::vector<int>& batch : batches) {
    count += static_cast<int>(std::count_if(
        batch.begin(), batch.end(), [&](int image) { return image >= first && image < last; }));
  }
  return count;
}

TEST(BatchSource, SeesEveryImageOnceAnEpoch) {
  const auto batches = seen(0, 30);
  for (int image = 0; image < kSmallSet; ++image) {
    EXPECT_EQ(times_seen(batches, image, image + 1), 3) << image;
  }
}

TEST(BatchSource, GoesOnInTheMiddleOfAnEpoch) {
  const auto whole = seen(0, 30);
  const auto rest = seen(0, 30, 17);
  EXPECT_EQ(std::vector(whole.begin() + 17, whole.end()), rest);
}

// Epochs after the first have about 75 images in place of 100. Of 160 steps those up to 140 can
// begin such an epoch: 10 steps see all, then about 130 steps of 10 images, two of three of them
// hard, and the last 20 or more steps see all again.
TEST(BatchSource, SeesHardImagesMoreOftenWhereEasyOnesAreLeftOut) {
  const auto batches = seen(0.5, 160);
  const double hard = times_seen(batches, kSmallSet / 2, kSmallSet);
  EXPECT_NEAR(hard, 10 * 5 + 130 * 10 * 2.0 / 3 + 20 * 5, 60);
  const std::vector<std::vector<int>> first(batches.begin(), batches.begin() + 10);
  EXPECT_EQ(times_seen(first, kSmallSet / 2, kSmallSet), kSmallSet / 2);
  const std::vector<std::vector<int>> last(batches.end() - 10, batches.end());
  EXPECT_NEAR(times_seen(last, kSmallSet / 2, kSmallSet), kSmallSet / 2, 15);
  EXPECT_EQ(seen(0.5, 160), batches);
}

TEST(BatchSource, NeverRunsOutOfImages) {
  for (const auto& batch : seen(0.9, 400)) EXPECT_EQ(batch.size(), kBatch);
}

}  // namespace
}  // namespace gibbon::train
