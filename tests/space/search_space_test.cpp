#include "gibbon/space/search_space.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "error_of.hpp"
#include "gibbon/space/summary.hpp"
#include "space/toy_space.hpp"

namespace gibbon::space {
namespace {

using ::testing::HasSubstr;

// One depth gene of 1 or 2 blocks, two blocks of one gene with three choices, one hardware gene.
ToySpace depth_space() {
  return ToySpace(
      {{"depth", "depth", GenePart::kNetwork, -1, {1, 2}},
       {"block1.width", "width", GenePart::kNetwork, 0, {8, 16, 24}},
       {"block2.width", "width", GenePart::kNetwork, 1, {8, 16, 24}},
       {"adc", "adc", GenePart::kHardware, -1, {4, 6}}},
      [](const Genome& genome, std::size_t gene) { return gene != 2 || genome[0] == 1; });
}

using test::error_of;

TEST(SearchSpace, CanonicalClearsInactiveGenesOnly) {
  const ToySpace space = depth_space();
  EXPECT_EQ(space.canonical({0, 2, 2, 1}), (Genome{0, 2, 0, 1}));
  EXPECT_EQ(space.canonical({1, 2, 2, 1}), (Genome{1, 2, 2, 1}));
}

TEST(SearchSpace, SamplesAreCanonicalAndReachEveryChoice) {
  const ToySpace space = depth_space();
  base::Rng rng(1);
  GenomeSet seen;
  for (int i = 0; i < 1000; ++i) {
    const Genome genome = space.sample(rng);
    space.check(genome);
    EXPECT_EQ(space.canonical(genome), genome);
    seen.insert(genome);
  }
  EXPECT_EQ(seen.size(), 24U);  // (3 + 3 * 3) widths * 2 converters
}

TEST(SearchSpace, SizeIsTheProductOfChoices) {
  const ToySpace space = depth_space();
  EXPECT_NEAR(space.log10_size(), std::log10(2 * 3 * 3 * 2), 1e-12);
  EXPECT_NEAR(space.log10_size(GenePart::kNetwork), std::log10(2 * 3 * 3), 1e-12);
  EXPECT_NEAR(space.log10_size(GenePart::kHardware), std::log10(2), 1e-12);
  EXPECT_EQ(space.log10_size(GenePart::kQuantization), 0);
}

TEST(SearchSpace, FindsGenesByName) {
  const ToySpace space = depth_space();
  EXPECT_EQ(space.gene_index("block2.width"), 2U);
  EXPECT_EQ(error_of([&] { space.gene_index("block2.with"); }),
            "space 'toy' has no gene 'block2.with'; did you mean 'block2.width'?");
  EXPECT_EQ(space.value({0, 2, 0, 1}, 1), 24);
}

TEST(SearchSpace, CheckRefusesLengthAndChoice) {
  const ToySpace space = depth_space();
  EXPECT_NO_THROW(space.check({1, 2, 2, 1}));
  EXPECT_EQ(error_of([&] {
              space.check({1, 3, 2, 1});
            }),
            "gene 'block1.width' has choice 3, allowed are 0 to 2");
  EXPECT_EQ(error_of([&] {
              space.check({1, 2, 2});
            }),
            "a genome of space 'toy' has 4 genes, this one has 3");
}

TEST(Describe, HasARowForEachSlot) {
  const std::vector<SlotSummary> rows = describe(depth_space());
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[1].slot, "width");
  EXPECT_EQ(rows[1].genes, 2);
  EXPECT_EQ(rows[1].part, GenePart::kNetwork);
  EXPECT_THAT(rows[1].choices, ::testing::ElementsAre(8, 16, 24));
  EXPECT_EQ(part_name(rows[2].part), "hardware");
}

}  // namespace
}  // namespace gibbon::space
