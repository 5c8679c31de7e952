#include "gibbon/base/named_values.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "error_of.hpp"

namespace gibbon::base {
namespace {

constexpr NamedValues<int, 2> kNumbers{{{"one", 1}, {"two", 2}}};

TEST(NamedValues, AreFoundByName) {
  EXPECT_EQ(value_of("number", "one", kNumbers), 1);
  EXPECT_EQ(value_of("number", "two", kNumbers), 2);
  EXPECT_THAT(names_of(kNumbers), ::testing::ElementsAre("one", "two"));
}

TEST(NamedValues, UnknownNamesAreRefused) {
  EXPECT_EQ(test::error_of([] { value_of("number", "three", kNumbers); }),
            "number: 'three' is not one of one, two");
}

}  // namespace
}  // namespace gibbon::base
