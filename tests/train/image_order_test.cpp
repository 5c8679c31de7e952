#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "gibbon/train/trainers/image_order.hpp"

namespace gibbon::train {
namespace {

constexpr int kImages = 1000;

std::vector<int> sorted(std::vector<int> order) {
  std::sort(order.begin(), order.end());
  return order;
}

std::vector<int> every_image() {
  std::vector<int> images(kImages);
  std::iota(images.begin(), images.end(), 0);
  return images;
}

/// Losses of 1 for the first 600 images and of 6 for the others: 3 in the mean.
ImageOrder with_600_easy(double skip_easy) {
  ImageOrder order(kImages, 1, skip_easy);
  std::vector<float> losses(kImages, 1.0F);
  std::fill(losses.begin() + 600, losses.end(), 6.0F);
  order.learn(every_image(), losses);
  return order;
}

std::ptrdiff_t easy_in(const std::vector<int>& order) {
  return std::count_if(order.begin(), order.end(), [](int image) { return image < 600; });
}

TEST(ImageOrder, IsAnotherPermutationEachEpoch) {
  const ImageOrder order(kImages, 1, 0.5);
  EXPECT_EQ(sorted(order.all(0)), every_image());
  EXPECT_EQ(sorted(order.all(1)), every_image());
  EXPECT_NE(order.all(0), order.all(1));
  EXPECT_EQ(order.all(1), ImageOrder(kImages, 1, 0.5).all(1));
  EXPECT_NE(order.all(1), ImageOrder(kImages, 2, 0.5).all(1));
}

TEST(ImageOrder, LeavesOutNothingBeforeItKnowsALoss) {
  const ImageOrder order(kImages, 1, 0.5);
  EXPECT_EQ(order.without_easy(0, 1), order.all(0));
}

// Of 600 images each is left out with a probability of 0.5: 300, standard deviation sqrt(150)
// = 12.2.
TEST(ImageOrder, LeavesOutTheShareOfEasyImagesAndNoOther) {
  const ImageOrder order = with_600_easy(0.5);
  const std::vector<int> first = order.without_easy(0, 1);
  EXPECT_EQ(static_cast<std::ptrdiff_t>(first.size()) - easy_in(first), 400);
  EXPECT_NEAR(static_cast<double>(easy_in(first)), 300, 5 * 12.2);
  EXPECT_NE(sorted(first), sorted(order.without_easy(1, 1))) << "others in the next epoch";
  EXPECT_EQ(with_600_easy(0).without_easy(0, 1).size(), kImages);
}

// An image that has become hard stays: all losses are 6 but for the first ten images' 1.
TEST(ImageOrder, GoesByTheLatestLoss) {
  ImageOrder order = with_600_easy(0.9);
  std::vector<int> easy = every_image();
  easy.erase(easy.begin(), easy.begin() + 10);
  order.learn(easy, std::vector<float>(easy.size(), 6.0F));
  const std::vector<int> kept = order.without_easy(0, 1);
  EXPECT_GE(kept.size(), kImages - 10U);
  EXPECT_LT(kept.size(), kImages);
}

// Images that were never seen have no loss: they stay, and the mean is over the ten others, 1
// to 10.
TEST(ImageOrder, KeepsImagesThatWereNotSeen) {
  ImageOrder order(kImages, 1, 0.9);
  std::vector<int> seen(10);
  std::iota(seen.begin(), seen.end(), 0);
  order.learn(seen, std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10});
  const std::vector<int> kept = sorted(order.without_easy(0, 1));
  EXPECT_GE(kept.size(), kImages - 5U) << "five are below 5.5";
  EXPECT_LT(kept.size(), kImages);
  EXPECT_TRUE(std::includes(kept.begin(), kept.end(), seen.begin() + 5, seen.end()));
}

TEST(ImageOrder, KeepsAllWhereTooFewWouldStay) {
  const ImageOrder order = with_600_easy(0.5);
  EXPECT_EQ(order.without_easy(0, 990), order.all(0));
  EXPECT_LT(order.without_easy(0, 400).size(), kImages);
}

}  // namespace
}  // namespace gibbon::train
