#include "gibbon/search/searchers/entropy.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "space/toy_space.hpp"

namespace gibbon::search {
namespace {

using space::Genome;
using space::ToySpace;
using ::testing::DoubleEq;
using ::testing::DoubleNear;
using ::testing::ElementsAre;

TEST(GeneEntropies, FollowEquationOne) {
  const ToySpace space = ToySpace::of(3, 4);
  const std::vector<Genome> genomes = {{0, 0, 2}, {1, 0, 2}, {2, 1, 2}, {3, 1, 2}};
  // Gene 0: four choices at 1/4 = 2 bits. Gene 1: two at 1/2 = 1 bit. Gene 2: one = 0 bits.
  EXPECT_THAT(gene_entropies(space, genomes), ElementsAre(2.0, 1.0, 0.0));
  const std::vector<Genome> uneven = {{0, 0, 0}, {0, 0, 0}, {0, 0, 0}, {1, 0, 0}};
  // 3/4 and 1/4: 0.75 * 0.41504 + 0.25 * 2 = 0.81128 bits.
  EXPECT_NEAR(gene_entropies(space, uneven)[0], 0.81128, 1e-5);
}

TEST(GeneEntropies, CountOnlyGenomesInWhichTheGeneIsActive) {
  const ToySpace space(ToySpace::of(2, 4).genes(), [](const Genome& genome, std::size_t gene) {
    return gene == 0 || genome[0] == 3;
  });
  // Gene 1 is active in the last two only: its choices 1 and 2 at 1/2 each = 1 bit.
  const std::vector<Genome> genomes = {{0, 0}, {1, 0}, {3, 1}, {3, 2}};
  EXPECT_EQ(gene_entropies(space, genomes)[1], 1.0);
  const std::vector<Genome> without = {{0, 0}, {1, 0}};
  EXPECT_EQ(gene_entropies(space, without)[1], 0.0);
}

TEST(EntropyTable, StartsFromTheWholeSpace) {
  const ToySpace space = ToySpace::of(5, 4);
  const EntropyTable table(space, 0.5, 0.1);
  EXPECT_NEAR(table.equivalent_log10_size(), 5 * std::log10(4), 1e-12);
  EXPECT_THAT(table.priorities(), ::testing::Each(DoubleEq(1.0)));
}

TEST(EntropyTable, SmoothsAndKeepsTheFloor) {
  const ToySpace space = ToySpace::of(2, 4);
  EntropyTable table(space, 0.75, 0.1);
  table.append({2.0, 0.0});
  EXPECT_THAT(table.smoothed(), ElementsAre(2.0, 0.0));
  // floor + (1 - floor) * H / log2(4): 0.1 + 0.9 * 1 and 0.1 + 0.9 * 0.
  EXPECT_THAT(table.priorities(), ElementsAre(DoubleEq(1.0), DoubleEq(0.1)));
  table.append({0.0, 1.0});
  // 0.75 * 2 + 0.25 * 0 = 1.5; 0.75 * 0 + 0.25 * 1 = 0.25.
  EXPECT_THAT(table.smoothed(), ElementsAre(DoubleEq(1.5), DoubleEq(0.25)));
  // 0.1 + 0.9 * 0.75 = 0.775; 0.1 + 0.9 * 0.125 = 0.2125: a converged gene comes back.
  EXPECT_THAT(table.priorities(), ElementsAre(DoubleNear(0.775, 1e-12), DoubleNear(0.2125, 1e-12)));
  // 2^1.5 * 2^0.25 = 2^1.75 = 10^0.5268.
  EXPECT_NEAR(table.equivalent_log10_size(), 0.5268, 1e-4);
  EXPECT_EQ(table.rows().size(), 2U);
}

TEST(EntropyTable, GeneWithOneChoiceHasNoPriority) {
  const ToySpace space({{"fixed", "fixed", space::GenePart::kHardware, -1, {8}},
                        {"free", "free", space::GenePart::kHardware, -1, {1, 2}}});
  EntropyTable table(space, 0.5, 0.1);
  table.append({0.0, 0.0});
  EXPECT_THAT(table.priorities(), ElementsAre(0.0, DoubleEq(0.1)));
}

TEST(EntropyTable, IsRestoredFromItsRows) {
  const ToySpace space = ToySpace::of(2, 4);
  EntropyTable table(space, 0.75, 0.1);
  table.append({2.0, 0.3});
  table.append({0.1, 1.0});
  EntropyTable copy(space, 0.75, 0.1);
  copy.append({1.0, 1.0});
  copy.restore(base::Json::parse(table.to_json().dump()));
  EXPECT_EQ(copy.rows(), table.rows());
  EXPECT_EQ(copy.smoothed(), table.smoothed());
}

}  // namespace
}  // namespace gibbon::search
