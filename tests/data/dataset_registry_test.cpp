#include "gibbon/data/dataset_registry.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cstdlib>
#include <map>
#include <set>

#include "data/test_files.hpp"

namespace gibbon::data {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(DatasetRegistry, NamesAreUniqueAndEachIsFound) {
  std::set<std::string_view> names;
  for (const DatasetEntry& entry : dataset_entries()) {
    EXPECT_TRUE(names.insert(entry.name).second) << entry.name;
    EXPECT_EQ(&find_dataset(entry.name), &entry);
    EXPECT_FALSE(entry.summary.empty());
  }
  EXPECT_EQ(names, (std::set<std::string_view>{"cifar10", "cifar100", "fashion-mnist", "mnist",
                                               "image-folder"}));
}

TEST(DatasetRegistry, UnknownNameListsTheKnownAndTheNearest) {
  const auto error = [](const char* name) { return error_of([&] { load_dataset(name, "/"); }); };
  EXPECT_THAT(
      error("cifar11"),
      HasSubstr("unknown dataset 'cifar11'; did you mean 'cifar10'? (allowed: cifar10, cifar100, "
                "fashion-mnist, mnist, image-folder)"));
  EXPECT_THAT(error("cifar11"), HasSubstr("did you mean 'cifar10'?"));
  EXPECT_THAT(error("fashon-mnist"), HasSubstr("did you mean 'fashion-mnist'?"));
  EXPECT_THAT(error("imagenet-22k-full"), testing::Not(HasSubstr("did you mean")));
}

TEST(DatasetRegistry, SaysWhenTheFolderIsMissing) {
  EXPECT_THAT(error_of([] { load_dataset("mnist", "/nowhere/mnist"); }),
              HasSubstr("/nowhere/mnist: no such folder (mnist: "));
  EXPECT_THAT(error_of([] { load_dataset("fashion-mnist", "/nowhere"); }),
              HasSubstr("Debian package dataset-fashion-mnist"));
  EXPECT_THAT(error_of([] { load_dataset("mnist", ""); }),
              HasSubstr("the dataset mnist needs the folder that it is in"));
}

TEST(DatasetRegistry, RefusesSizeAndChannelsWhereImagesHaveOneForm) {
  LoadOptions options;
  options.channels = 1;
  EXPECT_THAT(error_of([&] { load_dataset("cifar10", "/", options); }),
              HasSubstr("the dataset cifar10 has images of one form"));
  options.channels.reset();
  options.size = ImageSize{16, 16};
  EXPECT_THAT(error_of([&] { load_dataset("mnist", "/", options); }),
              HasSubstr("can be given for image-folder"));
}

TEST(DatasetRegistry, ReadsTheRealFashionMnistFromItsDefaultFolder) {
  const DatasetEntry& entry = find_dataset("fashion-mnist");
  if (!fs::exists(*entry.default_directory)) {
    GTEST_SKIP() << "the Debian package dataset-fashion-mnist is not installed";
  }
  const Dataset dataset = load_dataset("fashion-mnist", "");
  EXPECT_EQ(dataset.name, "fashion-mnist");
  EXPECT_EQ(dataset.num_classes(), *entry.classes);
  EXPECT_EQ(dataset.train.count(), 60000);
  EXPECT_EQ(dataset.test.count(), 10000);
  EXPECT_EQ(dataset.train.channels, entry.shape->channels);
  EXPECT_EQ(dataset.train.height, entry.shape->height);
  EXPECT_EQ(dataset.train.width, entry.shape->width);
  EXPECT_EQ(dataset.train.pixels.size(), 60000u * 28 * 28);
  const auto first_labels = [](const ImageSet& images) {
    return std::vector(images.labels.begin(), images.labels.begin() + 10);
  };
  EXPECT_THAT(first_labels(dataset.train), ElementsAre(9, 0, 0, 3, 0, 2, 7, 2, 5, 5));
  EXPECT_THAT(first_labels(dataset.test), ElementsAre(9, 2, 1, 1, 6, 1, 4, 6, 5, 7));
  std::map<int, int> counts;
  for (const int label : dataset.train.labels) ++counts[label];
  for (const auto& [label, count] : counts) EXPECT_EQ(count, 6000) << label;
  // An ankle boot is dark above and light below.
  const auto boot = dataset.train.image(0);
  EXPECT_EQ(boot[0], 0);
  EXPECT_GT(boot[20 * 28 + 14], 100);
}

TEST(DatasetRegistry, ReadsCifar10AsItIsPrepared) {
  const fs::path tool = fs::path(GIBBON_SOURCE_DIR) / "../shared/data/prepare-cifar10";
  if (!fs::exists(tool)) GTEST_SKIP() << "there is no tool to prepare CIFAR-10 with";
  const TemporaryFolder folder;
  const std::string command =
      fmt::format("'{}' '{}' >/dev/null", tool.string(), folder.path().string());
  if (std::system(command.c_str()) != 0) GTEST_SKIP() << "CIFAR-10 could not be prepared";
  const Dataset dataset = load_dataset("cifar10", folder.path());
  EXPECT_EQ(dataset.train.count(), 50000);
  EXPECT_EQ(dataset.test.count(), 10000);
  EXPECT_EQ(dataset.class_names[6], "frog");
  std::map<int, int> train_counts;
  for (const int label : dataset.train.labels) ++train_counts[label];
  EXPECT_EQ(train_counts.size(), 10u);
  for (const auto& [label, count] : train_counts) EXPECT_EQ(count, 5000) << label;
  // The channel means of CIFAR-10 are 125.3, 123.0 and 113.9 (of 255).
  const double expected[] = {125.3, 123.0, 113.9};
  for (int channel = 0; channel < 3; ++channel) {
    double sum = 0;
    for (int i = 0; i < 10000; ++i) {
      for (const int pixel : dataset.train.image(i).subspan(channel * 1024u, 1024)) sum += pixel;
    }
    EXPECT_NEAR(sum / (10000.0 * 1024), expected[channel], 1.5);
  }
}

}  // namespace
}  // namespace gibbon::data
