#pragma once

#include <span>
#include <vector>

#include "gibbon/base/json.hpp"
#include "gibbon/space/search_space.hpp"

namespace gibbon::search {

/// Equation 1 of the Gibbon paper for each gene: sum over its choices of -f log2 f, f being the
/// choice's frequency among the genomes in which the gene is active. In bits, 0..log2(choices);
/// 0 where it is active in none. A gene that only some designs have is counted among those only.
std::vector<double> gene_entropies(const space::SearchSpace& space,
                                   std::span<const space::Genome> genomes);

/// The history entropy table of Algorithm 1 and the priorities that follow from it
/// (docs/models/esapp.md). A value type.
class EntropyTable {
 public:
  /// smoothing in [0, 1): weight of the past in the moving average; floor in (0, 1].
  EntropyTable(const space::SearchSpace& space, double smoothing, double floor);

  /// Adds a row (bits, one a gene).
  void append(std::vector<double> entropies);
  const std::vector<std::vector<double>>& rows() const { return rows_; }

  /// Exponential moving average of the rows, in bits; log2(choices) before the first row.
  const std::vector<double>& smoothed() const { return smoothed_; }
  /// calc_p: floor + (1 - floor) * smoothed / log2(choices), in [floor, 1]; 0 only for genes with
  /// one choice, which cannot be mutated.
  std::vector<double> priorities() const;
  /// log10 of the number of genomes that a uniform search would range over at these entropies:
  /// the product over genes of the perplexity 2^smoothed.
  double equivalent_log10_size() const;

  base::Json to_json() const;
  /// Throws base::Json::exception on a malformed table.
  void restore(const base::Json& rows);

 private:
  std::vector<double> full_entropies_;  ///< log2(choices)
  double smoothing_;
  double floor_;
  std::vector<std::vector<double>> rows_;
  std::vector<double> smoothed_;
};

}  // namespace gibbon::search
