#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "gibbon/base/hash.hpp"

namespace gibbon::space {

/// A point of a space: one choice index for each gene.
using Genome = std::vector<std::uint8_t>;

inline std::uint64_t hash_of(const Genome& genome) {
  return base::hash_of(
      std::string_view(reinterpret_cast<const char*>(genome.data()), genome.size()));
}

struct GenomeHash {
  std::size_t operator()(const Genome& genome) const {
    return static_cast<std::size_t>(hash_of(genome));
  }
};
using GenomeSet = std::unordered_set<Genome, GenomeHash>;

/// Compact text: one base-36 digit a gene; from_text throws base::Error on anything else.
std::string to_text(const Genome& genome);
Genome genome_from_text(std::string_view text);

}  // namespace gibbon::space
