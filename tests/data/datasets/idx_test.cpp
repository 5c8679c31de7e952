#include "gibbon/data/datasets/idx.hpp"

#include <gmock/gmock.h>

#include "data/test_files.hpp"

namespace gibbon::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string kTrainImages = "train-images-idx3-ubyte";
const std::string kTrainLabels = "train-labels-idx1-ubyte";
const std::string kTestImages = "t10k-images-idx3-ubyte";
const std::string kTestLabels = "t10k-labels-idx1-ubyte";

/// Three training images and one test image of 1x2, classes a and b.
class Idx : public testing::Test {
 protected:
  Idx() {
    write_bytes(folder_ / kTrainImages, idx_images(3, 1, 2, "\1\2\3\4\5\xff"));
    write_bytes(folder_ / kTrainLabels, idx_labels(std::string("\0\1\1", 3)));
    write_bytes(folder_ / kTestImages, idx_images(1, 1, 2, "\7\x8"));
    write_bytes(folder_ / kTestLabels, idx_labels("\1"));
  }

  Dataset load() const { return load_idx("tiny", {"a", "b"}, folder_.path()); }
  std::string error() const {
    return error_of([&] { load(); });
  }

  TemporaryFolder folder_;
};

void expect_tiny(const Dataset& dataset) {
  EXPECT_EQ(dataset.name, "tiny");
  EXPECT_EQ(dataset.num_classes(), 2);
  EXPECT_EQ(dataset.train.channels, 1);
  EXPECT_EQ(dataset.train.height, 1);
  EXPECT_EQ(dataset.train.width, 2);
  EXPECT_THAT(dataset.train.pixels, ElementsAre(1, 2, 3, 4, 5, 255));
  EXPECT_THAT(dataset.train.labels, ElementsAre(0, 1, 1));
  EXPECT_THAT(dataset.test.pixels, ElementsAre(7, 8));
  EXPECT_THAT(dataset.test.labels, ElementsAre(1));
}

TEST_F(Idx, ReadsPlainFiles) {
  expect_tiny(load());
}

TEST_F(Idx, ReadsGzippedFiles) {
  for (const std::string& name : {kTrainImages, kTrainLabels, kTestImages, kTestLabels}) {
    write_gzipped(folder_ / (name + ".gz"), bytes_of_file(folder_ / name));
    std::filesystem::remove(folder_ / name);
  }
  expect_tiny(load());
}

TEST_F(Idx, ReadsTheTestImagesAlone) {
  fs::remove(folder_ / kTrainImages);
  fs::remove(folder_ / kTrainLabels);
  const Dataset dataset = load_idx("tiny", {"zero", "one"}, folder_.path(), true);
  EXPECT_EQ(dataset.train.count(), 0);
  EXPECT_EQ(dataset.test.labels, (std::vector<std::int32_t>{1}));
  EXPECT_EQ(dataset.test.image(0)[1], 8);
}

TEST_F(Idx, NamesAMissingFile) {
  std::filesystem::remove(folder_ / kTestLabels);
  EXPECT_EQ(error(), folder_.path().string() + ": no " + kTestLabels + " or " + kTestLabels +
                         ".gz in this folder");
}

TEST_F(Idx, SaysHowManyBytesWereExpected) {
  // 16 bytes of header and 60000 x 28 x 28 pixels are 47040016; 3194 of the pixels are there.
  write_gzipped(folder_ / (kTrainImages + ".gz"),
                idx_images(60000, 28, 28, std::string(3194, 'x')));
  std::filesystem::remove(folder_ / kTrainImages);
  EXPECT_EQ(error(), (folder_ / kTrainImages).string() +
                         ".gz: 3210 bytes, expected 47040016 for 60000 images of 28x28");
}

TEST_F(Idx, RefusesAByteTooFewOrTooMany) {
  write_bytes(folder_ / kTrainImages, idx_images(3, 1, 2, "12345"));
  EXPECT_THAT(error(), HasSubstr("21 bytes, expected 22 for 3 images of 1x2"));
  write_bytes(folder_ / kTrainImages, idx_images(3, 1, 2, "1234567"));
  EXPECT_THAT(error(), HasSubstr("more than the 22 bytes expected for 3 images of 1x2"));
  write_bytes(folder_ / kTrainImages, idx_images(3, 1, 2, "123456"));
  EXPECT_EQ(error(), "no error");
}

