#include "gibbon/app/images_for.hpp"

#include <gtest/gtest.h>

#include "error_of.hpp"

namespace gibbon::app {
namespace {

TEST(ImagesFor, BringsPicturesToTheNetworksInput) {
  const data::LoadOptions pictures = images_for({1, 24, 32}, "image-folder", 3);
  EXPECT_EQ(pictures.size, (data::ImageSize{24, 32}));
  EXPECT_EQ(pictures.channels, 1);
  EXPECT_EQ(pictures.threads, 3);
}

TEST(ImagesFor, LeavesADatasetOfOneForm) {
  const data::LoadOptions images = images_for({1, 24, 32}, "cifar10", 1);
  EXPECT_FALSE(images.size);
  EXPECT_FALSE(images.channels);
}

TEST(ImagesFor, KnowsItsDatasets) {
  EXPECT_NE(test::error_of([] {
              images_for({1, 8, 8}, "cifar11", 1);
            }).find("cifar10"),
            std::string::npos);
}

}  // namespace
}  // namespace gibbon::app
