#include "gibbon/search/searchers/esapp.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "error_of.hpp"
#include "gibbon/base/error.hpp"
#include "gibbon/search/pareto.hpp"
#include "search/toy_problem.hpp"

namespace gibbon::search {
namespace {

using space::Genome;
using space::ToySpace;
using test::error_of;
using ::testing::HasSubstr;

double volume_of(std::string_view name, const space::SearchSpace& space, std::uint64_t seed,
                 const Screen& screen = {}) {
  const auto searcher = make_searcher(name, space, toy_objective(), {seed, base::Json::object()});
  return hypervolume(run(*searcher, space, 30, 10, screen), toy_objective());
}

TEST(Esapp, BeatsRandomSearchAtTheSameNumberOfEvaluations) {
  const ToySpace space = ToySpace::of(20, 4);
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const double esapp = volume_of("esapp", space, seed);
    const double random = volume_of("random", space, seed);
    RecordProperty("seed" + std::to_string(seed),
                   std::to_string(esapp) + " vs " + std::to_string(random));
    EXPECT_GT(esapp, random + 0.05) << "seed " << seed;
  }
}

TEST(Esapp, IsHelpedByAScreen) {
  const ToySpace space = ToySpace::of(20, 4);
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    EXPECT_GT(volume_of("esapp", space, seed, exact_screen(space)), volume_of("esapp", space, seed))
        << "seed " << seed;
  }
}

TEST(Esapp, NoPriorityIsEverZeroAndConvergedGenesHaveLess) {
  const ToySpace space = ToySpace::of(20, 4);
  EsappSearcher searcher(space, toy_objective(), {1, base::Json::object()});
  EXPECT_TRUE(searcher.statistics().empty());
  for (int round = 0; round < 40; ++round) {
    searcher.tell(evaluate(space, searcher.ask({10, {}})));
    const base::Json statistics = searcher.statistics();
    for (const auto& [key, value] : statistics.items()) {
      if (key.starts_with("priority.")) {
        EXPECT_GE(value.get<double>(), EsappSettings{}.floor) << key;
      }
    }
  }
  // Odd genes have one best choice for both metrics; even ones trade one for the other.
  const base::Json last = searcher.statistics();
  EXPECT_LT(last["slot_entropy.odd"].get<double>(), last["slot_entropy.even"].get<double>());
  EXPECT_LT(last["slot_priority.odd"].get<double>(), last["slot_priority.even"].get<double>());
  EXPECT_LT(last["equivalent_log10_size"].get<double>(), space.log10_size());
}

TEST(Esapp, StatisticsHaveEveryGeneAndTheMeansOfItsSlots) {
  const ToySpace space = ToySpace::of(4, 4);
  EsappSearcher searcher(space, toy_objective(), {1, base::Json::object()});
  run(searcher, space, 3, 10);
  const base::Json s = searcher.statistics();
  for (int gene = 0; gene < 4; ++gene) {
    EXPECT_TRUE(s.contains("entropy.g" + std::to_string(gene)));
    EXPECT_TRUE(s.contains("priority.g" + std::to_string(gene)));
  }
  EXPECT_NEAR(s["slot_entropy.even"].get<double>(),
              (s["entropy.g0"].get<double>() + s["entropy.g2"].get<double>()) / 2, 1e-12);
  EXPECT_NEAR(s["slot_priority.odd"].get<double>(),
              (s["priority.g1"].get<double>() + s["priority.g3"].get<double>()) / 2, 1e-12);
}

TEST(Esapp, AppendsARowForEachAskOnceSomethingIsTold) {
  const ToySpace space = ToySpace::of(4, 4);
  EsappSearcher searcher(space, toy_objective(), {1, base::Json::object()});
  searcher.ask({5, {}});
  EXPECT_EQ(searcher.state()["extra"].size(), 0U);
  run(searcher, space, 3, 5);
  EXPECT_EQ(searcher.state()["extra"].size(), 2U);  // the first of the three had been told nothing
}

TEST(Esapp, PriorityCanBeSwitchedOff) {
  const ToySpace space = ToySpace::of(20, 4);
  SearcherOptions off{1, {{"priority", false}}};
  EsappSearcher with(space, toy_objective(), {1, base::Json::object()});
  EsappSearcher without(space, toy_objective(), off);
  const auto first = evaluate(space, with.ask({40, {}}));
  EXPECT_EQ(evaluate(space, without.ask({40, {}})).front().genome, first.front().genome);
  with.tell(first);
  without.tell(first);
  EXPECT_NE(with.ask({40, {}}), without.ask({40, {}}));
}

TEST(Esapp, MutationsFollowThePriorities) {
  // Half of the genes agree in all that is told, half are uniform: with floor 0.05 the former are
  // to be mutated about 0.05 times as often.
  const ToySpace space = ToySpace::of(40, 4);
  base::Rng rng(9);
  std::vector<Genome> genomes;
  for (int i = 0; i < 300; ++i) {
    Genome genome = space.sample(rng);
    for (std::size_t gene = 0; gene < 20; ++gene) genome[gene] = 1;
    genomes.push_back(genome);
  }
  SearcherOptions options{1, {{"mutations", 1}, {"top_share", 1.0}, {"top_count", 300}}};
  EsappSearcher searcher(space, toy_objective(), options);
  searcher.tell(evaluate(space, genomes));
  int converged = 0;
  int children = 0;
  for (const Genome& child : searcher.ask({2000, {}})) {
    ++children;
    for (std::size_t gene = 0; gene < 20; ++gene) converged += child[gene] != 1;
  }
  EXPECT_EQ(children, 2000);
  // 20 * 0.05 / (20 * 0.05 + 20 * about 1) = 0.048 -> 95 of 2000, sd 9.5; uniform would give 1000.
  EXPECT_NEAR(converged, 95, 45);
}

