// A whole search in a space of kind cimnet: vision transformers on digital_cim chips.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "error_of.hpp"
#include "explore/whole_run.hpp"
#include "gibbon/explore/run_check.hpp"
#include "gibbon/explore/run_setup.hpp"
#include "gibbon/space/spaces/cimnet.hpp"

namespace gibbon::explore {
namespace {

using space::Metric;
using ::testing::HasSubstr;

std::unique_ptr<space::CimnetSpace> tiny_transformers() {
  space::TransformerFamilySpec family;
  family.input = {1, 8, 8};
  family.num_classes = 3;
  family.patch = 4;
  family.width = 8;
  family.head_width = 4;
  family.layers = {1, 2};
  family.heads = {1, 2};
  family.mlp_widths = {8, 16};
  space::CimnetSpaceSpec spec;
  spec.name = "tiny-transformers";
  spec.family = make_family(family);
  hw::DigitalCim cim;
  cim.pe.count = 4;
  spec.hardware.digital_cim = cim;
  spec.hardware_choices = {{"pe.count", {2, 4}}, {"vector.lanes", {128, 512}}};
  return std::make_unique<space::CimnetSpace>(spec);
}

RunConfig config() {
  RunConfig config = test::tiny_config();
  config.objective.metrics = {"accuracy", "latency"};
  config.objective.constraints = {"area_mm2 <= 100"};
  config.simulation.model = "digital_cim";
  config.predictor.enabled = false;
  config.search.searcher = "linas";
  config.search.settings = {{"population", 6}, {"inner_evaluations", 50}};
  config.supernet.paths = "sandwich";
  config.final_training.designs = 1;
  return config;
}

test::RunResult run_to_the_end(store::RunStore& store, const test::TemporaryFolder& folder) {
  base::SilentProgress progress;
  const auto space = tiny_transformers();
  EXPECT_EQ(explore(config(), *space, test::tiny_dataset(), store, folder.run_paths(), progress),
            Outcome::kFinished);
  return test::result_of(store);
}

TEST(CimnetRun, AccuracyIsThatOfTheQuantisedNetwork) {
  const test::TemporaryFolder folder("gibbon-cimnet");
  const auto store = store::make_memory_store();
  const test::RunResult ran = run_to_the_end(*store, folder);
  EXPECT_EQ(ran.evaluations.size(), 12U);
  for (const store::StoredEvaluation& stored : ran.evaluations) {
    const space::Evaluation& evaluation = stored.evaluation;
    EXPECT_TRUE(evaluation.feasible()) << evaluation.infeasible;
    EXPECT_EQ(evaluation.metrics[Metric::kAccuracy], evaluation.one_shot_accuracy);
    EXPECT_GT(evaluation.metrics[Metric::kLatency], 0);
  }
  ASSERT_EQ(ran.finals.size(), 1U);
  EXPECT_EQ(ran.finals.front().test_images, 30);
}

TEST(CimnetRun, GoesOnWhereItWasStopped) {
  const test::TemporaryFolder unbroken_folder("gibbon-cimnet-unbroken");
  const auto unbroken_store = store::make_memory_store();
  const test::RunResult unbroken = run_to_the_end(*unbroken_store, unbroken_folder);

  const test::TemporaryFolder folder("gibbon-cimnet-stopped");
  const auto store = store::make_memory_store();
  test::StopAt stop(17);  // in the search: 8 steps of the supernet come first
  const auto space = tiny_transformers();
  EXPECT_EQ(explore(config(), *space, test::tiny_dataset(), *store, folder.run_paths(), stop),
            Outcome::kStopped);
  const test::RunResult resumed = run_to_the_end(*store, folder);
  ASSERT_EQ(unbroken.evaluations.size(), resumed.evaluations.size());
  for (std::size_t i = 0; i < unbroken.evaluations.size(); ++i) {
    EXPECT_EQ(unbroken.evaluations[i].evaluation.genome, resumed.evaluations[i].evaluation.genome);
    EXPECT_EQ(unbroken.evaluations[i].evaluation.metrics,
              resumed.evaluations[i].evaluation.metrics);
  }
}

TEST(CimnetRun, PimAwareTrainingIsRefusedWhereChipsAreExact) {
  RunConfig aware = config();
  aware.final_training.pim_aware_epochs = 1;
  const auto space = tiny_transformers();
  EXPECT_THAT(test::error_of([&] { check_names(aware, *space); }),
              HasSubstr("final.pim_aware_epochs is 1: the chips of digital_cim compute exactly"));
}

}  // namespace
}  // namespace gibbon::explore
