// What every searcher of the registry promises in searcher.hpp.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "error_of.hpp"
#include "gibbon/base/error.hpp"
#include "gibbon/search/pareto.hpp"
#include "gibbon/space/spaces/gibbon.hpp"
#include "search/toy_problem.hpp"

namespace gibbon::search {
namespace {

using space::Genome;
using space::ToySpace;
using ::testing::HasSubstr;

using test::error_of;

/// 12 genes; genes 6 to 11 are active only while gene 0 is not 0.
ToySpace conditional_space() {
  const ToySpace plain = ToySpace::of(12, 3);
  return ToySpace(plain.genes(), [](const Genome& genome, std::size_t gene) {
    return gene < 6 || genome[0] != 0;
  });
}

class SearcherContract : public ::testing::TestWithParam<std::string> {
 protected:
  std::unique_ptr<Searcher> make(const space::SearchSpace& space, std::uint64_t seed = 1,
                                 const space::Objective& objective = toy_objective()) const {
    return make_searcher(GetParam(), space, objective, {seed, base::Json::object()});
  }
};

TEST_P(SearcherContract, HasTheNameOfItsEntry) {
  const ToySpace space = ToySpace::of(3, 3);
  EXPECT_EQ(make(space)->name(), GetParam());
}

TEST_P(SearcherContract, SameSeedSameGenomes) {
  const ToySpace space = ToySpace::of(20, 4);
  const auto first = make(space, 7);
  const auto second = make(space, 7);
  const auto other = make(space, 8);
  bool differs = false;
  for (int round = 0; round < 12; ++round) {
    const auto genomes = first->ask({10, {}});
    EXPECT_EQ(genomes, second->ask({10, {}})) << "round " << round;
    differs = differs || genomes != other->ask({10, {}});
    first->tell(evaluate(space, genomes));
    second->tell(evaluate(space, genomes));
  }
  EXPECT_TRUE(differs);
}

TEST_P(SearcherContract, GenomesAreValidCanonicalAndNeverRepeat) {
  const ToySpace space = conditional_space();
  for (const Screen& screen : {Screen{}, exact_screen(space)}) {
    const auto searcher = make(space);
    space::GenomeSet seen;
    for (int round = 0; round < 15; ++round) {
      const auto genomes = searcher->ask({20, screen});
      EXPECT_EQ(genomes.size(), 20U);
      for (const Genome& genome : genomes) {
        EXPECT_NO_THROW(space.check(genome));
        EXPECT_EQ(space.canonical(genome), genome);
        EXPECT_TRUE(seen.insert(genome).second) << space::to_text(genome);
      }
      // Every third round stays unanswered: asked genomes may not come again either.
      if (round % 3 != 2) searcher->tell(evaluate(space, genomes));
    }
  }
}

TEST_P(SearcherContract, NeverAsksWhatOthersTold) {
  const ToySpace space = ToySpace::of(2, 3);
  const auto searcher = make(space);
  const std::vector<Genome> told = {{0, 0}, {1, 1}, {2, 2}};
  searcher->tell(evaluate(space, told));
  const auto genomes = searcher->ask({9, {}});
  EXPECT_EQ(genomes.size(), 6U);
  for (const Genome& genome : genomes) {
    EXPECT_THAT(told, ::testing::Not(::testing::Contains(genome)));
  }
}

TEST_P(SearcherContract, UsesUpATinySpaceAndEnds) {
  // 2 x 3 = 6 genomes.
  const ToySpace space({{"a", "a", space::GenePart::kNetwork, 0, {1, 2}},
                        {"b", "b", space::GenePart::kNetwork, 0, {1, 2, 3}}});
  for (const Screen& screen : {Screen{}, exact_screen(space)}) {
    const auto searcher = make(space);
    space::GenomeSet seen;
    for (int round = 0; round < 4; ++round) {
      const auto genomes = searcher->ask({2, screen});
      seen.insert(genomes.begin(), genomes.end());
      searcher->tell(evaluate(space, genomes));
    }
    EXPECT_EQ(seen.size(), 6U);
    EXPECT_TRUE(searcher->ask({2, screen}).empty());
  }
}

TEST_P(SearcherContract, AsksNothingForNoCount) {
  const ToySpace space = ToySpace::of(3, 3);
  EXPECT_TRUE(make(space)->ask({0, {}}).empty());
}

TEST_P(SearcherContract, RestoreGivesTheSameFuture) {
  const ToySpace space = ToySpace::of(15, 4);
  const Screen screen = exact_screen(space);
  const auto original = make(space, 3);
  run(*original, space, 8, 10, screen);
  original->ask({5, {}});  // asked and not told: part of the state
  const std::string saved = original->state().dump();

  const auto copy = make(space, 99);
  copy->ask({4, {}});  // must be forgotten
  copy->restore(base::Json::parse(saved));
  EXPECT_EQ(copy->state().dump(), saved);
  EXPECT_EQ(copy->statistics(), original->statistics());
  for (int round = 0; round < 5; ++round) {
    const auto genomes = original->ask({10, round % 2 == 0 ? screen : Screen{}});
    EXPECT_EQ(copy->ask({10, round % 2 == 0 ? screen : Screen{}}), genomes);
    original->tell(evaluate(space, genomes));
    copy->tell(evaluate(space, genomes));
  }
}

TEST_P(SearcherContract, RestoreRefusesOtherStates) {
  const ToySpace space = ToySpace::of(3, 3);
  const auto searcher = make(space);
  base::Json state = searcher->state();
  state["searcher"] = "simplex";
  EXPECT_THAT(error_of([&] { searcher->restore(state); }),
              HasSubstr("a state of searcher 'simplex' in space 'toy' cannot be restored by"));
  EXPECT_THAT(error_of([&] { searcher->restore(base::Json::object()); }),
              HasSubstr("cannot be read"));
}

TEST_P(SearcherContract, ToleratesInfeasibleTellsAndNan) {
  const ToySpace space = ToySpace::of(8, 3);
  const auto searcher = make(space);
  for (int round = 0; round < 10; ++round) {
    auto told = evaluate(space, searcher->ask({10, {}}));
    EXPECT_EQ(told.size(), 10U);
    for (std::size_t i = 0; i < told.size(); ++i) {
      if (round < 6 || i % 2 == 0) told[i].infeasible = "does not fit";
      if (i == 1) told[i].metrics[space::Metric::kEdp] = std::nan("");
    }
    searcher->tell(told);
  }
}

TEST_P(SearcherContract, ToleratesAScreenThatFindsNothingFeasible) {
  const ToySpace space = ToySpace::of(8, 3);
  const auto searcher = make(space);
  const Screen nothing = [](std::span<const Genome> genomes) {
    return std::vector<std::optional<space::Metrics>>(genomes.size());
  };
  run(*searcher, space, 3, 10);
  EXPECT_EQ(searcher->ask({10, nothing}).size(), 10U);
}

TEST_P(SearcherContract, RefusesUnknownSettingsAndWrongGenomes) {
  const ToySpace space = ToySpace::of(3, 3);
  SearcherOptions options;
  options.settings["populaton"] = 5;
  EXPECT_THAT(error_of([&] { make_searcher(GetParam(), space, toy_objective(), options); }),
              HasSubstr("searcher '" + GetParam() + "': unknown setting 'populaton'"));
  options.settings = 3;
  EXPECT_THAT(error_of([&] { make_searcher(GetParam(), space, toy_objective(), options); }),
              HasSubstr("settings must be a mapping of keys to values, got 3"));
  space::Evaluation wrong;
  wrong.genome = {1};
  EXPECT_THROW(make(space)->tell(std::vector{wrong}), base::Error);
  space::Objective objective;
  objective.name = "speed";
  EXPECT_THAT(error_of([&] { make(space, 1, objective); }), HasSubstr("unknown objective 'speed'"));
}

TEST_P(SearcherContract, WorksForASingleTarget) {
  const ToySpace space = ToySpace::of(10, 3);
  space::Objective objective = toy_objective();
  objective.name = "edp";
  const auto searcher = make(space, 1, objective);
  EXPECT_EQ(run(*searcher, space, 12, 10, exact_screen(space)).size(), 120U);
}

TEST_P(SearcherContract, WorksInTheGibbonSpace) {
  const auto space = space::make_gibbon_space(space::gibbon_table1_spec());
  const auto searcher = make(*space);
  const auto told = run(*searcher, *space, 10, 20, exact_screen(*space));
  ASSERT_EQ(told.size(), 200U);
  for (const space::Evaluation& evaluation : told) {
    EXPECT_EQ(space->canonical(evaluation.genome), evaluation.genome);
    EXPECT_TRUE(space->decode(evaluation.genome).ok());
  }
  const auto copy = make(*space, 5);
  copy->restore(base::Json::parse(searcher->state().dump()));
  EXPECT_EQ(copy->ask({5, {}}), searcher->ask({5, {}}));
}

INSTANTIATE_TEST_SUITE_P(Registry, SearcherContract, ::testing::ValuesIn([] {
                           std::vector<std::string> names;
                           for (const SearcherEntry& entry : searcher_registry()) {
                             names.emplace_back(entry.name);
                           }
                           return names;
                         }()),
                         [](const auto& test) {
                           std::string name = test.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(SearcherRegistry, StartsWithTheDefault) {
  EXPECT_EQ(searcher_registry().front().name, "esapp");
}

TEST(SearcherRegistry, UnknownNameSaysWhatIsAllowed) {
  const ToySpace space = ToySpace::of(3, 3);
  EXPECT_EQ(error_of([&] { make_searcher("nsga3", space, toy_objective(), {}); }),
            "unknown searcher 'nsga3'; did you mean 'nsga2'? (allowed: esapp, "
            "esapp-no-priority, cars, linas, nsga2, regularized-evolution, random)");
}

}  // namespace
}  // namespace gibbon::search
