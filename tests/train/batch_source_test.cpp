// Which images a training sees, step by step.

#include <gtest/gtest.h>

#include <algorithm>
#include <span>
#include <vector>

#include "gibbon/train/trainers/batch_source.hpp"
#include "train/test_networks.hpp"

namespace gibbon::train {
namespace {

constexpr int kSmallSet = 100;
constexpr int kBatch = 10;

TrainOptions batches_of_ten() {
  TrainOptions options;
  options.batch_size = kBatch;
  return options;
}

/// The images of the steps from `first_step` on, of `steps`; the set's first half costs 0, the
/// other half 1.
std::vector<std::vector<int>> seen(double skip_easy, int steps, int first_step = 0,
                                   double plain_share = 0) {
  const data::ImageSet images = testing::square_images(kSmallSet, 1, 4, 2, 1);
  BatchSource source(images, batches_of_ten(), first_step, steps, {skip_easy, plain_share});
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

int times_seen(std::span<const std::vector<int>> batches, int first, int last) {
  int count = 0;
  for (const std::vector<int>& batch : batches) {
    count += static_cast<int>(std::count_if(
        batch.begin(), batch.end(), [&](int image) { return image >= first && image < last; }));
  }
  return count;
}

int hard_ones(std::span<const std::vector<int>> batches) {
  return times_seen(batches, kSmallSet / 2, kSmallSet);
}

TEST(BatchSource, SeesEveryImageOnceAnEpoch) {
  const auto batches = seen(0, 30);
  for (int image = 0; image < kSmallSet; ++image) {
    EXPECT_EQ(times_seen(batches, image, image + 1), 3) << image;
  }
}

TEST(BatchSource, GoesOnInTheMiddleOfAnEpoch) {
  const auto whole = seen(0, 30);
  EXPECT_EQ(std::vector(whole.begin() + 17, whole.end()), seen(0, 30, 17));
}

// With nine tenths of the 50 easy images left out, epochs have about 55 images, 50 of them hard.
// Half of the first epoch's images are hard, and half of those of the epochs that begin behind
// seven eighths of the steps, of which the last ten steps are sure to be.
TEST(BatchSource, LeavesOutEasyImagesBetweenTheFirstEpochAndTheLastEighth) {
  const auto batches = seen(0.9, 160);
  const std::span<const std::vector<int>> steps = batches;
  EXPECT_EQ(hard_ones(steps.first(10)), 50);
  EXPECT_NEAR(hard_ones(steps.subspan(10, 130)), 1300 * 50.0 / 55, 50);
  EXPECT_NEAR(hard_ones(steps.last(10)), 50, 10);
  EXPECT_EQ(seen(0.9, 160), batches);
}

TEST(BatchSource, NeverRepeatsAnImageInABatch) {
  for (std::vector<int> batch : seen(0.9, 160)) {
    std::sort(batch.begin(), batch.end());
    EXPECT_EQ(std::adjacent_find(batch.begin(), batch.end()), batch.end());
  }
}

/// Whether the batches of 30 steps, three epochs, hold their images as the set does.
std::vector<bool> plain_batches(Curriculum curriculum) {
  const data::ImageSet images = testing::square_images(kSmallSet, 1, 8, 2, 1);
  TrainOptions options = batches_of_ten();
  options.augmentation = {.crop_padding = 3, .cutout = 3};
  BatchSource source(images, options, 0, 30, curriculum);
  std::vector<bool> are_plain;
  for (int step = 0; step < 30; ++step) {
    const BatchSource::Batch batch = source.next();
    const data::ImageBatch as_they_are =
        data::augmented_batch(images, batch.indices, {}, options.seed, 0, 1);
    are_plain.push_back(batch.images.pixels == as_they_are.pixels);
  }
  return are_plain;
}

TEST(BatchSource, ShowsImagesWhereTheyAreInItsLastSteps) {
  const std::vector<bool> never = plain_batches({});
  EXPECT_EQ(std::count(never.begin(), never.end(), true), 0);
  const std::vector<bool> late = plain_batches({.plain_share = 0.2});
  EXPECT_EQ(std::find(late.begin(), late.end(), true) - late.begin(), 24);
  EXPECT_EQ(std::count(late.begin(), late.end(), true), 6);
  const std::vector<bool> always = plain_batches({.plain_share = 1});
  EXPECT_EQ(std::count(always.begin(), always.end(), true), 30);
}

// As above, but with the last quarter of 160 steps plain: an epoch of 55 images that begins before
// step 120 ends before step 126, and in the 30 steps behind that half of the images are hard.
TEST(BatchSource, LeavesNoImageOutOfPlainEpochs) {
  const auto batches = seen(0.9, 160, 0, 0.25);
  const std::span<const std::vector<int>> steps = batches;
  EXPECT_NEAR(hard_ones(steps.subspan(10, 110)), 1100 * 50.0 / 55, 50);
  EXPECT_NEAR(hard_ones(steps.last(30)), 150, 15);
}

// Of 20 images, one hard: 0.9 of 19 left out would leave fewer than a batch now and then.
TEST(BatchSource, SeesAllImagesWhereTooFewAreLeft) {
  const data::ImageSet images = testing::square_images(20, 1, 4, 2, 1);
  BatchSource source(images, batches_of_ten(), 0, 1000, {.skip_easy = 0.9});
  for (int step = 0; step < 100; ++step) {
    const BatchSource::Batch batch = source.next();
    ASSERT_EQ(batch.indices.size(), 10U);
    std::vector<float> losses;
    for (const int index : batch.indices) losses.push_back(index == 0 ? 1.0F : 0.0F);
    source.learn(batch.indices, losses);
  }
}

}  // namespace
}  // namespace gibbon::train
