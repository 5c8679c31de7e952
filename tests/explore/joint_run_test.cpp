#include <gtest/gtest.h>

#include "explore/whole_run.hpp"
#include "gibbon/explore/explorer.hpp"
#include "gibbon/nn/trained_network.hpp"
#include "gibbon/sim/epitome/stored_network.hpp"
#include "gibbon/space/spaces/gibbon.hpp"

namespace gibbon::explore {
namespace {

/// Ungrouped blocks that all are epitomes.
std::unique_ptr<space::SearchSpace> joint_space() {
  space::GibbonSpaceSpec spec = space::gibbon_table1_spec();
  spec.name = "joint";
  spec.input = {1, 8, 8};
  spec.num_classes = 3;
  spec.stem_channels = {4};
  spec.stage_blocks = {{1}, {1, 2}};
  spec.channels = {8, 16};
  spec.groups = {1};
  spec.epitomes = {0.5, 0.25};
  return space::make_gibbon_space(spec);
}

/// Cost, supernet, crossbar simulation and final training of one run meet epitomes.
TEST(JointRun, SearchesAndTrainsNetworksWithEpitomes) {
  RunConfig config = test::tiny_config();
  config.simulation.model = "mnsim2-packed";
  const test::TemporaryFolder folder("gibbon-joint");
  const auto store = store::make_memory_store();
  base::SilentProgress progress;
  const auto space = joint_space();
  ASSERT_EQ(explore(config, *space, test::tiny_dataset(), *store, folder.run_paths(), progress),
            Outcome::kFinished);
  const std::vector<store::FinalRecord> finals = test::result_of(*store).finals;
  ASSERT_FALSE(finals.empty());
  for (const store::FinalRecord& record : finals) {
    const nn::Network network = nn::network_from_json(record.network);
    EXPECT_TRUE(sim::has_epitomes(network));
    EXPECT_GT(record.metrics[space::Metric::kAccuracy], 0);
    const auto trained =
        nn::load_trained_network(folder.run_paths().models / (record.id + ".gibbon"));
    EXPECT_TRUE(sim::has_epitomes(trained.network));
    // Wrapped: the second half of the filters repeats the first.
    for (std::size_t i = 0; i < trained.states.size(); ++i) {
      const auto* conv = std::get_if<nn::Conv>(&trained.network.layers()[i].parameters);
      if (conv == nullptr || !conv->epitome) continue;
      const std::vector<float>& weight = trained.states[i].weight;
      EXPECT_TRUE(std::equal(weight.begin(), weight.begin() + static_cast<long>(weight.size() / 2),
                             weight.begin() + static_cast<long>(weight.size() / 2)));
    }
  }
}

}  // namespace
}  // namespace gibbon::explore
