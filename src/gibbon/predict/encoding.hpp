#pragma once

#include <cstdint>
#include <vector>

#include "gibbon/space/search_space.hpp"

namespace gibbon::predict {

/// A design as a sequence: `steps` rows of `columns()` token identifiers each.
struct Sequence {
  int steps = 0;
  std::vector<std::int32_t> tokens;  ///< row by row
};

/// Turns genomes of any space into sequences of tokens. One step stands for one block that has an
/// active gene, in ascending order of Gene::block; blocks without one are left out. If there is no
/// such block, one step holds the whole-design genes alone.
///
/// Columns: the position of the block; one for each slot of the blocks' genes; one for each slot of
/// the whole-design genes (block -1), repeated at every step. Genes that share slot and block get a
/// column each. A token stands for one value of one column, a slot's values being the union over
/// the blocks, so what is learned about a value in one block holds in the others; an identifier of
/// its own says that a column has no active gene at this step. const and thread-safe.
class SequenceEncoder {
 public:
  /// Keeps a reference: `space` must outlive the encoder.
  explicit SequenceEncoder(const space::SearchSpace& space);

  int columns() const { return static_cast<int>(column_start_.size()); }
  int tokens() const { return static_cast<int>(token_values_.size()); }
  /// Most steps a sequence can have; at least 1.
  int max_steps() const { return max_steps_; }
  /// The token's value, mapped linearly so that the column's least and greatest become -1 and 1;
  /// 0 for an absent gene and for the only value of a column.
  float token_value(std::int32_t token) const {
    return token_values_[static_cast<std::size_t>(token)];
  }
  int token_column(std::int32_t token) const {
    return token_columns_[static_cast<std::size_t>(token)];
  }
  /// Throws base::Error on a genome that does not fit the space.
  Sequence encode(const space::Genome& genome) const;

 private:
  void add_column(const std::vector<double>& sorted_values);

  const space::SearchSpace& space_;
  int max_steps_ = 1;
  std::vector<std::int32_t> column_start_;  ///< the column's token "absent"
  std::vector<float> token_values_;
  std::vector<int> token_columns_;
  std::vector<int> gene_column_;
  std::vector<std::vector<std::int32_t>> gene_tokens_;  ///< of each choice of each gene
  std::vector<int> blocks_;                             ///< distinct, ascending, without -1
  std::vector<std::vector<std::size_t>> block_genes_;
  std::vector<std::size_t> global_genes_;
};

/// A value maps to [-1, 1] over least..greatest; 0 if these are equal.
double normalised(double value, double least, double greatest);

/// Names a space's genes, slots, blocks and choices: what a saved predictor depends on.
std::uint64_t fingerprint(const space::SearchSpace& space);

}  // namespace gibbon::predict
