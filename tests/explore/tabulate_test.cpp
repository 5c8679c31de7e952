#include "gibbon/explore/tabulate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "error_of.hpp"
#include "explore/tiny_run.hpp"
#include "gibbon/base/file.hpp"
#include "gibbon/store/design_table.hpp"

namespace gibbon::explore {
namespace {

class Tabulate : public ::testing::Test {
 protected:
  Tabulate() : folder_("gibbon-tabulate-test"), store_(store::make_memory_store()) {}

  void make_run() { explore(config_, *space_, dataset_, *store_, folder_.run_paths(), progress_); }
  std::string table(int designs, const char* name) {
    TabulateOptions options;
    options.designs = designs;
    options.one_shot_images = 20;
    options.crossbar_images = 8;
    options.calibration_images = 16;
    const auto file = folder_.path() / name;
    tabulate(config_, *space_, dataset_, *store_, folder_.run_paths().checkpoints, options, file,
             progress_);
    return base::read_file(file);
  }

  test::TemporaryFolder folder_;
  const RunConfig config_ = test::tiny_config();
  const std::unique_ptr<space::SearchSpace> space_ = test::tiny_space();
  const data::Dataset dataset_ = test::tiny_dataset();
  const std::unique_ptr<store::RunStore> store_;
  base::SilentProgress progress_;
};

TEST_F(Tabulate, GoesOnToTheTableOfAnUnbrokenCall) {
  make_run();
  const std::string whole = table(5, "whole.csv");
  const std::string begun = table(3, "broken.csv");
  EXPECT_TRUE(whole.starts_with(begun));
  EXPECT_EQ(table(5, "broken.csv"), whole);
  const auto designs = store::read_design_table(folder_.path() / "whole.csv");
  ASSERT_EQ(designs.size(), 5U);
  for (const store::TabulatedDesign& design : designs) {
    EXPECT_GT(design.metrics[space::Metric::kArea], 0);
    EXPECT_LE(design.one_shot, 100);
  }
}

TEST_F(Tabulate, NeedsATrainedSupernet) {
  EXPECT_EQ(test::error_of([&] { table(1, "none.csv"); }), "the run has no trained supernet yet");
}

}  // namespace
}  // namespace gibbon::explore
