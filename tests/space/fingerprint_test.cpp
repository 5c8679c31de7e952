#include "gibbon/space/fingerprint.hpp"

#include <gtest/gtest.h>

#include "gibbon/space/spaces/gibbon.hpp"

namespace gibbon::space {
namespace {

std::string fingerprint_of(const GibbonSpaceSpec& spec) {
  return fingerprint(*make_gibbon_space(spec));
}

TEST(Fingerprint, IsTheSameForTheSameDesigns) {
  GibbonSpaceSpec spec = gibbon_table1_spec();
  const std::string once = fingerprint_of(spec);
  EXPECT_EQ(once.size(), 16U);
  EXPECT_EQ(fingerprint_of(spec), once);
}

TEST(Fingerprint, IsAnotherForOtherChoicesBlocksAndChips) {
  const GibbonSpaceSpec spec = gibbon_table1_spec();
  GibbonSpaceSpec choices = spec;
  choices.activation_bits.back() -= 1;  // as many choices, one of another value
  GibbonSpaceSpec blocks = spec;
  for (int& channels : blocks.stem_channels) channels *= 2;  // no gene
  GibbonSpaceSpec chips = spec;
  chips.hardware.digital.frequency_mhz *= 2;  // no gene
  for (const GibbonSpaceSpec& other : {choices, blocks, chips}) {
    EXPECT_NE(fingerprint_of(other), fingerprint_of(spec));
  }
}

}  // namespace
}  // namespace gibbon::space
