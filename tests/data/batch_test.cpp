#include "gibbon/data/batch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gibbon/base/error.hpp"

namespace gibbon::data {
namespace {

using ::testing::ElementsAre;

ImageSet three_images() {
  return {1, 1, 2, {0, 255, 51, 102, 153, 204}, {7, 8, 9}};
}

TEST(MakeBatch, DividesPixelsBy255) {
  const ImageBatch batch = make_batch(three_images(), 1, 2);
  EXPECT_EQ(batch.count, 2);
  EXPECT_EQ(batch.channels, 1);
  EXPECT_EQ(batch.height, 1);
  EXPECT_EQ(batch.width, 2);
  EXPECT_THAT(batch.pixels, ElementsAre(0.2F, 0.4F, 0.6F, 0.8F));  // 51/255, 102/255, ...
  EXPECT_THAT(batch.labels, ElementsAre(8, 9));
}

TEST(MakeBatch, TakesTheWholeSetAndAnEmptyPartOfIt) {
  EXPECT_EQ(make_batch(three_images(), 0, 3).pixels.size(), 6U);
  EXPECT_EQ(make_batch(three_images(), 3, 0).count, 0);
}

TEST(MakeBatch, RefusesImagesOutsideTheSet) {
  EXPECT_THROW(make_batch(three_images(), 2, 2), base::Error);
  EXPECT_THROW(make_batch(three_images(), -1, 1), base::Error);
  EXPECT_THROW(make_batch(three_images(), 0, -1), base::Error);
  try {
    make_batch(three_images(), 2, 2);
  } catch (const base::Error& error) {
    EXPECT_STREQ(error.what(), "images 2 to 4 asked of a set of 3");
  }
}

}  // namespace
}  // namespace gibbon::data
