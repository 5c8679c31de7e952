#include "gibbon/explore/fixed_genes.hpp"

#include <gtest/gtest.h>

#include "explore/tiny_run.hpp"
#include "gibbon/base/error.hpp"

namespace gibbon::explore {
namespace {

std::string error_of(const std::map<std::string, double>& genes) {
  const auto space = test::tiny_space();
  try {
    FixedGenes(*space, genes);
  } catch (const base::Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(FixedGenes, ReplaceThoseOfAGenome) {
  const auto space = test::tiny_space();
  const std::size_t gene = space->gene_index("hardware.adc_bits");
  const space::Gene& bits = space->genes()[gene];
  ASSERT_GT(bits.choices.size(), 1u);
  const FixedGenes last(*space, {{"hardware.adc_bits", bits.choices.back()}});
  const space::Genome first(space->genes().size(), 0);
  EXPECT_FALSE(last.hold_in(first));
  space::Genome expected = first;
  expected[gene] = static_cast<std::uint8_t>(bits.choices.size() - 1);
  EXPECT_EQ(last.in(first), expected);
  EXPECT_TRUE(last.hold_in(expected));
  EXPECT_TRUE(FixedGenes(*space, {}).hold_in(first));
}

TEST(FixedGenes, WrongOnesAreNamed) {
  const auto space = test::tiny_space();
  EXPECT_EQ(error_of({{"hardware.adc_bit", 8}}),
            "space '" + space->name() +
                "' has no gene 'hardware.adc_bit'; did you mean 'hardware.adc_bits'?");
  EXPECT_EQ(error_of({{"hardware.dac_bits", 3}}),
            "space '" + space->name() + "': gene 'hardware.dac_bits' is 3, allowed are 1, 2");
}

}  // namespace
}  // namespace gibbon::explore
