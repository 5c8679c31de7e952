#include "gibbon/explore/chip_choice.hpp"

#include <gtest/gtest.h>

#include "explore/tiny_run.hpp"
#include "gibbon/sim/converter_noise.hpp"
#include "gibbon/space/spaces/gibbon.hpp"

namespace gibbon::explore {
namespace {

space::Genome any_genome(const space::SearchSpace& space) {
  base::Rng rng = base::Rng::forked(1, "chip choice test");
  return space.sample(rng);
}

TEST(ChipsUnder, AreAllOfTheSpaceTheGenomesOwnFirst) {
  const auto space = test::tiny_space();
  const space::Genome genome = any_genome(*space);
  const std::vector<space::Genome> chips = chips_under(*space, genome);
  std::size_t expected = 1;
  for (const space::Gene& gene : space->genes()) {
    if (gene.part == space::GenePart::kHardware) expected *= gene.choices.size();
  }
  EXPECT_EQ(chips.size(), expected);
  EXPECT_EQ(chips.front(), genome);
  EXPECT_EQ(space::GenomeSet(chips.begin(), chips.end()).size(), expected);
  for (const space::Genome& chip : chips) {
    for (std::size_t gene = 0; gene < genome.size(); ++gene) {
      if (space->genes()[gene].part == space::GenePart::kHardware) continue;
      EXPECT_EQ(chip[gene], genome[gene]);
    }
  }
}

TEST(ChipsUnder, AreDrawnWhereThereAreTooMany) {
  space::GibbonSpaceSpec spec = space::gibbon_table1_spec();
  spec.bitline_shares.clear();
  for (int i = 1; i <= 32; ++i) spec.bitline_shares.push_back(i / 32.0);
  spec.wordline_shares = spec.bitline_shares;  // 1,024 pairs of them, and more genes
  const auto space = space::make_gibbon_space(spec);
  const space::Genome genome = any_genome(*space);
  const std::vector<space::Genome> chips = chips_under(*space, genome);
  EXPECT_EQ(chips.front(), genome);
  EXPECT_GT(chips.size(), kMostChips / 2);
  EXPECT_LE(chips.size(), kMostChips + 1);
  EXPECT_EQ(chips, chips_under(*space, genome));
}

}  // namespace
}  // namespace gibbon::explore
