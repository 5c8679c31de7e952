#include "gibbon/search/searchers/entropy.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace gibbon::search {

std::vector<double> gene_entropies(const space::SearchSpace& space,
                                   std::span<const space::Genome> genomes) {
  std::vector<double> entropies;
  for (std::size_t gene = 0; gene < space.genes().size(); ++gene) {
    std::vector<int> counts(space.genes()[gene].choices.size(), 0);
    int active = 0;
    for (const space::Genome& genome : genomes) {
      if (!space.is_active(genome, gene)) continue;
      ++counts[genome[gene]];
      ++active;
    }
    double entropy = 0;
    for (const int count : counts) {
      if (count == 0) continue;
      const double frequency = static_cast<double>(count) / active;
      entropy -= frequency * std::log2(frequency);
    }
    // -1 * log2(1) is a negative zero.
    entropies.push_back(std::max(entropy, 0.0));
  }
  return entropies;
}

EntropyTable::EntropyTable(const space::SearchSpace& space, double smoothing, double floor)
    : smoothing_(smoothing), floor_(floor) {
  for (const space::Gene& gene : space.genes()) {
    full_entropies_.push_back(std::log2(static_cast<double>(gene.choices.size())));
  }
  smoothed_ = full_entropies_;
}

void EntropyTable::append(std::vector<double> entropies) {
  if (rows_.empty()) {
    smoothed_ = entropies;
  } else {
    for (std::size_t gene = 0; gene < smoothed_.size(); ++gene) {
      smoothed_[gene] = smoothing_ * smoothed_[gene] + (1 - smoothing_) * entropies[gene];
    }
  }
  rows_.push_back(std::move(entropies));
}

std::vector<double> EntropyTable::priorities() const {
  std::vector<double> priorities;
  for (std::size_t gene = 0; gene < smoothed_.size(); ++gene) {
    const double full = full_entropies_[gene];
    priorities.push_back(full > 0 ? floor_ + (1 - floor_) * smoothed_[gene] / full : 0);
  }
  return priorities;
}

double EntropyTable::equivalent_log10_size() const {
  return std::log10(2.0) * std::accumulate(smoothed_.begin(), smoothed_.end(), 0.0);
}

base::Json EntropyTable::to_json() const {
  return rows_;
}

void EntropyTable::restore(const base::Json& rows) {
  rows_.clear();
  smoothed_ = full_entropies_;
  for (const base::Json& row : rows) {
    auto entropies = row.get<std::vector<double>>();
    entropies.resize(full_entropies_.size(), 0.0);
    append(std::move(entropies));
  }
}

}  // namespace gibbon::search
