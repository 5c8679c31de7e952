#include "gibbon/data/datasets/image_folder.hpp"

#include <gmock/gmock.h>

#include "data/test_files.hpp"
#include "gibbon/data/dataset_registry.hpp"

namespace gibbon::data {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

class ImageFolder : public testing::Test {
 protected:
  ImageFolder() {
    write_png(folder_ / "train/cat/b.png", 1, 2, 3, {1, 2, 3, 4, 5, 6});
    write_png(folder_ / "train/cat/a.PNG", 1, 2, 3, {11, 12, 13, 14, 15, 16});
    write_png(folder_ / "train/ant/z.png", 1, 2, 3, {21, 22, 23, 24, 25, 26});
    write_png(folder_ / "test/ant/1.png", 1, 2, 3, {31, 32, 33, 34, 35, 36});
    write_png(folder_ / "test/cat/2.png", 1, 2, 3, {41, 42, 43, 44, 45, 46});
  }

  Dataset load(const LoadOptions& options = {}) const {
    return load_image_folder(folder_.path(), options);
  }
  std::string error(const LoadOptions& options = {}) const {
    return error_of([&] { load(options); });
  }

  TemporaryFolder folder_;
};

TEST_F(ImageFolder, SortsClassesAndFilesByNameAndTakesClassesInTurn) {
  const Dataset dataset = load_dataset("image-folder", folder_.path());
  EXPECT_THAT(dataset.class_names, ElementsAre("ant", "cat"));
  EXPECT_THAT(dataset.train.labels, ElementsAre(0, 1, 1));
  EXPECT_EQ(dataset.train.height, 1);
  EXPECT_EQ(dataset.train.width, 2);
  EXPECT_EQ(dataset.train.channels, 3);
  // Planes: red of both pixels, then green, then blue. "a.PNG" comes before "b.png".
  EXPECT_THAT(dataset.train.pixels,
              ElementsAre(21, 24, 22, 25, 23, 26, 11, 14, 12, 15, 13, 16, 1, 4, 2, 5, 3, 6));
  EXPECT_THAT(dataset.test.labels, ElementsAre(0, 1));
  EXPECT_EQ(dataset.test.pixels[0], 31);
}

TEST_F(ImageFolder, TheFirstImagesAreOfAllClasses) {
  // With what is there 12 of the one class and 6 of the other.
  for (int i = 0; i < 10; ++i) {
    write_png(folder_ / fmt::format("train/cat/more{:02}.png", i), 1, 2, 3, {1, 2, 3, 4, 5, 6});
  }
  for (int i = 0; i < 5; ++i) {
    write_png(folder_ / fmt::format("train/ant/more{:02}.png", i), 1, 2, 3, {1, 2, 3, 4, 5, 6});
  }
  const ImageSet train = load().train;
  ASSERT_EQ(train.count(), 18);
  int cats = 0;
  for (int first = 1; first <= train.count(); ++first) {
    cats += train.labels[static_cast<std::size_t>(first - 1)];
    EXPECT_NEAR(cats, first * 12.0 / 18, 1) << "of the first " << first;
  }
}

TEST_F(ImageFolder, ValStandsInForTest) {
  fs::rename(folder_ / "test", folder_ / "val");
  EXPECT_EQ(load().test.count(), 2);
}

TEST_F(ImageFolder, PassesOverOtherFilesAndHiddenNames) {
  write_bytes(folder_ / "train/cat/notes.txt", "x");
  write_bytes(folder_ / "train/cat/.hidden.png", "x");
  write_bytes(folder_ / "train/readme.png", "x");
  write_bytes(folder_ / "train/.git/config", "x");
  EXPECT_EQ(load().train.count(), 3);
}

TEST_F(ImageFolder, ResizesAndConvertsOnRequest) {
  write_png(folder_ / "train/ant/z.png", 2, 4, 1, {0, 2, 10, 12, 4, 6, 14, 16});
  LoadOptions options;
  options.size = ImageSize{1, 2};
  options.channels = 1;
  const Dataset dataset = load(options);
  EXPECT_EQ(dataset.train.channels, 1);
  // Means of 2x2: (0 + 2 + 4 + 6) / 4 = 3 and 13. The luma of 41, 42, 43 is 41.83, of 44.. 44.83.
  EXPECT_EQ(dataset.train.image(0)[0], 3);
  EXPECT_EQ(dataset.train.image(0)[1], 13);
  EXPECT_THAT(dataset.test.image(1), ElementsAre(42, 45));
}

TEST_F(ImageFolder, FirstTrainingImageDecidesTheForm) {
  write_png(folder_ / "train/ant/z.png", 1, 2, 1, {7, 8});
  EXPECT_EQ(load().train.channels, 1);
  LoadOptions options;
  options.channels = 3;
  EXPECT_THAT(load(options).train.image(0), ElementsAre(7, 8, 7, 8, 7, 8));
}

TEST_F(ImageFolder, ReadsTheTestImagesAlone) {
  write_bytes(folder_ / "train/cat/b.png", "no picture");  // the first one gives the form
  LoadOptions options;
  EXPECT_THROW(load_image_folder(folder_.path(), options), base::Error);
  options.test_only = true;
  const Dataset dataset = load_image_folder(folder_.path(), options);
  EXPECT_EQ(dataset.train.count(), 0);
  EXPECT_EQ(dataset.test.labels, (std::vector<std::int32_t>{0, 1}));
  EXPECT_EQ(dataset.test.image(0)[0], 31);
}

TEST_F(ImageFolder, SameAtAnyThreadCount) {
  LoadOptions options;
  options.size = ImageSize{5, 3};
  const Dataset one = load(options);
  options.threads = 4;
  EXPECT_EQ(load(options).train.pixels, one.train.pixels);
}

TEST_F(ImageFolder, RefusesAnotherSizeWithoutOneAskedFor) {
  write_png(folder_ / "test/cat/3.png", 2, 2, 1, {1, 2, 3, 4});
  EXPECT_EQ(error(), (folder_ / "test/cat/3.png").string() + ": 2x2 pixels, but " +
                         (folder_ / "train/ant/z.png").string() +
                         " has 1x2: give an image size, to which all are resized");
}

TEST_F(ImageFolder, RefusesFoldersThatDoNotFit) {
  fs::create_directory(folder_ / "train/dog");
  EXPECT_THAT(error(), HasSubstr("test: no folder for the class \"dog\", which is in train/"));
  fs::create_directory(folder_ / "test/dog");
  EXPECT_THAT(error(), HasSubstr("train/dog: no .png, .jpg or .jpeg file in this class folder"));
  fs::remove(folder_ / "train/dog");
  EXPECT_THAT(error(), HasSubstr("train: no folder for the class \"dog\", which is in test/"));
  fs::remove_all(folder_ / "test");
  EXPECT_EQ(error(), folder_.path().string() + ": no test/ or val/ folder in it");
  fs::remove_all(folder_ / "train");
  EXPECT_EQ(error(), folder_.path().string() + ": no train/ folder in it");
  fs::create_directory(folder_ / "train");
  fs::create_directory(folder_ / "test");
  EXPECT_THAT(error(), HasSubstr("train: no class folders in it"));
}

TEST_F(ImageFolder, RefusesBadOptions) {
  const auto with_size = [&](int height, int width) {
    LoadOptions options;
    options.size = ImageSize{height, width};
    return error(options);
  };
  EXPECT_THAT(with_size(0, 5), HasSubstr("image size 0x5: sides of 1 to 4096 are possible"));
  EXPECT_THAT(with_size(5, 4097), HasSubstr("image size 5x4097: sides of 1 to 4096"));
  EXPECT_EQ(with_size(1, 100), "no error");
  LoadOptions options;
  options.channels = 2;
  EXPECT_THAT(error(options), HasSubstr("2 image channels: 1 (grey) or 3 (colour) are possible"));
}

TEST_F(ImageFolder, NamesADamagedImage) {
  write_bytes(folder_ / "train/cat/c.jpeg", "\xff\xd8\xff\xe0 not really");
  EXPECT_THAT(error(), HasSubstr("train/cat/c.jpeg: not a whole JPEG image: "));
}

}  // namespace
}  // namespace gibbon::data
