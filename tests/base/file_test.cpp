#include "gibbon/base/file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "error_of.hpp"

namespace gibbon::base {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class File : public ::testing::Test {
 protected:
  File() { fs::create_directories(folder_); }
  ~File() override { fs::remove_all(folder_); }

  /// Of both: what is seen beforehand is what writing says.
  std::string problem_of(const fs::path& path) const {
    const std::string seen = test::error_of([&] { require_writable(path); });
    EXPECT_EQ(test::error_of([&] { write_file_atomically(path, "text"); }), seen);
    return seen;
  }

  const fs::path folder_ =
      fs::temp_directory_path() / ("gibbon-file-test-" + std::to_string(getpid()));
};

TEST_F(File, WritableIsWhatCanBeWritten) {
  require_writable(folder_ / "new.txt");
  EXPECT_TRUE(fs::is_empty(folder_)) << "nothing is left of it";
  write_file_atomically(folder_ / "old.txt", "old");
  require_writable(folder_ / "old.txt");
  EXPECT_EQ(read_file(folder_ / "old.txt"), "old");
}

TEST_F(File, NoFolderADirectoryAndADeviceAreNotWritable) {
  EXPECT_THAT(problem_of(folder_ / "none/new.txt"), HasSubstr("No such file or directory"));
  EXPECT_THAT(problem_of(folder_), HasSubstr("Is a directory"));
  EXPECT_THAT(problem_of("/dev/null"), HasSubstr("cannot write /dev/null"));
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
  EXPECT_THAT(problem_of(""), HasSubstr("cannot write"));
  EXPECT_TRUE(fs::is_empty(folder_));
}

}  // namespace
}  // namespace gibbon::base
