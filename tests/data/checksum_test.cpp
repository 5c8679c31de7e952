#include "gibbon/data/checksum.hpp"

#include <gmock/gmock.h>

#include "data/test_files.hpp"

namespace gibbon::data {
namespace {

TEST(Md5OfFile, MatchesTheTestSuiteOfRfc1321) {
  const TemporaryFolder folder;
  const auto md5 = [&](const std::string& content) {
    write_bytes(folder / "file", content);
    return md5_of_file(folder / "file");
  };
  EXPECT_EQ(md5(""), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(md5("abc"), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(md5("message digest"), "f96b697d7cb7938d525a2f31aaf161d0");
  // More than one chunk: a million times "a" (RFC 1321 has none so long; md5sum says so).
  EXPECT_EQ(md5(std::string(1'000'000, 'a')), "7707d6ae4e027c70eea2a935c2296f21");
  EXPECT_THAT(error_of([&] { md5_of_file(folder / "absent"); }), testing::HasSubstr("absent"));
  EXPECT_THAT(error_of([&] { md5_of_file(folder.path()); }), testing::HasSubstr("cannot read"));
}

}  // namespace
}  // namespace gibbon::data
