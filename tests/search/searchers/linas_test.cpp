#include "gibbon/search/searchers/linas.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "error_of.hpp"
#include "gibbon/search/pareto.hpp"
#include "search/toy_problem.hpp"

namespace gibbon::search {
namespace {

using space::Genome;
using space::ToySpace;
using test::error_of;
using ::testing::HasSubstr;

double volume_with(std::string_view name, const space::SearchSpace& space, std::uint64_t seed,
                   const base::Json& settings) {
  const auto searcher = make_searcher(name, space, toy_objective(), {seed, settings});
  return hypervolume(run(*searcher, space, 8, 25), toy_objective());
}

TEST(Linas, BeatsNsga2AtTheSameNumberOfEvaluations) {
  const ToySpace space = ToySpace::of(20, 4);
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    EXPECT_GT(volume_with("linas", space, seed, {{"population", 25}, {"inner_evaluations", 1000}}),
              volume_with("nsga2", space, seed, {{"population", 25}}) + 0.02)
        << "seed " << seed;
  }
}

TEST(Linas, IsRandomBeforeItsPopulationIsFull) {
  const ToySpace space = ToySpace::of(20, 4);
  const auto asked = [&](double crossover) {
    LinasSearcher searcher(space, toy_objective(),
                           {1, {{"population", 20}, {"crossover", crossover}}});
    std::vector<std::vector<Genome>> rounds;
    for (int round = 0; round < 3; ++round) {
      rounds.push_back(searcher.ask({10, {}}));
      searcher.tell(evaluate(space, rounds.back()));
    }
    return rounds;
  };
  const auto crossed = asked(1);
  const auto mutated = asked(0);
  EXPECT_EQ(crossed[0], mutated[0]);
  EXPECT_EQ(crossed[1], mutated[1]);
  EXPECT_NE(crossed[2], mutated[2]);
}

TEST(Linas, RefusesSettingsOutOfRange) {
  const ToySpace space = ToySpace::of(3, 3);
  EXPECT_THAT(error_of([&] {
                LinasSearcher(space, toy_objective(), {1, {{"inner_evaluations", 0}}});
              }),
              HasSubstr("searcher 'linas': inner_evaluations is 0, allowed is a whole number from "
                        "1 to 10000000"));
}

}  // namespace
}  // namespace gibbon::search
