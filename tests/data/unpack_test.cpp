#include "gibbon/data/unpack.hpp"

#include <gmock/gmock.h>

#include "data/test_archive.hpp"
#include "data/test_files.hpp"

namespace gibbon::data {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class Unpack : public testing::Test {
 protected:
  Unpack() { fs::create_directories(out_); }

  std::string error_with(const std::vector<TestEntry>& entries) const {
    write_archive(archive_, entries);
    return error_of([&] { unpack(archive_, out_); });
  }

  TemporaryFolder folder_;
  const fs::path archive_ = folder_ / "a.tar.gz";
  const fs::path out_ = folder_ / "deep/out";
};

TEST_F(Unpack, WritesFilesAndFolders) {
  const std::string large(1'000'000, 'x');
  ASSERT_EQ(error_with({{"data", "", AE_IFDIR, ""},
                        {"data/a.txt", "hello", AE_IFREG, ""},
                        {"./other/deep/b.bin", large, AE_IFREG, ""},
                        {"data/empty", "", AE_IFREG, ""}}),
            "no error");
  EXPECT_EQ(bytes_of_file(out_ / "data/a.txt"), "hello");
  EXPECT_EQ(bytes_of_file(out_ / "other/deep/b.bin"), large);
  EXPECT_EQ(fs::file_size(out_ / "data/empty"), 0u);
}

TEST_F(Unpack, RefusesNamesThatLeadOut) {
  const std::string absolute = (folder_ / "evil").string();
  for (const std::string& name :
       {std::string("../evil"), std::string("data/../../evil"), std::string(".."), absolute}) {
    EXPECT_THAT(error_with({{name, "x", AE_IFREG, ""}}),
                HasSubstr("which leads out of the folder; not unpacked"))
        << name;
  }
  EXPECT_FALSE(fs::exists(absolute));
  EXPECT_FALSE(fs::exists(folder_ / "deep/evil"));
}

TEST_F(Unpack, RefusesLinks) {
  EXPECT_THAT(error_with({{"link", "", AE_IFLNK, "/etc"}, {"link/x", "x", AE_IFREG, ""}}),
              HasSubstr("holds \"link\", which is neither a file nor a folder"));
  EXPECT_THAT(error_with({{"hard", "", AE_IFREG, "/etc/passwd"}}),
              HasSubstr("holds \"hard\", which is neither a file nor a folder"));
}

TEST_F(Unpack, RefusesDamage) {
  write_bytes(archive_, "this is no archive at all");
  EXPECT_THAT(error_of([&] { unpack(archive_, out_); }), HasSubstr("a.tar.gz: not a whole tar"));
  EXPECT_THAT(error_of([&] { unpack(folder_ / "absent", out_); }),
              HasSubstr("absent: not a whole"));
}

TEST_F(Unpack, SurvivesDamageAnywhere) {
  std::string noise(2000, '\0');
  for (std::size_t i = 0; i < noise.size(); ++i) noise[i] = static_cast<char>(i * i * 31 >> 3);
  write_archive(archive_, {{"data/a", noise, AE_IFREG, ""}, {"data/b", "hello", AE_IFREG, ""}});
  // Only a cut in the gzip trailer or in the padding after the last file may go unseen.
  EXPECT_LE(accepted_when_damaged(archive_, [&] { unpack(archive_, out_); }), 25);
}

TEST_F(Unpack, SaysWhatCannotBeWritten) {
  write_bytes(out_ / "data", "a file where a folder is needed");
  EXPECT_THAT(error_with({{"data/a", "x", AE_IFREG, ""}}), HasSubstr("cannot make "));
  fs::remove(out_ / "data");
  fs::create_directories(out_ / "data/a");
  EXPECT_THAT(error_with({{"data/a", "x", AE_IFREG, ""}}), HasSubstr("data/a: Is a directory"));
}

}  // namespace
}  // namespace gibbon::data