TEST_F(Idx, RefusesAnotherFormat) {
  write_bytes(folder_ / kTrainImages, idx_labels("123456789012345678"));
  EXPECT_THAT(error(), HasSubstr(kTrainImages + ": not an IDX file of images: begins with "
                                                "0x00000801, expected 0x00000803"));
  write_bytes(folder_ / kTrainLabels, "abc");
  EXPECT_THAT(error(), HasSubstr(kTrainLabels + ": not an IDX file of labels: begins with 3 bytes "
                                                "only, expected 0x00000801"));
  write_bytes(folder_ / kTrainLabels, big_endian_bytes({0x801}));
  EXPECT_THAT(error(), HasSubstr("4 bytes, shorter than an IDX header of 8 bytes"));
}

TEST_F(Idx, RefusesImpossibleHeaders) {
  write_bytes(folder_ / kTrainLabels, idx_labels(""));
  EXPECT_THAT(error(), HasSubstr("its header says 0 items, expected 1 to 2147483647"));
  write_bytes(folder_ / kTrainLabels, big_endian_bytes({0x801, 0xffffffff}));
  EXPECT_THAT(error(), HasSubstr("its header says 4294967295 items"));
  write_bytes(folder_ / kTrainLabels, big_endian_bytes({0x801, 0x7fffffff}) + "12");
  EXPECT_THAT(error(), HasSubstr("10 bytes, expected 2147483655 for 2147483647 labels"));
  write_bytes(folder_ / kTrainLabels, idx_labels(std::string("\0\1\1", 3)));
  write_bytes(folder_ / kTrainImages, idx_images(3, 0, 2, ""));
  EXPECT_THAT(error(), HasSubstr("its header says images of 0x2, expected sides of 1 to 4096"));
  write_bytes(folder_ / kTrainImages, idx_images(3, 4096, 4097, ""));
  EXPECT_THAT(error(), HasSubstr("images of 4096x4097, expected"));
}

TEST_F(Idx, RefusesALabelOutOfRange) {
  write_bytes(folder_ / kTrainLabels, idx_labels(std::string("\0\1\2", 3)));
  EXPECT_THAT(error(), HasSubstr(kTrainLabels + ": label 2 of image 2, expected 0 to 1"));
}

TEST_F(Idx, RefusesFilesThatDisagree) {
  write_bytes(folder_ / kTrainLabels, idx_labels("\1\1"));
  EXPECT_THAT(error(), HasSubstr(kTrainLabels + ": 2 labels, expected 3, one for each image of " +
                                 kTrainImages));
  write_bytes(folder_ / kTrainLabels, idx_labels("\1\1\1"));
  write_bytes(folder_ / kTestImages, idx_images(1, 2, 1, "12"));
  EXPECT_THAT(error(), HasSubstr("test images of 2x1, but training images of 1x2"));
}

TEST_F(Idx, FindsAWrongGzipCheckSumAndAMissingEnd) {
  const auto path = folder_ / (kTrainImages + ".gz");
  write_gzipped(path, bytes_of_file(folder_ / kTrainImages));
  std::filesystem::remove(folder_ / kTrainImages);
  const std::string whole = bytes_of_file(path);
  std::string damaged = whole;
  // The last 8 bytes of a gzip file are the CRC-32 and the length (RFC 1952).
  damaged[whole.size() - 8] = static_cast<char>(damaged[whole.size() - 8] ^ 1);
  write_bytes(path, damaged);
  EXPECT_THAT(error(), HasSubstr(".gz: damaged gzip data ("));
  EXPECT_THAT(error(), HasSubstr("incorrect data check"));
  write_bytes(path, whole.substr(0, whole.size() - 3));
  EXPECT_THAT(error(), HasSubstr(".gz: its gzip data ends early, before the check sum"));
  write_bytes(path, whole.substr(0, whole.size() - 12));
  EXPECT_THAT(error(), HasSubstr("its gzip data ends early, expected 22"));
}

TEST_F(Idx, RefusesAFolderInPlaceOfAFile) {
  std::filesystem::remove(folder_ / kTrainImages);
  std::filesystem::create_directory(folder_ / kTrainImages);
  EXPECT_THAT(error(), HasSubstr("Is a directory"));
}

TEST_F(Idx, SurvivesDamageAnywhere) {
  for (const std::string& name : {kTrainImages, kTrainLabels}) {
    EXPECT_EQ(accepted_when_damaged(folder_ / name, [&] { load(); }), 0) << name;
    write_gzipped(folder_ / (name + ".gz"), bytes_of_file(folder_ / name));
    std::filesystem::remove(folder_ / name);
    EXPECT_EQ(accepted_when_damaged(folder_ / (name + ".gz"), [&] { load(); }), 0) << name;
  }
}

}  // namespace
}  // namespace gibbon::data
