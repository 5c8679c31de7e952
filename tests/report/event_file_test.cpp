#include "gibbon/report/event_file.hpp"

#include <gmock/gmock.h>

#include <cstring>
#include <filesystem>

#include "error_of.hpp"
#include "gibbon/base/file.hpp"

namespace gibbon::report {
namespace {

std::filesystem::path fresh_folder(const char* name) {
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / name;
  std::filesystem::remove_all(folder);
  return folder;
}

template <typename T>
T read_at(const std::string& bytes, std::size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof(T));
  return value;
}

/// The records of a file whose lengths and sums are right.
std::vector<std::string> records(const std::string& bytes) {
  std::vector<std::string> events;
  for (std::size_t at = 0; at < bytes.size();) {
    const auto length = read_at<std::uint64_t>(bytes, at);
    EXPECT_EQ(read_at<std::uint32_t>(bytes, at + 8), masked_crc32c(bytes.substr(at, 8)));
    events.push_back(bytes.substr(at + 12, length));
    EXPECT_EQ(read_at<std::uint32_t>(bytes, at + 12 + length), masked_crc32c(events.back()));
    at += 16 + length;
  }
  return events;
}

/// RFC 3720, B.4: 32 bytes of zeros have the CRC-32C 0x8A9136AA, 32 of ones 0x62A8AB43. Masked:
/// rotated right by 15, 0x8A9136AA is 0x6D551522 and 0x62A8AB43 is 0x5686C551; each with 0xA282EAD8
/// added, modulo 2^32.
TEST(EventFile, ItsChecksumsAreThoseOfTheStandard) {
  EXPECT_EQ(masked_crc32c(std::string(32, '\0')), 0x0FD7FFFAu);
  EXPECT_EQ(masked_crc32c(std::string(32, '\xFF')), 0xF909B029u);
}

TEST(EventFile, HoldsAVersionAndThenTheScalars) {
  const std::filesystem::path folder = fresh_folder("event-file");
  EventFile file(folder);
  file.scalar("loss", 300, 0.5);
  EXPECT_THAT(file.path().filename().string(), testing::StartsWith("events.out.tfevents."));
  const std::vector<std::string> events = records(base::read_file(file.path()));
  ASSERT_EQ(events.size(), 2u);
  // Field 1 (key 1 << 3 | 1 = 0x09), a double; then field 3 (0x1A) of 13 characters.
  EXPECT_EQ(events[0][0], '\x09');
  EXPECT_GT(read_at<double>(events[0], 1), 1.7e9);  // seconds since 1970: later than 2023
  EXPECT_EQ(events[0].substr(9),
            "\x1A\x0D"
            "brain.Event:2");
  // Field 2 (0x10), 300 = 0b10'0101100 as two groups of seven bits; field 5 (0x2A) of 13 bytes:
  // field 1 (0x0A) of 11 bytes: field 1 (0x0A) "loss", field 2 (0x15) 0.5f = 0x3F000000.
  EXPECT_EQ(events[1].substr(9),
            std::string("\x10\xAC\x02\x2A\x0D\x0A\x0B\x0A\x04loss\x15\0\0\0\x3F", 18));
}

TEST(EventFile, ASecondFileInTheFolderIsAnotherOne) {
  const std::filesystem::path folder = fresh_folder("event-files");
  EventFile first(folder);
  EventFile second(folder);
  EXPECT_NE(first.path(), second.path());
}

TEST(EventFile, SaysWhereItCannotWrite) {
  const std::filesystem::path folder = fresh_folder("event-file-blocked");
  base::write_file_atomically(folder, "a file where the folder should be");
  EXPECT_THAT(test::error_of([&] { EventFile file(folder / "events"); }),
              testing::HasSubstr("cannot be written"));
}

}  // namespace
}  // namespace gibbon::report
