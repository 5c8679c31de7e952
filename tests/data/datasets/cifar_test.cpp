#include "gibbon/data/datasets/cifar.hpp"

#include <gmock/gmock.h>

#include <map>

#include "data/test_files.hpp"

namespace gibbon::data {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

/// A file of the official length, all zero but for what is put in; takes no room on disk.
void write_sparse(const fs::path& path, long bytes, const std::map<long, std::string>& content) {
  fs::create_directories(path.parent_path());
  std::ofstream stream(path, std::ios::binary);
  for (const auto& [at, text] : content) stream.seekp(at) << text;
  stream.close();
  fs::resize_file(path, static_cast<std::uintmax_t>(bytes));
}

constexpr long kRecord10 = 1 + 3 * 32 * 32;
constexpr long kRecord100 = 2 + 3 * 32 * 32;

class Cifar10 : public testing::Test {
 protected:
  Cifar10() {
    for (int batch = 1; batch <= 5; ++batch) {
      // Image 0: label = batch, its first red pixel 10 + batch; image 9999: label 9.
      write_sparse(file("data_batch_" + std::to_string(batch)), 10000 * kRecord10,
                   {{0, {static_cast<char>(batch), static_cast<char>(10 + batch)}},
                    {9999 * kRecord10, "\x9"}});
    }
    // Image 1: label 3; red, green and blue of row 1, column 2 (at 34 of a plane of 1024).
    write_sparse(file("test_batch"), 10000 * kRecord10,
                 {{kRecord10, "\x3"},
                  {kRecord10 + 1 + 34, "r"},
                  {kRecord10 + 1 + 1024 + 34, "g"},
                  {kRecord10 + 1 + 2048 + 34, "b"}});
  }

  fs::path file(const std::string& name) const { return folder_ / (name + ".bin"); }
  std::string error() const {
    return error_of([&] { load_cifar10(folder_.path()); });
  }

  TemporaryFolder folder_;
};

void expect_content(const Dataset& dataset) {
  EXPECT_EQ(dataset.num_classes(), 10);
  EXPECT_EQ(dataset.class_names[3], "cat");
  EXPECT_EQ(dataset.train.count(), 50000);
  EXPECT_EQ(dataset.test.count(), 10000);
  EXPECT_EQ(dataset.train.channels, 3);
  for (int batch = 1; batch <= 5; ++batch) {
    const int first = (batch - 1) * 10000;
    EXPECT_EQ(dataset.train.labels[first], batch);
    EXPECT_EQ(dataset.train.image(first)[0], 10 + batch);
    EXPECT_EQ(dataset.train.labels[first + 9999], 9);
  }
  EXPECT_EQ(dataset.test.labels[1], 3);
  EXPECT_EQ(dataset.test.image(1)[34], 'r');
  EXPECT_EQ(dataset.test.image(1)[1024 + 34], 'g');
  EXPECT_EQ(dataset.test.image(1)[2048 + 34], 'b');
}

TEST_F(Cifar10, ReadsTheFolderItself) {
  expect_content(load_cifar10(folder_.path()));
}

TEST_F(Cifar10, ReadsTheTestImagesAlone) {
  for (int batch = 1; batch <= 5; ++batch) {
    fs::remove(file("data_batch_" + std::to_string(batch)));
  }
  const Dataset dataset = load_cifar10(folder_.path(), true);
  EXPECT_EQ(dataset.train.count(), 0);
  EXPECT_EQ(dataset.test.count(), 10000);
  EXPECT_EQ(dataset.test.image(1)[34], 'r');
  EXPECT_THAT(error(), HasSubstr("no data_batch_1.bin in this folder"));
}

TEST_F(Cifar10, ReadsTheUnpackedFolderInside) {
  const TemporaryFolder outer;
  fs::create_directory_symlink(folder_.path(), outer / "cifar-10-batches-bin");
  expect_content(load_cifar10(outer.path()));
}

TEST_F(Cifar10, NamesMissingFiles) {
  fs::remove(file("data_batch_3"));
  EXPECT_THAT(error(), HasSubstr("data_batch_3.bin: expected 10000 images of 3073 bytes"));
  fs::remove(file("data_batch_1"));
  EXPECT_EQ(error(), folder_.path().string() +
                         ": no data_batch_1.bin in this folder or in its cifar-10-batches-bin/");
}

TEST_F(Cifar10, RefusesAnyOtherLength) {
  for (const long bytes : {0L, 1L, kRecord10, 9999 * kRecord10, 10000 * kRecord10 - 1,
                           10000 * kRecord10 + 1, 10001 * kRecord10}) {
    fs::resize_file(file("data_batch_2"), static_cast<std::uintmax_t>(bytes));
    EXPECT_THAT(error(), HasSubstr("data_batch_2.bin: " + std::to_string(bytes) +
                                   " bytes, expected 30730000 for 10000 images of 3073 bytes"));
  }
}

TEST_F(Cifar10, RefusesALabelOutOfRange) {
  write_sparse(file("test_batch"), 10000 * kRecord10, {{7 * kRecord10, "\xa"}});
  EXPECT_THAT(error(), HasSubstr("test_batch.bin: label 10 of image 7, expected 0 to 9"));
}

class Cifar100 : public testing::Test {
 protected:
  TemporaryFolder folder_;
};

TEST_F(Cifar100, UsesTheFineLabels) {
  write_sparse(folder_ / "cifar-100-binary/train.bin", 50000 * kRecord100,
               {{0, {19, 99, 'r'}}, {49999 * kRecord100, {1, 42}}});
  write_sparse(folder_ / "cifar-100-binary/test.bin", 10000 * kRecord100, {{0, {0, 49}}});
  const Dataset dataset = load_cifar100(folder_.path());
  EXPECT_EQ(dataset.num_classes(), 100);
  EXPECT_EQ(dataset.train.count(), 50000);
  EXPECT_EQ(dataset.train.labels[0], 99);
  EXPECT_EQ(dataset.train.image(0)[0], 'r');
  EXPECT_EQ(dataset.train.labels[49999], 42);
  EXPECT_EQ(dataset.test.labels[0], 49);
  EXPECT_EQ(dataset.class_names[0], "apple");
  EXPECT_EQ(dataset.class_names[49], "mountain");
  EXPECT_EQ(dataset.class_names[99], "worm");
}

TEST_F(Cifar100, RefusesDamagedFiles) {
  const auto error = [&] { return error_of([&] { load_cifar100(folder_.path()); }); };
  EXPECT_THAT(error(), HasSubstr("no train.bin in this folder or in its cifar-100-binary/"));
  write_sparse(folder_ / "train.bin", 10000 * kRecord100, {});
  EXPECT_THAT(error(), HasSubstr("train.bin: 30740000 bytes, expected 153700000 for 50000 images"));
  write_sparse(folder_ / "train.bin", 50000 * kRecord100, {{kRecord100, {20, 3}}});
  EXPECT_THAT(error(), HasSubstr("train.bin: coarse label 20 of image 1, expected 0 to 19"));
  write_sparse(folder_ / "train.bin", 50000 * kRecord100, {{kRecord100, {3, 100}}});
  EXPECT_THAT(error(), HasSubstr("train.bin: fine label 100 of image 1, expected 0 to 99"));
  write_sparse(folder_ / "train.bin", 50000 * kRecord100, {});
  EXPECT_THAT(error(), HasSubstr("cannot read " + (folder_ / "test.bin").string()));
}

}  // namespace
}  // namespace gibbon::data
