#include "gibbon/predict/encoding.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "gibbon/base/hash.hpp"

namespace gibbon::predict {
namespace {

/// Whether it is of the whole design, the slot, and which gene of this slot in its block.
using ColumnKey = std::tuple<bool, std::string, int>;

std::vector<ColumnKey> column_keys(const std::vector<space::Gene>& genes) {
  std::map<std::pair<int, std::string>, int> seen;
  std::vector<ColumnKey> keys;
  for (const space::Gene& gene : genes) {
    const int occurrence = seen[{gene.block, gene.slot}]++;
    keys.emplace_back(gene.block < 0, gene.slot, occurrence);
  }
  return keys;
}

}  // namespace

double normalised(double value, double least, double greatest) {
  if (greatest <= least) return 0;
  return 2 * (value - least) / (greatest - least) - 1;
}

SequenceEncoder::SequenceEncoder(const space::SearchSpace& space) : space_(space) {
  const std::vector<space::Gene>& genes = space.genes();
  const std::vector<ColumnKey> keys = column_keys(genes);
  std::set<int> blocks;
  std::map<ColumnKey, std::set<double>> values;
  for (std::size_t g = 0; g < genes.size(); ++g) {
    if (genes[g].block >= 0) blocks.insert(genes[g].block);
    values[keys[g]].insert(genes[g].choices.begin(), genes[g].choices.end());
  }
  blocks_.assign(blocks.begin(), blocks.end());
  max_steps_ = std::max<int>(1, static_cast<int>(blocks_.size()));

  add_column(std::vector<double>(blocks_.begin(), blocks_.end()));
  std::map<ColumnKey, int> column_of;
  for (const auto& [key, distinct] : values) {
    column_of[key] = columns();
    add_column({distinct.begin(), distinct.end()});
  }
  block_genes_.resize(blocks_.size());
  for (std::size_t g = 0; g < genes.size(); ++g) {
    const std::set<double>& distinct = values[keys[g]];
    gene_column_.push_back(column_of[keys[g]]);
    const std::int32_t start = column_start_[static_cast<std::size_t>(gene_column_.back())] + 1;
    std::vector<std::int32_t>& tokens = gene_tokens_.emplace_back();
    for (const double choice : genes[g].choices) {
      const auto rank = std::distance(distinct.begin(), distinct.find(choice));
      tokens.push_back(start + static_cast<std::int32_t>(rank));
    }
    if (genes[g].block < 0) {
      global_genes_.push_back(g);
      continue;
    }
    const auto block = std::lower_bound(blocks_.begin(), blocks_.end(), genes[g].block);
    block_genes_[static_cast<std::size_t>(block - blocks_.begin())].push_back(g);
  }
}

void SequenceEncoder::add_column(const std::vector<double>& sorted_values) {
  const int column = columns();
  column_start_.push_back(tokens());
  token_values_.push_back(0);
  token_columns_.push_back(column);
  for (const double value : sorted_values) {
    token_values_.push_back(
        static_cast<float>(normalised(value, sorted_values.front(), sorted_values.back())));
    token_columns_.push_back(column);
  }
}

Sequence SequenceEncoder::encode(const space::Genome& genome) const {
  space_.check(genome);
  std::vector<std::int32_t> shared = column_start_;
  const auto put = [&](std::vector<std::int32_t>& row, std::size_t gene) {
    row[static_cast<std::size_t>(gene_column_[gene])] = gene_tokens_[gene][genome[gene]];
  };
  for (const std::size_t gene : global_genes_) {
    if (space_.is_active(genome, gene)) put(shared, gene);
  }
  Sequence sequence;
  const auto append = [&](const std::vector<std::int32_t>& row) {
    sequence.tokens.insert(sequence.tokens.end(), row.begin(), row.end());
    ++sequence.steps;
  };
  std::vector<std::int32_t> row;
  for (std::size_t block = 0; block < blocks_.size(); ++block) {
    row = shared;
    row[0] = column_start_[0] + 1 + static_cast<std::int32_t>(block);
    bool active = false;
    for (const std::size_t gene : block_genes_[block]) {
      if (!space_.is_active(genome, gene)) continue;
      put(row, gene);
      active = true;
    }
    if (active) append(row);
  }
  if (sequence.steps == 0) append(shared);
  return sequence;
}

std::uint64_t fingerprint(const space::SearchSpace& space) {
  std::string text;
  for (const space::Gene& gene : space.genes()) {
    text += fmt::format("{};{};{}", gene.name, gene.slot, gene.block);
    for (const double choice : gene.choices) text += fmt::format(";{}", choice);
    text += '\n';
  }
  return base::hash_of(text);
}

}  // namespace gibbon::predict