TEST(Esapp, RanksScreenedGenomesThatViolateConstraintsBehind) {
  const ToySpace space = ToySpace::of(20, 4);
  space::Objective objective = toy_objective();
  objective.constraints = {space::constraint_from("accuracy >= 70")};
  EsappSearcher searcher(space, objective, {1, base::Json::object()});
  run(searcher, space, 10, 10, exact_screen(space));
  int met = 0;
  for (const auto& evaluation : evaluate(space, searcher.ask({20, exact_screen(space)}))) {
    met += objective.violation(evaluation.metrics) == 0;
  }
  EXPECT_EQ(met, 20);
}

TEST(Esapp, DropsWhatTheScreenFindsInfeasible) {
  const ToySpace space = ToySpace::of(20, 4);
  const Screen picky = [&](std::span<const Genome> genomes) {
    auto predictions = exact_screen(space)(genomes);
    for (std::size_t i = 0; i < genomes.size(); ++i) {
      if (genomes[i][0] == 2) predictions[i] = std::nullopt;
    }
    return predictions;
  };
  EsappSearcher searcher(space, toy_objective(), {1, base::Json::object()});
  run(searcher, space, 3, 20);
  for (int round = 0; round < 5; ++round) {
    for (const Genome& genome : searcher.ask({20, picky})) EXPECT_NE(genome[0], 2);
  }
}

TEST(Esapp, ScreenedParentsEnterTheCandidates) {
  // Everything told is poor, so that the screen favours new genomes, which have to be asked too.
  const ToySpace space = ToySpace::of(20, 4);
  SearcherOptions options{1, {{"screen_children", false}}};
  EsappSearcher searcher(space, toy_objective(), options);
  std::vector<Genome> poor;
  for (std::uint8_t choice = 0; choice < 4; ++choice) {
    Genome genome(20, 0);  // odd genes at 0 are worst for both metrics
    genome[0] = choice;
    poor.push_back(genome);
  }
  searcher.tell(evaluate(space, poor));
  const auto genomes = searcher.ask({10, exact_screen(space)});
  EXPECT_EQ(genomes.size(), 10U);
  int far = 0;
  for (const Genome& genome : genomes) {
    int changed = 0;
    for (std::size_t gene = 1; gene < 20; ++gene) changed += genome[gene] != 0;
    far += changed > 5;  // more than the mutations of one child
  }
  EXPECT_GE(far, 5);
}

TEST(Esapp, SettingsAreCheckedByName) {
  const ToySpace space = ToySpace::of(3, 3);
  const auto error = [&](const base::Json& settings) -> std::string {
    try {
      EsappSearcher(space, toy_objective(), {1, settings});
    } catch (const base::Error& problem) {
      return problem.what();
    }
    return "no error";
  };
  EXPECT_EQ(error({{"floor", 0}}),
            "searcher 'esapp': floor is 0, allowed is a number from 1e-06 to 1");
  EXPECT_EQ(error({{"mutations", 1.5}}),
            "searcher 'esapp': mutations is 1.5, allowed is a whole number from 1 to 1000");
  EXPECT_EQ(error({{"priority", 1}}), "searcher 'esapp': priority is 1, allowed is true or false");
  EXPECT_THAT(
      error({{"floors", 1}}),
      HasSubstr("unknown setting 'floors'; did you mean 'floor'? (it has priority, top_count,"));
  EXPECT_EQ(error({{"floor", 1}, {"mutations", 1000}}), "no error");
}

TEST(Esapp, AScreenThatAnswersTheWrongNumberIsAnError) {
  const ToySpace space = ToySpace::of(8, 3);
  EsappSearcher searcher(space, toy_objective(), {1, base::Json::object()});
  run(searcher, space, 2, 10);
  const Screen wrong = [](std::span<const Genome>) {
    return std::vector<std::optional<space::Metrics>>(1);
  };
  EXPECT_THROW(searcher.ask({10, wrong}), base::Error);
}

TEST(EsappNoPriority, AllGenesAreAsLikelyAndTheSettingIsClosed) {
  const ToySpace space = ToySpace::of(6, 4);
  EXPECT_THAT(
      error_of([&] {
        make_searcher("esapp-no-priority", space, toy_objective(), {1, {{"priority", true}}});
      }),
      HasSubstr("searcher 'esapp-no-priority': unknown setting 'priority'"));
  const auto searcher = make_searcher("esapp-no-priority", space, toy_objective(),
                                      {1, {{"mutations", 1}, {"crossover", 0.0}}});
  EXPECT_EQ(run(*searcher, space, 5, 10).size(), 50U);
}

}  // namespace
}  // namespace gibbon::search
