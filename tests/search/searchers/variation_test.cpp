#include "gibbon/search/searchers/variation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "space/toy_space.hpp"

namespace gibbon::search {
namespace {

using space::Genome;
using space::ToySpace;

int differences(const Genome& a, const Genome& b) {
  int count = 0;
  for (std::size_t gene = 0; gene < a.size(); ++gene) count += a[gene] != b[gene];
  return count;
}

/// Gene 0 is the depth: genes beyond it are inactive.
ToySpace depth_space() {
  return ToySpace(ToySpace::of(5, 5).genes(),
                  [](const Genome& genome, std::size_t gene) { return gene <= genome[0]; });
}

TEST(FreeGenes, AreActiveAndHaveAChoice) {
  ToySpace space = depth_space();
  EXPECT_THAT(free_genes(space, {2, 0, 0, 0, 0}), ::testing::ElementsAre(0, 1, 2));
  const ToySpace fixed({{"a", "a", space::GenePart::kNetwork, 0, {1}},
                        {"b", "b", space::GenePart::kNetwork, 0, {1, 2}}});
  EXPECT_THAT(free_genes(fixed, {0, 0}), ::testing::ElementsAre(1));
}

TEST(ChangeGene, ReachesEachOtherChoiceEquallyOften) {
  const ToySpace space = ToySpace::of(1, 4);
  base::Rng rng(1);
  std::vector<int> counts(4, 0);
  for (int i = 0; i < 3000; ++i) {
    Genome genome = {2};
    change_gene(space, genome, 0, rng);
    ++counts[genome[0]];
  }
  EXPECT_EQ(counts[2], 0);
  // 1000 each; standard deviation sqrt(3000 * 1/3 * 2/3) = 26.
  for (const int choice : {0, 1, 3})
    EXPECT_NEAR(counts[static_cast<std::size_t>(choice)], 1000, 130);
}

TEST(Mutated, ChangesExactlyTheNumberOfGenes) {
  const ToySpace space = ToySpace::of(6, 3);
  base::Rng rng(2);
  const Genome parent = {0, 1, 2, 0, 1, 2};
  const std::vector<double> weights(6, 1.0);
  for (std::size_t count = 1; count <= 6; ++count) {
    EXPECT_EQ(differences(mutated(space, parent, count, weights, rng), parent),
              static_cast<int>(count));
  }
  EXPECT_EQ(differences(mutated(space, parent, 99, weights, rng), parent), 6);
}

TEST(Mutated, DrawsGenesInProportionToTheirWeights) {
  const ToySpace space = ToySpace::of(2, 3);
  base::Rng rng(3);
  int first = 0;
  for (int i = 0; i < 4000; ++i) first += mutated(space, {0, 0}, 1, {3.0, 1.0}, rng)[0] != 0;
  // 3 of 4; standard deviation sqrt(4000 * 0.75 * 0.25) = 27.
  EXPECT_NEAR(first, 3000, 140);
}

TEST(Mutated, GivesNewlyActiveGenesRandomChoices) {
  const ToySpace space = depth_space();
  base::Rng rng(4);
  std::vector<int> counts(5, 0);
  for (int i = 0; i < 2000; ++i) {
    const Genome child = mutated(space, {0, 0, 0, 0, 0}, 1, std::vector<double>(5, 1.0), rng);
    EXPECT_GT(child[0], 0);
    EXPECT_EQ(space.canonical(child), child);
    ++counts[child[1]];
  }
  for (const int count : counts) EXPECT_NEAR(count, 400, 90);  // sd sqrt(2000 * 0.2 * 0.8) = 18
}

TEST(Mutated, LeavesNothingInGenesThatBecomeInactive) {
  const ToySpace space = depth_space();
  base::Rng rng(5);
  for (int i = 0; i < 200; ++i) {
    const Genome child = mutated(space, {4, 3, 3, 3, 3}, 2, std::vector<double>(5, 1.0), rng);
    EXPECT_EQ(space.canonical(child), child);
  }
}

TEST(Recombined, TakesEachGeneFromEitherParent) {
  const ToySpace space = ToySpace::of(4, 3);
  base::Rng rng(6);
  int from_second = 0;
  for (int i = 0; i < 1000; ++i) {
    for (const auto choice : recombined(space, {1, 1, 1, 1}, {2, 2, 2, 2}, rng)) {
      ASSERT_TRUE(choice == 1 || choice == 2);
      from_second += choice == 2;
    }
  }
  EXPECT_NEAR(from_second, 2000, 160);  // of 4000, standard deviation 32
}

TEST(Recombined, InheritsAGeneFromTheOnlyParentThatHasIt) {
  const ToySpace space = depth_space();
  base::Rng rng(7);
  for (int i = 0; i < 100; ++i) {
    const Genome child = recombined(space, {0, 0, 0, 0, 0}, {4, 3, 3, 3, 3}, rng);
    EXPECT_THAT(child, ::testing::AnyOf(Genome({0, 0, 0, 0, 0}), Genome({4, 3, 3, 3, 3})));
  }
}

}  // namespace
}  // namespace gibbon::search
