#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gibbon/base/result.hpp"
#include "gibbon/base/rng.hpp"
#include "gibbon/space/design.hpp"
#include "gibbon/space/gene.hpp"
#include "gibbon/space/genome.hpp"

namespace gibbon::space {

/// The genes of a joint space and what they mean. const and thread-safe.
class SearchSpace {
 public:
  virtual ~SearchSpace() = default;
  virtual const std::string& name() const = 0;
  virtual const std::vector<Gene>& genes() const = 0;
  /// Whether gene `gene` changes the design at all (a block beyond its stage's depth does not).
  virtual bool is_active(const Genome& genome, std::size_t gene) const = 0;
  /// The design, or why there is none. Genomes that differ in inactive genes only give the same.
  virtual base::Result<Design> decode(const Genome& genome) const = 0;
  /// The network that contains every other of the space: what a supernet holds.
  virtual nn::Network largest_network() const = 0;

  /// Uniform over each gene's choices; inactive genes are 0 (see canonical()).
  Genome sample(base::Rng& rng) const;
  /// The genome with every inactive gene set to 0: equal designs get equal genomes.
  Genome canonical(Genome genome) const;
  /// log10 of the number of genomes; of one part only where given.
  double log10_size() const;
  double log10_size(GenePart part) const;
  /// Index of the gene of this name; throws base::Error with the nearest name.
  std::size_t gene_index(std::string_view name) const;
  /// The chosen value of a gene.
  double value(const Genome& genome, std::size_t gene) const {
    return genes()[gene].choices[genome[gene]];
  }
  /// Throws base::Error if the genome's length or an index does not fit this space.
  void check(const Genome& genome) const;
};

}  // namespace gibbon::space
