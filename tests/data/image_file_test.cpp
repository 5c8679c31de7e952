#include "gibbon/data/image_file.hpp"

#include <gmock/gmock.h>

#include <cstdlib>

#include "data/test_files.hpp"

namespace gibbon::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ImageFile : public testing::Test {
 protected:
  std::string error(const std::string& name) const {
    return error_of([&] { read_picture(folder_ / name); });
  }

  TemporaryFolder folder_;
};

TEST_F(ImageFile, ReadsAPngAsItIs) {
  const std::vector<std::uint8_t> rgb = {1, 2, 3, 40, 50, 60, 255, 0, 128,
                                         7, 8, 9, 0,  0,  0,  9,   9, 9};
  write_png(folder_ / "colour.png", 2, 3, 3, rgb);
  const Picture colour = read_picture(folder_ / "colour.png");
  EXPECT_EQ(colour.height, 2);
  EXPECT_EQ(colour.width, 3);
  EXPECT_EQ(colour.channels, 3);
  EXPECT_EQ(colour.pixels, rgb);

  write_png(folder_ / "grey.png", 1, 3, 1, {0, 100, 255});
  const Picture grey = read_picture(folder_ / "grey.png");
  EXPECT_EQ(grey.channels, 1);
  EXPECT_THAT(grey.pixels, ElementsAre(0, 100, 255));
}

TEST_F(ImageFile, LaysTransparentPartsOnBlack) {
  write_png(folder_ / "a.png", 1, 2, 4, {200, 100, 50, 255, 200, 100, 50, 0});
  EXPECT_THAT(read_picture(folder_ / "a.png").pixels, ElementsAre(200, 100, 50, 0, 0, 0));
}

TEST_F(ImageFile, ReadsAJpegOfOneColour) {
  std::vector<std::uint8_t> red;
  for (int i = 0; i < 16 * 8; ++i) red.insert(red.end(), {200, 30, 60});
  write_jpeg(folder_ / "a.jpg", 8, 16, 3, red);
  const Picture picture = read_picture(folder_ / "a.jpg");
  EXPECT_EQ(picture.height, 8);
  EXPECT_EQ(picture.width, 16);
  ASSERT_EQ(picture.channels, 3);
  // A block of one colour keeps it but for the rounding of the colour conversion.
  for (std::size_t i = 0; i < red.size(); ++i) EXPECT_NEAR(picture.pixels[i], red[i], 2);

  write_jpeg(folder_ / "grey.jpg", 8, 8, 1, std::vector<std::uint8_t>(64, 77));
  const Picture grey = read_picture(folder_ / "grey.jpg");
  EXPECT_EQ(grey.channels, 1);
  EXPECT_THAT(grey.pixels, testing::Each(77));
}

TEST_F(ImageFile, TellsTheFormatByTheContent) {
  write_png(folder_ / "png.jpg", 1, 1, 1, {5});
  EXPECT_THAT(read_picture(folder_ / "png.jpg").pixels, ElementsAre(5));
  write_bytes(folder_ / "text.png", "hello, world");
  EXPECT_EQ(error("text.png"),
            (folder_ / "text.png").string() + ": neither a PNG nor a JPEG image");
  write_bytes(folder_ / "empty.png", "");
  EXPECT_THAT(error("empty.png"), HasSubstr("neither a PNG nor a JPEG"));
  EXPECT_THAT(error("absent.png"), HasSubstr("absent.png: No such file"));
}

TEST_F(ImageFile, RefusesCmykAndWhatIsTooLarge) {
  write_jpeg(folder_ / "cmyk.jpg", 8, 8, 4, std::vector<std::uint8_t>(256, 77));
  EXPECT_THAT(error("cmyk.jpg"), HasSubstr("cmyk.jpg: not a whole JPEG image: Unsupported color"));
  // Height and width of a PNG are the 8 bytes at 16; the check sum of the header is at 29.
  write_png(folder_ / "a.png", 1, 1, 1, {5});
  std::string bytes = bytes_of_file(folder_ / "a.png");
  bytes.replace(16, 8, big_endian_bytes({8000, 8001}));
  const auto crc = ::crc32(0, reinterpret_cast<const Bytef*>(bytes.data()) + 12, 17);
  bytes.replace(29, 4, big_endian_bytes({static_cast<std::uint32_t>(crc)}));
  write_bytes(folder_ / "a.png", bytes);
  EXPECT_THAT(error("a.png"), HasSubstr("an image of 8001x8000, expected at most 64000000 pixels"));
  // Height and width of a JPEG follow the marker of its frame header, its length and its precision.
  write_jpeg(folder_ / "a.jpg", 8, 8, 1, std::vector<std::uint8_t>(64, 77));
  bytes = bytes_of_file(folder_ / "a.jpg");
  bytes.replace(bytes.find("\xff\xc0") + 5, 4, "\xf0\x10\xf0\x10");
  write_bytes(folder_ / "a.jpg", bytes);
  EXPECT_THAT(error("a.jpg"), HasSubstr("more than 64000000 pixels"));
}

