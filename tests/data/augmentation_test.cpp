#include "gibbon/data/augmentation.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <stdexcept>
#include <string>
#include <tuple>

#include "data/test_files.hpp"

namespace gibbon::data {
namespace {

using testing::HasSubstr;

/// Images whose pixels are all different (and not 0) within a channel of at most 15x17.
ImageSet sample(int count, int channels, int height, int width) {
  ImageSet images{channels, height, width, {}, {}};
  for (int i = 0; i < count; ++i) {
    images.labels.push_back(i);
    for (int c = 0; c < channels; ++c) {
      for (int p = 0; p < height * width; ++p) {
        images.pixels.push_back(static_cast<std::uint8_t>(1 + (p + 50 * c + i) % 255));
      }
    }
  }
  return images;
}

std::vector<int> indices_up_to(int count) {
  std::vector<int> indices(static_cast<std::size_t>(count));
  std::iota(indices.begin(), indices.end(), 0);
  return indices;
}

float source_pixel(const ImageSet& images, int image, int channel, int y, int x,
                   PaddingMode padding) {
  const bool outside = y < 0 || y >= images.height || x < 0 || x >= images.width;
  if (outside && padding == PaddingMode::kZero) return 0.0f;
  const auto mirror = [](int at, int size) {
    return at < 0 ? -at : at >= size ? 2 * size - 2 - at : at;
  };
  const int row = mirror(y, images.height);
  const int column = mirror(x, images.width);
  return static_cast<float>(
             images.image(image)[(channel * images.height + row) * images.width + column]) /
         255.0f;
}

/// Whether an image of the batch is the source shifted and perhaps mirrored, in all channels alike.
bool is_crop(const ImageSet& images, const ImageBatch& batch, int image, int down, int right,
             bool flip, PaddingMode padding) {
  std::size_t at = static_cast<std::size_t>(image) * batch.channels * batch.height * batch.width;
  for (int c = 0; c < batch.channels; ++c) {
    for (int y = 0; y < batch.height; ++y) {
      for (int x = 0; x < batch.width; ++x, ++at) {
        const int column = flip ? batch.width - 1 - x : x;
        if (batch.pixels[at] != source_pixel(images, image, c, y + down, column + right, padding)) {
          return false;
        }
      }
    }
  }
  return true;
}

TEST(Augmentation, WithAllOffGivesThePixelsBy255) {
  const ImageSet images{1, 1, 3, {0, 51, 255, 1, 2, 3}, {4, 6}};
  const ImageBatch batch = augmented_batch(images, std::vector{1, 0}, {}, 1, 0, 1);
  EXPECT_EQ(batch.count, 2);
  EXPECT_EQ(batch.channels, 1);
  EXPECT_EQ(batch.height, 1);
  EXPECT_EQ(batch.width, 3);
  EXPECT_EQ(batch.labels, (std::vector<std::int32_t>{6, 4}));
  EXPECT_EQ(batch.pixels, (std::vector<float>{1 / 255.0f, 2 / 255.0f, 3 / 255.0f, 0, 0.2f, 1}));
}

class AugmentationPadding : public testing::TestWithParam<PaddingMode> {};

TEST_P(AugmentationPadding, EveryImageIsAShiftWithinThePaddingAndAllShiftsOccur) {
  const ImageSet images = sample(300, 2, 6, 7);
  AugmentationOptions options;
  options.crop_padding = 2;
  options.flip = Mirroring::kRandom;
  options.padding = GetParam();
  const ImageBatch batch = augmented_batch(images, indices_up_to(300), options, 3, 1, 1);
  std::map<std::tuple<int, int, bool>, int> seen;
  for (int image = 0; image < 300; ++image) {
    int matches = 0;
    for (int down = -2; down <= 2; ++down) {
      for (int right = -2; right <= 2; ++right) {
        for (const bool flip : {false, true}) {
          if (!is_crop(images, batch, image, down, right, flip, GetParam())) continue;
          ++matches;
          ++seen[{down, right, flip}];
        }
      }
    }
    ASSERT_EQ(matches, 1) << image;
  }
  // 300 draws of 5 x 5 x 2 = 50 cases: 6 each on average, none far off (P(0) = e^-6 a case).
  EXPECT_GE(seen.size(), 48u);
  for (const auto& [which, count] : seen) EXPECT_LE(count, 20);
}

INSTANTIATE_TEST_SUITE_P(Modes, AugmentationPadding,
                         testing::Values(PaddingMode::kZero, PaddingMode::kReflect));

TEST(Augmentation, FlipsAboutHalf) {
  const ImageSet images = sample(1000, 1, 2, 3);
  AugmentationOptions options;
  options.flip = Mirroring::kRandom;
  const ImageBatch batch = augmented_batch(images, indices_up_to(1000), options, 3, 1, 1);
  int flipped = 0;
  for (int i = 0; i < 1000; ++i) {
    flipped += is_crop(images, batch, i, 0, 0, true, PaddingMode::kZero);
  }
  // Binomial(1000, 1/2): 500 with a standard deviation of 15.8; five of them on either side.
  EXPECT_NEAR(flipped, 500, 80);
}

TEST(Augmentation, AlternatingMirrorsShowBothSidesInTwoEpochs) {
  const ImageSet images = sample(1000, 1, 2, 3);
  AugmentationOptions options;
  options.flip = Mirroring::kAlternating;
  const auto mirrored = [&](std::uint64_t epoch) {
    const ImageBatch batch = augmented_batch(images, indices_up_to(1000), options, 3, epoch, 1);
    std::vector<bool> result;
    for (int i = 0; i < 1000; ++i) {
      result.push_back(is_crop(images, batch, i, 0, 0, true, PaddingMode::kZero));
    }
    return result;
  };
  const std::vector<bool> first = mirrored(0);
  std::vector<bool> other_side = first;
  other_side.flip();
  EXPECT_NEAR(std::count(first.begin(), first.end(), true), 500, 80);  // as above
  EXPECT_EQ(mirrored(1), other_side);
  EXPECT_EQ(mirrored(2), first);
  EXPECT_EQ(mirrored(7), other_side);
}

TEST(Augmentation, CutoutIsASquareCutAtTheBorder) {
  const ImageSet images = sample(200, 2, 8, 8);
  AugmentationOptions options;
  options.cutout = 3;
  const ImageBatch batch = augmented_batch(images, indices_up_to(200), options, 9, 0, 1);
  std::set<int> sizes;
  for (int image = 0; image < 200; ++image) {
    int first_black[2] = {0, 0};
    for (int c = 0; c < 2; ++c) {
      const float* plane = batch.pixels.data() + (image * 2 + c) * 64;
      int top = 8, left = 8, bottom = -1, right = -1, black = 0;
      for (int p = 0; p < 64; ++p) {
        if (plane[p] != 0) {
          ASSERT_EQ(plane[p], source_pixel(images, image, c, p / 8, p % 8, PaddingMode::kZero));
          continue;
        }
        ++black;
        top = std::min(top, p / 8), bottom = std::max(bottom, p / 8);
        left = std::min(left, p % 8), right = std::max(right, p % 8);
      }
      ASSERT_EQ(black, (bottom - top + 1) * (right - left + 1));
      // A centre in a corner leaves 2x2 of the 3x3.
      ASSERT_GE(std::min(bottom - top, right - left), 1);
      ASSERT_LE(std::max(bottom - top, right - left), 2);
      first_black[c] = top * 8 + left;
      sizes.insert(black);
    }
    ASSERT_EQ(first_black[0], first_black[1]);
  }
  EXPECT_EQ(sizes, (std::set<int>{4, 6, 9}));
}

TEST(Augmentation, CutoutLargerThanTheImageMayBlackenAll) {
  AugmentationOptions options;
  options.cutout = 100;
  const ImageBatch batch = augmented_batch(sample(1, 1, 4, 4), indices_up_to(1), options, 1, 1, 1);
  EXPECT_EQ(batch.pixels, std::vector<float>(16, 0.0f));
}

TEST(Augmentation, SmallCropsLieAnywhereInTheImageAndItsPadding) {
  const ImageSet images = sample(300, 2, 6, 7);
  AugmentationOptions options;
  options.crop_padding = 1;
  options.flip = Mirroring::kRandom;
  options.crop_size = 5;
  const ImageBatch batch = augmented_batch(images, indices_up_to(300), options, 3, 1, 1);
  EXPECT_EQ(batch.height, 5);
  EXPECT_EQ(batch.width, 5);
  ASSERT_EQ(batch.pixels.size(), 300u * 2 * 5 * 5);
  std::set<std::tuple<int, int, bool>> seen;
  for (int image = 0; image < 300; ++image) {
    int matches = 0;
    for (int down = -1; down <= 2; ++down) {  // 6 rows and 1 on either side hold 5 from -1 to 2
      for (int right = -1; right <= 3; ++right) {
        for (const bool flip : {false, true}) {
          if (!is_crop(images, batch, image, down, right, flip, PaddingMode::kZero)) continue;
          ++matches;
          seen.insert({down, right, flip});
        }
      }
    }
    ASSERT_EQ(matches, 1) << image;
  }
  EXPECT_GE(seen.size(), 38u);  // of 4 x 5 x 2 = 40, 7.5 draws each on average
}

TEST(Augmentation, SameAtAnyThreadCountAndInAnyBatch) {
  const ImageSet images = sample(50, 3, 7, 9);
  AugmentationOptions options;
  options.crop_padding = 3;
  options.flip = Mirroring::kRandom;
  options.cutout = 4;
  const auto all = indices_up_to(50);
  const ImageBatch one = augmented_batch(images, all, options, 5, 2, 1);
  EXPECT_EQ(augmented_batch(images, all, options, 5, 2, 4).pixels, one.pixels);
  const ImageBatch alone = augmented_batch(images, std::vector{31}, options, 5, 2, 1);
  const long size = images.image_size();
  EXPECT_TRUE(std::equal(alone.pixels.begin(), alone.pixels.end(), one.pixels.begin() + 31 * size));
  EXPECT_NE(augmented_batch(images, all, options, 5, 3, 1).pixels, one.pixels);
  EXPECT_NE(augmented_batch(images, all, options, 6, 2, 1).pixels, one.pixels);
}

TEST(Augmentation, SwitchingOneChangeOnLeavesTheOthersDraws) {
  const ImageSet images = sample(40, 1, 6, 6);
  AugmentationOptions crop;
  crop.crop_padding = 2;
  AugmentationOptions both = crop;
  both.cutout = 2;
  const auto all = indices_up_to(40);
  const ImageBatch cropped = augmented_batch(images, all, crop, 5, 2, 1);
  const ImageBatch cut = augmented_batch(images, all, both, 5, 2, 1);
  for (std::size_t i = 0; i < cut.pixels.size(); ++i) {
    EXPECT_TRUE(cut.pixels[i] == cropped.pixels[i] || cut.pixels[i] == 0.0f);
  }
}

TEST(Augmentation, PaddingBeyondTheImageGivesBlackOrTheImage) {
  const ImageSet images = sample(100, 1, 2, 2);
  AugmentationOptions options;
  options.crop_padding = 10;
  EXPECT_NO_THROW(augmented_batch(images, indices_up_to(100), options, 5, 2, 1));
}

TEST(Augmentation, RefusesBadOptions) {
  const ImageSet images = sample(2, 1, 4, 5);
  const auto with = [&](AugmentationOptions options) {
    return error_of([&] { augmented_batch(images, indices_up_to(2), options, 1, 1, 1); });
  };
  EXPECT_THAT(with({.crop_padding = -1}), HasSubstr("crop padding -1 and cutout 0 must not be"));
  EXPECT_THAT(with({.cutout = -2}), HasSubstr("cutout -2 must not be negative"));
  EXPECT_EQ(with({.crop_size = -1}), "augmentation: crops of -1 pixels from images of 4x5: 0 to 4");
  EXPECT_EQ(with({.crop_size = 5}), "augmentation: crops of 5 pixels from images of 4x5: 0 to 4");
  EXPECT_EQ(with({.crop_padding = 3, .padding = PaddingMode::kReflect}), "no error");
  EXPECT_THAT(with({.crop_padding = 4, .padding = PaddingMode::kReflect}),
              HasSubstr("images of 4x5 cannot be reflected by 4 pixels: at most 3"));
  EXPECT_THROW(augmented_batch(images, std::vector{2}, {}, 1, 1, 1), std::out_of_range);
}

}  // namespace
}  // namespace gibbon::data
