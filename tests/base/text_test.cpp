#include "gibbon/base/text.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "error_of.hpp"
#include "gibbon/base/file.hpp"

namespace gibbon::base {
namespace {

// First and last characters of each length (Unicode 15, table 3-7).
TEST(Text, CharactersOfEachLengthAreUtf8) {
  for (const char* text :
       {"", "plain", "\x7F", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
        "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF",
        "Gr\xC3\xB6\xC3\x9F"
        "e, \xE5\xB9\x85"}) {
    EXPECT_TRUE(is_utf8(text)) << text;
  }
}

TEST(Text, OverlongSurrogateCutAndLooseBytesAreNot) {
  for (const char* text : {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xC2", "\xC2\x41",
                           "\xE0\x9F\xBF", "\xED\xA0\x80", "\xE2\x82", "\xF0\x8F\xBF\xBF",
                           "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "caf\xE9"}) {
    EXPECT_FALSE(is_utf8(text));
  }
}

TEST(Text, AFileInAnotherEncodingIsRefusedWithItsLine) {
  const std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("gibbon-text-" + std::to_string(::getpid()));
  write_file_atomically(path, "a: 1\nb: caf\xE9\n");
  EXPECT_EQ(test::error_of([&] { read_text_file(path); }),
            path.string() + ":2: byte 0xe9 is not UTF-8; save the file in that encoding");
  write_file_atomically(path, "b: caf\xC3\xA9\n");
  EXPECT_EQ(read_text_file(path), "b: caf\xC3\xA9\n");
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace gibbon::base
