#include "gibbon/study/table2.hpp"

#include <gtest/gtest.h>

namespace gibbon::study {
namespace {

const Table2Match& against(const std::vector<Table2Match>& matches, std::string_view row) {
  for (const Table2Match& match : matches) {
    if (match.row.name == row) return match;
  }
  throw std::out_of_range(std::string(row));
}

TEST(Table2, TheDesignThatBeatsARowOnAllThreeStandsAgainstIt) {
  const auto matches = match_table2(
      {{"large", 90.0, 0.1, 100.0}, {"small", 77.0, 0.5, 6.0}, {"middle", 85.0, 0.2, 50.0}});
  ASSERT_EQ(matches.size(), 5u);
  // Table II: Gibbon's area design has 76.4 %, 1.00 ms x mJ, 6.84 mm2: only "small" is within.
  EXPECT_EQ(against(matches, "Gibbon, area").ours.name, "small");
  EXPECT_TRUE(against(matches, "Gibbon, area").dominates());
  // NACIM (73.9 %, 1.55, 17.17 mm2): the area of "large" is worse.
  EXPECT_EQ(against(matches, "NACIM").ours.name, "small");
  // Two designs dominate Gibbon's EDP design (84.6 %, 0.24, 167.16): the more accurate one.
  EXPECT_EQ(against(matches, "Gibbon, EDP").ours.name, "large");
  EXPECT_EQ(against(matches, "CARS, accuracy").ours.name, "large");
}

TEST(Table2, EqualFiguresAreAsGoodAndTheLeastMoreIsNot) {
  EXPECT_TRUE(against(match_table2({{"same", 76.4, 1.00, 6.84}}), "Gibbon, area").dominates());
  const auto worse = match_table2({{"worse", 76.39, 1.001, 6.841}});
  EXPECT_EQ(against(worse, "Gibbon, area").better(), 0);
}

TEST(Table2, WhereNoneDominatesTheNearestStands) {
  // "cheap" is better on EDP and area, "accurate" on accuracy and EDP: two each, so the more
  // accurate one.
  const auto matches = match_table2({{"cheap", 60.0, 0.5, 6.0}, {"accurate", 80.0, 0.5, 60.0}});
  const Table2Match& match = against(matches, "Gibbon, area");
  EXPECT_EQ(match.ours.name, "accurate");
  EXPECT_TRUE(match.accuracy_better);
  EXPECT_FALSE(match.area_better);
  EXPECT_FALSE(match.dominates());
}

TEST(Table2, NoDesignsNoMatches) {
  EXPECT_TRUE(match_table2({}).empty());
}

}  // namespace
}  // namespace gibbon::study
