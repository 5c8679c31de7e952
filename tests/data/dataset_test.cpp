#include "gibbon/data/dataset.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>

#include "data/test_files.hpp"

namespace gibbon::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// One-pixel images, each with its own value, of these labels.
ImageSet numbered(const std::vector<std::int32_t>& labels) {
  ImageSet images{1, 1, 1, {}, labels};
  for (std::size_t i = 0; i < labels.size(); ++i) {
    images.pixels.push_back(static_cast<std::uint8_t>(i));
  }
  return images;
}

std::map<int, int> class_counts(const ImageSet& images) {
  std::map<int, int> counts;
  for (const int label : images.labels) ++counts[label];
  return counts;
}

std::vector<std::int32_t> cyclic_labels(int count, int classes) {
  std::vector<std::int32_t> labels;
  for (int i = 0; i < count; ++i) labels.push_back(i % classes);
  return labels;
}

TEST(ImageSet, GivesTheImageAtAnIndex) {
  const ImageSet images{2, 1, 2, {1, 2, 3, 4, 5, 6, 7, 8}, {0, 1}};
  EXPECT_EQ(images.count(), 2);
  EXPECT_EQ(images.image_size(), 4);
  EXPECT_THAT(images.image(0), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(images.image(1), ElementsAre(5, 6, 7, 8));
  EXPECT_THROW(images.image(2), std::out_of_range);
  EXPECT_THROW(images.image(-1), std::out_of_range);
}

TEST(ImageSet, GivesItsFirstImagesOrAllWhereThereAreFewer) {
  const ImageSet images{1, 1, 2, {1, 2, 3, 4, 5, 6}, {7, 8, 9}};
  const ImageSet two = images.first(2);
  EXPECT_THAT(two.pixels, ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(two.labels, ElementsAre(7, 8));
  EXPECT_EQ(two.width, 2);
  EXPECT_EQ(images.first(3).pixels, images.pixels);
  EXPECT_EQ(images.first(4).labels, images.labels);
  EXPECT_EQ(images.first(0).count(), 0);
}

TEST(ImageSet, SelectsInTheOrderOfTheIndices) {
  const ImageSet images{1, 1, 2, {1, 2, 3, 4, 5, 6}, {7, 8, 9}};
  const ImageSet selected = images.select(std::vector{2, 0, 2});
  EXPECT_THAT(selected.pixels, ElementsAre(5, 6, 1, 2, 5, 6));
  EXPECT_THAT(selected.labels, ElementsAre(9, 7, 9));
  EXPECT_EQ(selected.width, 2);
  EXPECT_EQ(images.select({}).count(), 0);
  EXPECT_THROW(images.select(std::vector{3}), std::out_of_range);
}

TEST(SplitValidation, TakesTheSameNumberOfEachClass) {
  const TrainValidationSplit split = split_validation(numbered(cyclic_labels(100, 10)), 30, 1);
  for (const auto& [label, count] : class_counts(split.validation)) EXPECT_EQ(count, 3) << label;
  for (const auto& [label, count] : class_counts(split.train)) EXPECT_EQ(count, 7) << label;
  EXPECT_EQ(class_counts(split.validation).size(), 10u);
}

TEST(SplitValidation, DividesTheSetInTwoAndKeepsItsOrder) {
  const ImageSet images = numbered(cyclic_labels(60, 7));
  const TrainValidationSplit split = split_validation(images, 11, 5);
  EXPECT_EQ(split.validation.count(), 11);
  EXPECT_EQ(split.train.count(), 49);
  std::multiset<int> all(split.train.pixels.begin(), split.train.pixels.end());
  all.insert(split.validation.pixels.begin(), split.validation.pixels.end());
  EXPECT_EQ(all, std::multiset<int>(images.pixels.begin(), images.pixels.end()));
  EXPECT_TRUE(std::is_sorted(split.train.pixels.begin(), split.train.pixels.end()));
  EXPECT_TRUE(std::is_sorted(split.validation.pixels.begin(), split.validation.pixels.end()));
  for (int i = 0; i < split.validation.count(); ++i) {
    EXPECT_EQ(split.validation.labels[i], split.validation.pixels[i] % 7);
  }
}

TEST(SplitValidation, RemainderDiffersByOneAtMost) {
  const auto counts =
      class_counts(split_validation(numbered(cyclic_labels(40, 4)), 10, 3).validation);
  for (const auto& [label, count] : counts) EXPECT_TRUE(count == 2 || count == 3) << label;
}

TEST(SplitValidation, ShortClassKeepsOneImageAndOthersMakeUp) {
  // Two images of class 0, eight of class 1: six wanted. Class 0 gives 1, class 1 gives 5.
  const ImageSet images = numbered({0, 0, 1, 1, 1, 1, 1, 1, 1, 1});
  const TrainValidationSplit split = split_validation(images, 6, 3);
  EXPECT_EQ(class_counts(split.validation), (std::map<int, int>{{0, 1}, {1, 5}}));
  // Nine wanted: 1 + 7 leave one of each, the ninth has to come from one of the two.
  EXPECT_EQ(split_validation(images, 9, 3).train.count(), 1);
}

TEST(SplitValidation, SameSeedSameSplitOtherSeedAnother) {
  const ImageSet images = numbered(cyclic_labels(200, 10));
  const auto pixels = [&](std::uint64_t seed) {
    return split_validation(images, 50, seed).validation.pixels;
  };
  EXPECT_EQ(pixels(1), pixels(1));
  EXPECT_NE(pixels(1), pixels(2));
}

TEST(SplitValidation, RefusesToLeaveEitherEmpty) {
  const ImageSet images = numbered({0, 1, 0});
  EXPECT_EQ(split_validation(images, 1, 1).validation.count(), 1);
  EXPECT_EQ(split_validation(images, 2, 1).train.count(), 1);
  for (const int count : {-1, 0, 3, 4}) {
    EXPECT_THAT(error_of([&] { split_validation(images, count, 1); }),
                HasSubstr("from 3 training images: between 1 and 2 are possible"));
  }
}

}  // namespace
}  // namespace gibbon::data
