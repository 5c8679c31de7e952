#include "gibbon/base/suggest.hpp"

#include <gtest/gtest.h>

namespace gibbon::base {
namespace {

const std::vector<std::string> kNames = {"latency", "energy", "area"};

TEST(NearestName, FindsASlipOfTheHand) {
  EXPECT_EQ(nearest_name("latncy", kNames), "latency");  // one letter missing
  EXPECT_EQ(nearest_name("enrgey", kNames), "energy");   // two substitutions, 6/3 = 2 allowed
  EXPECT_EQ(nearest_name("AREA", kNames), "area");       // case does not count
}

TEST(NearestName, IsSilentBeyondAThirdOfTheWord) {
  EXPECT_EQ(nearest_name("enxxgy", kNames), "energy");      // distance 2 of 6
  EXPECT_EQ(nearest_name("exxxgy", kNames), std::nullopt);  // distance 3 of 6
  EXPECT_EQ(nearest_name("x", {}), std::nullopt);
}

TEST(NearestName, TakesTheFirstOfEquals) {
  EXPECT_EQ(nearest_name("bat", {"cat", "hat"}), "cat");
}

TEST(DidYouMean, IsAQuestionOrNothing) {
  EXPECT_EQ(did_you_mean("aera", {"area"}), "");  // a swap is two substitutions, 4/3 = 1 allowed
  EXPECT_EQ(did_you_mean("are", {"area"}), "; did you mean 'area'?");
}

}  // namespace
}  // namespace gibbon::base
