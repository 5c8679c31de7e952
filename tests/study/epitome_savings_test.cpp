#include "gibbon/study/epitome_savings.hpp"

#include <gtest/gtest.h>

#include "gibbon/space/spaces/gibbon.hpp"

namespace gibbon::study {
namespace {

/// One block of 64 channels behind a stem of 16.
space::GibbonSpaceSpec small_spec() {
  space::GibbonSpaceSpec spec = space::gibbon_table1_spec();
  spec.input = {1, 8, 8};
  spec.stage_blocks = {{1}};
  spec.channels = space::StageChoices::by_stage({{64}});
  spec.kernels = space::StageChoices::by_stage({{3}});
  spec.groups = space::StageChoices::by_stage({{1, 2}});
  spec.epitomes = {1, 0.5, 0.25};
  spec.crossbar_sizes = {32};
  return spec;
}

TEST(EpitomeSavings, NoEpitomesSaveNothing) {
  const auto space = space::make_gibbon_space(small_spec());
  const auto simulator = sim::make_simulator("mnsim2-packed");
  const space::Genome plain(space->genes().size(), 0);
  const EpitomeSavings none =
      epitome_savings(*space, *simulator, std::vector<space::Genome>{plain});
  EXPECT_EQ(none.designs, 0);
  EXPECT_EQ(none.area, 1);
  // The epitome of a grouped block is inactive.
  space::Genome grouped = plain;
  grouped[space->gene_index("stage1.block1.groups")] = 1;
  grouped[space->gene_index("stage1.block1.epitome")] = 1;
  EXPECT_EQ(epitome_savings(*space, *simulator, std::vector<space::Genome>{grouped}).designs, 0);
}

/// Each design's figures are those of the cost model with the gene set and unset; of three designs
/// the median is the middle one.
TEST(EpitomeSavings, AreMediansOfTheRatios) {
  const auto space = space::make_gibbon_space(small_spec());
  const auto simulator = sim::make_simulator("mnsim2-packed");
  const std::size_t gene = space->gene_index("stage1.block1.epitome");
  const space::Genome plain(space->genes().size(), 0);
  const auto edp = [&](std::uint8_t choice) {
    space::Genome genome = plain;
    genome[gene] = choice;
    const auto design = space->decode(genome);
    return simulator->cost(design->network, design->hardware)->edp_ms_mj();
  };
  std::vector<space::Genome> genomes = {plain, plain, plain, plain};
  genomes[1][gene] = 1;
  genomes[2][gene] = 1;
  genomes[3][gene] = 2;
  const EpitomeSavings savings = epitome_savings(*space, *simulator, genomes);
  EXPECT_EQ(savings.designs, 3);
  EXPECT_EQ(savings.epitomes, 1);
  ASSERT_NE(edp(1), edp(2));
  EXPECT_DOUBLE_EQ(savings.edp, edp(1) / edp(0));
}

}  // namespace
}  // namespace gibbon::study
