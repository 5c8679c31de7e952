#include "gibbon/store/design_table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <map>

#include "error_of.hpp"
#include "gibbon/base/file.hpp"

namespace gibbon::store {
namespace {

using ::testing::HasSubstr;

class DesignTable : public ::testing::Test {
 protected:
  DesignTable() { remove_files(); }
  ~DesignTable() override { remove_files(); }
  void remove_files() const {
    std::filesystem::remove(path_);
    std::filesystem::remove(beside_);
  }

  const std::filesystem::path path_ =
      std::filesystem::temp_directory_path() /
      ("gibbon-design-table-test-" + std::to_string(getpid()) + ".csv");
  const std::filesystem::path beside_ = path_.string() + ".json";
  const base::Json settings_ = {{"images", 64}, {"seed", 1}};
};

TabulatedDesign design(double simulated, double one_shot_same, double one_shot) {
  TabulatedDesign design{{1, 0, 2}, {}, one_shot_same, one_shot};
  design.metrics[space::Metric::kAccuracy] = simulated;
  design.metrics[space::Metric::kEdp] = 0.25;
  return design;
}

TEST_F(DesignTable, AccuracyTakesTheLossOnTheFewFromTheOneShotAccuracyOnAll) {
  EXPECT_DOUBLE_EQ(design(50, 53, 58).accuracy(), 55);  // 58 - (53 - 50)
  EXPECT_DOUBLE_EQ(design(0, 60, 50).accuracy(), 0);    // -10, cut
  const space::Evaluation evaluation = design(50, 53, 58).evaluation();
  EXPECT_DOUBLE_EQ(evaluation.metrics[space::Metric::kAccuracy], 55);
  EXPECT_DOUBLE_EQ(evaluation.one_shot_accuracy, 58);
}

TEST_F(DesignTable, WhatIsAppendedIsRead) {
  DesignTableWriter(path_, settings_).append(design(50, 53, 58));
  DesignTableWriter(path_, settings_).append(design(10, 20, 30));
  const auto table = read_design_table(path_);
  ASSERT_EQ(table.size(), 2U);
  EXPECT_EQ(table[0].genome, (space::Genome{1, 0, 2}));
  EXPECT_EQ(table[0].metrics, design(50, 53, 58).metrics);
  EXPECT_EQ(table[1].one_shot, 30);
}

TEST_F(DesignTable, ABrokenLastLineIsLeftOutAndCutOff) {
  DesignTableWriter(path_, settings_).append(design(50, 53, 58));
  std::ofstream(path_, std::ios::app) << "102,50,1";
  EXPECT_EQ(read_design_table(path_).size(), 1U);
  DesignTableWriter(path_, settings_).append(design(10, 20, 30));
  EXPECT_EQ(read_design_table(path_).size(), 2U);
}

TEST_F(DesignTable, LeavesAFileThatIsNoTableAsItIs) {
  for (const char* text : {"a note without an end", "a,b\n1,2\n3", "genome,accuracy"}) {
    base::write_file_atomically(path_, text);
    EXPECT_THAT(test::error_of([&] { DesignTableWriter(path_, settings_); }),
                HasSubstr("is not a table of designs"));
    EXPECT_EQ(base::read_file(path_), text);
    EXPECT_FALSE(std::filesystem::exists(beside_));
  }
  base::write_file_atomically(path_, "");
  DesignTableWriter(path_, settings_).append(design(50, 53, 58));
  EXPECT_EQ(read_design_table(path_).size(), 1U);
}

TEST_F(DesignTable, GoesOnWithItsOwnSettingsAlone) {
  DesignTableWriter(path_, {{"images", 32}, {"seed", 1}});
  // No design was made yet: other settings may be taken.
  DesignTableWriter(path_, settings_).append(design(50, 53, 58));
  EXPECT_THAT(test::error_of([&] {
                DesignTableWriter(path_, {{"images", 32}, {"seed", 1}});
              }),
              HasSubstr("its designs were made with other settings (" + beside_.string() +
                        ": images); use another file"));
  std::filesystem::remove(beside_);
  EXPECT_THAT(test::error_of([&] { DesignTableWriter(path_, settings_); }),
              HasSubstr(beside_.string() + ", which says how they were made, is missing"));
  EXPECT_EQ(read_design_table(path_).size(), 1U);
}

TEST_F(DesignTable, SaysWhereItCannotBeRead) {
  DesignTableWriter(path_, settings_).append(design(50, 53, 58));
  std::ofstream(path_, std::ios::app) << "102,50\n";
  EXPECT_THAT(test::error_of([&] { read_design_table(path_); }),
              HasSubstr("line 3: 2 fields, 9 are needed"));
  base::write_file_atomically(path_, "a,b\n1,2\n");
  EXPECT_THAT(test::error_of([&] { read_design_table(path_); }),
              HasSubstr("is not a table of designs"));
}

/// `reproduce` takes them where it is told no other: 2,000 designs and more for the searchers'
/// sake; for the predictor's 200 to learn from and others to be tested on, as many images on
/// crossbars as without.
TEST(ShippedDesignTables, AreWhatTheFiguresNeed) {
  const auto studies = std::filesystem::path(GIBBON_SOURCE_DIR) / "presets/studies";
  const std::vector<TabulatedDesign> wide = read_design_table(studies / "cifar10/designs.csv");
  EXPECT_GE(wide.size(), 2000U);
  constexpr std::size_t kPredictorGenes = 39;  // `gibbon space show` of its space.yaml
  const std::map<const char*, std::size_t> genes{
      {"predictor/designs.csv", kPredictorGenes},
      {"cifar10/precise-designs.csv", wide.front().genome.size()}};
  for (const auto& [precise, count] : genes) {
    const std::vector<TabulatedDesign> designs = read_design_table(studies / precise);
    EXPECT_GE(designs.size(), 300U) << precise;
    for (const TabulatedDesign& design : designs) {
      EXPECT_EQ(design.genome.size(), count) << precise;
      EXPECT_EQ(design.one_shot, design.one_shot_same) << precise;
      EXPECT_GT(design.metrics[space::Metric::kLatency], 0) << precise;
    }
  }
}

}  // namespace
}  // namespace gibbon::store
