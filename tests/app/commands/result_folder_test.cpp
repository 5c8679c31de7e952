#include "gibbon/app/commands/result_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "error_of.hpp"
#include "gibbon/base/file.hpp"

namespace gibbon::app {
namespace {

using test::error_of;

class ResultFolderTest : public ::testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove_all(path_); }

  std::filesystem::path path_ = std::filesystem::temp_directory_path() /
                                ("gibbon-results-" + std::to_string(getpid())) / "deep";
};

TEST_F(ResultFolderTest, KeepsResultsOfOneSetOfSettings) {
  const base::Json settings = {{"seed", 1}};
  ResultFolder(path_, settings).save("row", {{"accuracy", 4}});
  const ResultFolder again(path_, settings);
  EXPECT_EQ(again.find("row"), (base::Json{{"accuracy", 4}}));
  EXPECT_EQ(again.find("other"), std::nullopt);
  EXPECT_EQ(again.file("x.pt"), path_ / "x.pt");
  EXPECT_EQ(error_of([&] {
              ResultFolder(path_, {{"seed", 2}});
            }),
            path_.string() +
                ": holds rows of other settings ({\"seed\":1}); use another --out or remove it");
}

TEST_F(ResultFolderTest, NamesADamagedFile) {
  const ResultFolder folder(path_, {{"seed", 1}});
  base::write_file_atomically(folder.file("row.json"), "{\"accuracy\": 4");
  EXPECT_EQ(
      error_of([&] { folder.find("row"); }),
      (path_ / "row.json").string() + ": is damaged; remove it, and what it held is made again");
}

}  // namespace
}  // namespace gibbon::app
