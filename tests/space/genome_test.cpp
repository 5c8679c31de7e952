#include "gibbon/space/genome.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gibbon/base/error.hpp"

namespace gibbon::space {
namespace {

TEST(GenomeText, HasOneDigitAGene) {
  EXPECT_EQ(to_text({0, 9, 10, 35}), "09az");
  EXPECT_EQ(genome_from_text("09az"), (Genome{0, 9, 10, 35}));
  EXPECT_EQ(genome_from_text(""), Genome{});
}

TEST(GenomeText, RefusesOtherCharactersAndChoices) {
  EXPECT_THROW(to_text({36}), base::Error);
  for (const char* text : {"A", "0 1", "1-"}) {
    try {
      genome_from_text(text);
      ADD_FAILURE() << text;
    } catch (const base::Error& error) {
      EXPECT_THAT(error.what(), ::testing::HasSubstr("is not one of the digits 0-9, a-z"));
    }
  }
}

TEST(GenomeHash, DiffersForOneGene) {
  EXPECT_EQ(hash_of(Genome{1, 2}), hash_of(Genome{1, 2}));
  EXPECT_NE(hash_of(Genome{1, 2}), hash_of(Genome{2, 1}));
}

}  // namespace
}  // namespace gibbon::space