TEST_F(ImageFile, SurvivesDamageAnywhere) {
  std::vector<std::uint8_t> noise(24 * 24 * 3);
  for (std::size_t i = 0; i < noise.size(); ++i) noise[i] = static_cast<std::uint8_t>(i * i * 37);
  write_png(folder_ / "a.png", 24, 24, 3, noise);
  write_jpeg(folder_ / "a.jpg", 24, 24, 3, noise);
  const auto read = [&](const char* name) {
    return [this, name] { read_picture(folder_ / name); };
  };
  // The last 16 bytes of a PNG are the check sum of its pixels and the end marker: without them it
  // may still have all pixels. The files are short enough to be cut at every second byte or so.
  EXPECT_LE(accepted_when_damaged(folder_ / "a.png", read("a.png")), 16);
  EXPECT_EQ(accepted_when_damaged(folder_ / "a.jpg", read("a.jpg")), 0);
  EXPECT_EQ(error("a.png"), "no error");
  EXPECT_EQ(error("a.jpg"), "no error");
}

TEST(WithChannels, ConvertsByLumaAndByRepeating) {
  const Picture colour{1, 4, 3, {255, 0, 0, 0, 255, 0, 0, 0, 255, 10, 20, 30}};
  const Picture grey = with_channels(colour, 1);
  EXPECT_EQ(grey.channels, 1);
  // 0.299 x 255 = 76.2, 0.587 x 255 = 149.7, 0.114 x 255 = 29.07, 2.99 + 11.74 + 3.42 = 18.15
  EXPECT_THAT(grey.pixels, ElementsAre(76, 150, 29, 18));
  EXPECT_THAT(with_channels(Picture{1, 2, 1, {3, 4}}, 3).pixels, ElementsAre(3, 3, 3, 4, 4, 4));
  EXPECT_EQ(with_channels(colour, 3).pixels, colour.pixels);
}

TEST(Resized, AveragesAreasWhenShrinking) {
  // 4 -> 2: means of pairs. 3 -> 2: each target covers 1.5 pixels: (2 x 30 + 60) / 3 = 40 and
  // (60 + 2 x 90) / 3 = 80.
  EXPECT_THAT(resized({1, 4, 1, {10, 20, 100, 201}}, 1, 2).pixels, ElementsAre(15, 151));
  EXPECT_THAT(resized({1, 3, 1, {30, 60, 90}}, 1, 2).pixels, ElementsAre(40, 80));
  EXPECT_THAT(resized({3, 1, 1, {30, 60, 90}}, 2, 1).pixels, ElementsAre(40, 80));
  EXPECT_THAT(resized({2, 2, 3, {0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14}}, 1, 1).pixels,
              ElementsAre(6, 7, 8));
}

TEST(Resized, InterpolatesBetweenCentresWhenGrowing) {
  // 2 -> 4: centres at -0.25 (edge), 0.25, 0.75, 1.25 (edge).
  EXPECT_THAT(resized({1, 2, 1, {0, 100}}, 1, 4).pixels, ElementsAre(0, 25, 75, 100));
  EXPECT_THAT(resized({1, 1, 1, {9}}, 3, 2).pixels, ElementsAre(9, 9, 9, 9, 9, 9));
}

TEST(Resized, TreatsEachAxisForItself) {
  // Height 2 -> 1: mean rows 20, 40; width 2 -> 4: 20, 25, 35, 40.
  EXPECT_THAT(resized({2, 2, 1, {10, 30, 30, 50}}, 1, 4).pixels, ElementsAre(20, 25, 35, 40));
}

TEST(Resized, KeepsOneColourAndTheSameSize) {
  const Picture flat{7, 11, 3, std::vector<std::uint8_t>(7 * 11 * 3, 201)};
  for (const auto& [height, width] : {std::pair{3, 5}, {13, 29}, {5, 50}, {1, 1}, {300, 2}}) {
    const Picture result = resized(flat, height, width);
    EXPECT_EQ(result.height, height);
    EXPECT_EQ(result.width, width);
    EXPECT_EQ(result.pixels.size(), static_cast<std::size_t>(height) * width * 3);
    EXPECT_THAT(result.pixels, testing::Each(201));
  }
  EXPECT_EQ(resized(flat, 7, 11).pixels, flat.pixels);
}

}  // namespace
}  // namespace gibbon::data
