#include "gibbon/predict/state_file.hpp"

#include <gtest/gtest.h>

#include "gibbon/base/error.hpp"

namespace gibbon::predict {
namespace {

std::string error_of(std::string_view text, std::size_t count) {
  try {
    floats_from_hex("a.json", text, count);
  } catch (const base::Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Hex, HoldsTheBitsOfEachNumber) {
  // IEEE 754 binary32: 1 is 3f800000, -2 is c0000000, 0.15625 is 3e200000.
  const std::vector<float> numbers = {1.0F, -2.0F, 0.15625F};
  EXPECT_EQ(to_hex(numbers), "3f800000c00000003e200000");
  EXPECT_EQ(floats_from_hex("a.json", to_hex(numbers), 3), numbers);
  EXPECT_EQ(to_hex({}), "");
}

TEST(Hex, RefusesOtherTextsAndNumbers) {
  const std::string start = "a.json: not a usable predictor file: ";
  EXPECT_EQ(error_of("3f80000", 1), start + "7 digits of weights instead of 8");
  EXPECT_EQ(error_of("3f8000000", 1), start + "9 digits of weights instead of 8");
  EXPECT_EQ(error_of("3f800000xyz00000", 2), start + "weight 1 is not a number");
  EXPECT_EQ(error_of("3f8 0000", 1), start + "weight 0 is not a number");
  EXPECT_EQ(error_of("7f800000", 1), start + "weight 0 is not a number");  // infinity
  EXPECT_EQ(error_of("7fc00000", 1), start + "weight 0 is not a number");  // NaN
}

}  // namespace
}  // namespace gibbon::predict
