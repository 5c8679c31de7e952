#include "gibbon/predict/encoding.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "predict/toy_space.hpp"

namespace gibbon::predict {
namespace {

using testing::ToySpace;

/// 3 blocks: depth 2 or 3; columns: position, 3 of blocks (bits, channels, kernel), then 3 of the
/// design (adc_bits, depth, size), each group in the order of the slots' names.
class Encoding : public ::testing::Test {
 protected:
  std::int32_t token(const Sequence& sequence, int step, int column) const {
    return sequence.tokens.at(static_cast<std::size_t>(step * encoder_.columns() + column));
  }
  float value(const Sequence& sequence, int step, int column) const {
    return encoder_.token_value(token(sequence, step, column));
  }

  ToySpace space_{3};
  SequenceEncoder encoder_{space_};
  // depth 2, adc 10, size 32; channels 96 kernel 2 bits 5; channels 16 kernel 3 bits 9; inactive
  space::Genome shallow_ = {0, 3, 0, 4, 1, 0, 0, 2, 2, 0, 0, 0};
};

TEST_F(Encoding, OneStepForEachActiveBlock) {
  space::Genome deep = shallow_;
  deep[0] = 1;
  EXPECT_EQ(encoder_.encode(shallow_).steps, 2);
  EXPECT_EQ(encoder_.encode(deep).steps, 3);
  EXPECT_EQ(encoder_.max_steps(), 3);
  EXPECT_EQ(encoder_.columns(), 7);
  // Values and one "absent" a column: 3+1, 3+1, 5+1, 3+1, 4+1, 2+1, 4+1.
  EXPECT_EQ(encoder_.tokens(), 31);
}

TEST_F(Encoding, TokensStandForTheBlocksAndTheDesignsChoices) {
  const Sequence sequence = encoder_.encode(shallow_);
  ASSERT_EQ(sequence.tokens.size(), 14U);
  EXPECT_EQ(value(sequence, 0, 0), -1);  // position 0 of 0..2
  EXPECT_EQ(value(sequence, 1, 0), 0);
  EXPECT_EQ(value(sequence, 0, 1), -1);  // bits 5 of 5..9
  EXPECT_EQ(value(sequence, 1, 1), 1);
  EXPECT_EQ(value(sequence, 0, 2), 1);  // channels 96 of 16..96
  EXPECT_EQ(value(sequence, 1, 2), -1);
  EXPECT_EQ(value(sequence, 0, 3), 0);  // kernel 2 of 1..3
  EXPECT_EQ(value(sequence, 1, 3), 1);
  for (const int step : {0, 1}) {
    EXPECT_EQ(value(sequence, step, 4), 1);   // adc 10 of 4..10
    EXPECT_EQ(value(sequence, step, 5), -1);  // depth 2 of 2..3
    EXPECT_EQ(value(sequence, step, 6), -1);  // size 32 of 32..256
    for (int column = 0; column < encoder_.columns(); ++column) {
      EXPECT_EQ(encoder_.token_column(token(sequence, step, column)), column);
    }
  }
}

TEST_F(Encoding, InactiveGenesChangeNothing) {
  space::Genome other = shallow_;
  other[9] = 3;
  other[11] = 2;
  EXPECT_EQ(encoder_.encode(other).tokens, encoder_.encode(shallow_).tokens);
}

TEST_F(Encoding, EveryActiveChoiceChangesTheSequence) {
  space::Genome deep = shallow_;
  deep[0] = 1;
  std::set<std::vector<std::int32_t>> seen = {encoder_.encode(deep).tokens};
  std::size_t count = 1;
  for (std::size_t gene = 0; gene < deep.size(); ++gene) {
    for (std::size_t choice = 0; choice < space_.genes()[gene].choices.size(); ++choice) {
      if (choice == deep[gene]) continue;
      space::Genome other = deep;
      other[gene] = static_cast<std::uint8_t>(choice);
      seen.insert(encoder_.encode(other).tokens);
      ++count;
    }
  }
  EXPECT_EQ(seen.size(), count);
}

/// Blocks 4 and 9, the first with two genes of one slot, choices that differ between the blocks,
/// and nothing active in block 4 if the switch is 0.
class OddSpace final : public space::SearchSpace {
 public:
  OddSpace() : genes_(4) {
    genes_[0].name = "switch";
    genes_[0].slot = "switch";
    genes_[0].choices = {0, 1};
    for (std::size_t g = 1; g < 4; ++g) {
      genes_[g].name = fmt::format("gene{}", g);
      genes_[g].slot = "bits";
      genes_[g].block = g == 3 ? 9 : 4;
      genes_[g].choices = g == 3 ? std::vector<double>{8, 4} : std::vector<double>{2, 4};
    }
  }
  const std::string& name() const override { return name_; }
  const std::vector<space::Gene>& genes() const override { return genes_; }
  bool is_active(const space::Genome& genome, std::size_t gene) const override {
    return genes_[gene].block == 9 ? genome[0] < 2 && all_ : genome[0] == 1 || gene == 0;
  }
  base::Result<space::Design> decode(const space::Genome&) const override {
    return base::Infeasible{"a toy"};
  }
  nn::Network largest_network() const override { throw std::logic_error("a toy"); }
  void switch_off() { all_ = false; }

