#include "gibbon/explore/tabulate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

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

  struct Accuracies {
    std::vector<double> simulated;
    std::vector<double> one_shot;
  };
  Accuracies accuracies(int designs, const char* name) {
    table(designs, name);
    Accuracies result;
    for (const auto& design : store::read_design_table(folder_.path() / name)) {
      result.simulated.push_back(design.metrics[space::Metric::kAccuracy]);
      result.one_shot.push_back(design.one_shot);
    }
    return result;
  }

  test::TemporaryFolder folder_;
  RunConfig config_ = test::tiny_config();
  std::unique_ptr<space::SearchSpace> space_ = test::tiny_space();
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

TEST_F(Tabulate, ScoresFittedDesignsWhereAskedTo) {
  make_run();
  const Accuracies plain = accuracies(6, "plain.csv");
  config_.simulation.fit_images = 16;
  const Accuracies fitted = accuracies(6, "fitted.csv");
  EXPECT_NE(plain.simulated, fitted.simulated);
  EXPECT_EQ(plain.one_shot, fitted.one_shot);
}

TEST_F(Tabulate, MeasuresOneShotAccuraciesBesideNoiseWhereAskedTo) {
  space::GibbonSpaceSpec spec = test::tiny_spec();
  spec.adc_bits = {4};
  space_ = space::make_gibbon_space(spec);
  make_run();
  const Accuracies plain = accuracies(12, "plain.csv");
  config_.supernet.one_shot_noise = true;
  const Accuracies noisy = accuracies(12, "noisy.csv");
  EXPECT_EQ(plain.simulated, noisy.simulated);
  EXPECT_NE(plain.one_shot, noisy.one_shot);
  // A table goes on with what it was begun with.
  EXPECT_THAT(test::error_of([&] { table(13, "plain.csv"); }),
              ::testing::HasSubstr("one_shot_noise"));
}

TEST_F(Tabulate, SpaceOfFewerDesignsThanAskedFor) {
  space::GibbonSpaceSpec spec = test::tiny_spec();
  for (std::vector<int>* list : {&spec.weight_bits, &spec.activation_bits, &spec.crossbar_sizes,
                                 &spec.adc_bits, &spec.dac_bits, &spec.cell_bits}) {
    list->resize(1);
  }
  spec.kernels = {3};
  spec.groups = {1};
  spec.channels = {4};
  spec.stage_blocks = {{1}, {1}};
  spec.wordline_shares = {1};
  spec.bitline_shares = {0.5, 1};
  space_ = space::make_gibbon_space(spec);
  make_run();
  table(2, "both.csv");
  EXPECT_EQ(store::read_design_table(folder_.path() / "both.csv").size(), 2U);
  EXPECT_EQ(test::error_of([&] { table(3, "more.csv"); }),
            "space 'tiny': 3000 random draws gave 2 designs that can be built, 3 are asked for");
}

TEST_F(Tabulate, NeedsATrainedSupernet) {
  EXPECT_EQ(test::error_of([&] { table(1, "none.csv"); }), "the run has no trained supernet yet");
}

}  // namespace
}  // namespace gibbon::explore
