// `gibbon reproduce fig1|fig4` on a small table of designs: what they write and what they refuse.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "cli/program_test.hpp"
#include "gibbon/base/file.hpp"
#include "gibbon/base/json.hpp"

namespace gibbon {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr int kDesigns = 60;

class ReproduceStudy : public test::ProgramTest {
 protected:
  ReproduceStudy() : ProgramTest("study") {}

  /// The table's first designs, and their space.
  void SetUp() override {
    std::ifstream shipped(shipped_study() / "designs.csv");
    std::string text;
    std::string line;
    for (int i = 0; i <= kDesigns && std::getline(shipped, line); ++i) text += line + "\n";
    base::write_file_atomically(table(), text);
    fs::copy_file(shipped_study() / "space.yaml", folder_ / "space.yaml");
  }

  static fs::path shipped_study() {
    return fs::path(GIBBON_SOURCE_DIR) / "presets/studies/cifar10";
  }
  fs::path table() const { return folder_ / "designs.csv"; }
  int reproduce(const std::string& words) const {
    return run("reproduce " + words + " --out " + (folder_ / "out").string());
  }
};

TEST_F(ReproduceStudy, WritesFigureTablesAndPage) {
  ASSERT_EQ(reproduce("fig1 --table " + table().string()), 0) << output();
  EXPECT_THAT(output(), HasSubstr("One chip over all networks"));
  EXPECT_THAT(output(), HasSubstr("open " + (folder_ / "out/fig1.html").string()));
  const base::Json figure = base::Json::parse(base::read_file(folder_ / "out/fig1.json"));
  for (const base::Json& row : figure.at("tables").at("summary")) {
    EXPECT_GT(row.at("energy_gap_percent").get<double>(), 0) << row;
    EXPECT_LT(row.at("energy_gap_percent").get<double>(), 100) << row;
  }
  for (const char* file : {"fig1-summary.csv", "fig1-chips.csv", "fig1-networks.csv"}) {
    EXPECT_TRUE(fs::exists(folder_ / "out" / file)) << file;
  }
}

TEST_F(ReproduceStudy, RefusesATableThatIsTooShort) {
  EXPECT_NE(reproduce("fig4 --table " + table().string()), 0);
  EXPECT_THAT(output(), HasSubstr("200 designs to train on leave none of the table's 60"));
}

TEST_F(ReproduceStudy, RefusesATableThatItCannotRead) {
  EXPECT_NE(reproduce("fig1 --table " + (folder_ / "none.csv").string()), 0);
  EXPECT_THAT(output(), HasSubstr((folder_ / "none.csv").string()));
  base::write_file_atomically(table(), base::read_file(table()) + "0,1\n");
  EXPECT_NE(reproduce("fig1 --table " + table().string()), 0);
  EXPECT_THAT(output(), HasSubstr("line 62: 2 fields"));
}

TEST_F(ReproduceStudy, TakesTheSpaceBesideTheTableOrTheOneThatIsNamed) {
  fs::rename(folder_ / "space.yaml", folder_ / "elsewhere.yaml");
  EXPECT_NE(reproduce("fig1 --table " + table().string()), 0);
  EXPECT_THAT(output(), HasSubstr("table " + table().string() + ": no space.yaml beside it"));
  EXPECT_THAT(output(), HasSubstr("--space"));
  EXPECT_EQ(reproduce("fig1 --table " + table().string() + " --space " +
                      (folder_ / "elsewhere.yaml").string()),
            0)
      << output();
}

}  // namespace
}  // namespace gibbon