 private:
  std::string name_ = "odd";
  std::vector<space::Gene> genes_;
  bool all_ = true;
};

TEST(EncodingOfOddSpaces, KeepsGenesOfOneSlotApartAndSharesValuesBetweenBlocks) {
  const OddSpace space;
  const SequenceEncoder encoder(space);
  // position, first bits of a block, second bits of a block, switch
  ASSERT_EQ(encoder.columns(), 4);
  const Sequence sequence = encoder.encode({1, 1, 0, 1});
  ASSERT_EQ(sequence.steps, 2);
  // 4 bits is choice 1 of both blocks' first gene (though of {2, 4} and {8, 4}).
  EXPECT_EQ(sequence.tokens[1], sequence.tokens[4 + 1]);
  EXPECT_FLOAT_EQ(encoder.token_value(sequence.tokens[1]), -1.0F / 3);  // 4 of 2..8
  EXPECT_EQ(encoder.token_value(sequence.tokens[2]), -1);
  // Block 9 has no second gene: absent, which is another token than any value.
  EXPECT_EQ(encoder.token_value(sequence.tokens[4 + 2]), 0);
  EXPECT_NE(sequence.tokens[2], sequence.tokens[4 + 2]);
}

TEST(EncodingOfOddSpaces, LeavesOutBlocksWithoutActiveGenes) {
  OddSpace space;
  const SequenceEncoder encoder(space);
  const Sequence one = encoder.encode({0, 0, 0, 0});
  ASSERT_EQ(one.steps, 1);
  EXPECT_EQ(encoder.token_value(one.tokens[0]), 1);  // the later position
  space.switch_off();
  const Sequence none = encoder.encode({0, 0, 0, 0});
  ASSERT_EQ(none.steps, 1);
  EXPECT_EQ(encoder.token_value(none.tokens[0]), 0);   // no position
  EXPECT_EQ(encoder.token_value(none.tokens[3]), -1);  // the design's gene is there
}

TEST(Normalised, MapsLinearlyToMinusOneToOne) {
  EXPECT_EQ(normalised(2, 2, 8), -1);
  EXPECT_EQ(normalised(5, 2, 8), 0);
  EXPECT_EQ(normalised(8, 2, 8), 1);
  EXPECT_EQ(normalised(3, 3, 3), 0);
}

TEST(Fingerprint, DependsOnTheGenes) {
  EXPECT_EQ(fingerprint(ToySpace(4)), fingerprint(ToySpace(4)));
  EXPECT_NE(fingerprint(ToySpace(4)), fingerprint(ToySpace(5)));
}

}  // namespace
}  // namespace gibbon::predict
