#include "gibbon/search/choice_minimizer.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <numeric>

#include "error_of.hpp"

namespace gibbon::search {
namespace {

using test::error_of;
using testing::ElementsAre;

/// Smallest where decision i takes i mod 3; 0 there.
double distance(std::span<const std::uint8_t> choices) {
  double sum = 0;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    const double off = static_cast<double>(choices[i]) - static_cast<double>(i % 3);
    sum += off * off;
  }
  return sum;
}

TEST(ChoiceMinimizer, FindsTheSmallestLoss) {
  const std::vector<int> counts(12, 4);
  const Choices best = minimize_choices(counts, distance, {});
  EXPECT_THAT(best, ElementsAre(0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2));
}

TEST(ChoiceMinimizer, TheSameSeedGivesTheSameChoices) {
  const std::vector<int> counts(30, 6);
  ChoiceMinimizerOptions options;
  options.generations = 3;
  options.seed = 5;
  // Many choices have the sum 70.
  const auto off_70 = [](std::span<const std::uint8_t> choices) {
    return std::abs(std::accumulate(choices.begin(), choices.end(), 0) - 70.0);
  };
  const Choices first = minimize_choices(counts, off_70, options);
  EXPECT_EQ(minimize_choices(counts, off_70, options), first);
  options.seed = 6;
  EXPECT_NE(minimize_choices(counts, off_70, options), first);
}

/// Too few generations to find it without.
TEST(ChoiceMinimizer, EndsWhereNoSingleChangeIsBetter) {
  const std::vector<int> counts(40, 10);
  ChoiceMinimizerOptions options;
  options.population = 5;
  options.generations = 1;
  EXPECT_EQ(distance(minimize_choices(counts, distance, options)), 0);
}

TEST(ChoiceMinimizer, IsNeverWorseThanItsStart) {
  const std::vector<int> counts(40, 10);
  Choices start;
  for (std::uint8_t i = 0; i < 40; ++i) start.push_back(i % 3);
  ChoiceMinimizerOptions options;
  options.population = 5;
  options.generations = 1;
  options.start = {start};
  EXPECT_EQ(minimize_choices(counts, distance, options), start);
}

TEST(ChoiceMinimizer, ASingleChoiceStays) {
  EXPECT_THAT(minimize_choices(std::vector<int>{1, 3, 1}, distance, {}), ElementsAre(0, 1, 0));
}

TEST(ChoiceMinimizer, MistakesAreRefused) {
  EXPECT_EQ(error_of([] { minimize_choices({}, distance, {}); }),
            "minimizer: there is nothing to decide");
  EXPECT_EQ(error_of([] { minimize_choices(std::vector<int>{0}, distance, {}); }),
            "minimizer: 0 choices, allowed are 1 to 256");
  EXPECT_EQ(error_of([] { minimize_choices(std::vector<int>{257}, distance, {}); }),
            "minimizer: 257 choices, allowed are 1 to 256");
  ChoiceMinimizerOptions few;
  few.population = 4;
  EXPECT_EQ(error_of([&] { minimize_choices(std::vector<int>{2}, distance, few); }),
            "minimizer: 4 members and 150 generations, at least 5 and 1 are needed");
  ChoiceMinimizerOptions wrong;
  wrong.start = {{2}};
  EXPECT_EQ(error_of([&] { minimize_choices(std::vector<int>{2}, distance, wrong); }),
            "minimizer: a start does not fit the decisions");
}

}  // namespace
}  // namespace gibbon::search
