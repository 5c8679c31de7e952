#pragma once

#include <fmt/core.h>

#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

#include "gibbon/base/rng.hpp"
#include "gibbon/space/evaluation.hpp"
#include "gibbon/space/search_space.hpp"

namespace gibbon::predict::testing {

/// A network of 2 to `blocks` blocks, each with channels, kernel and weight bits, on a chip with
/// ADC bits and a crossbar size. Gene 0 is the depth, 1 and 2 are the chip's.
class ToySpace final : public space::SearchSpace {
 public:
  explicit ToySpace(int blocks = 6) {
    std::vector<double> depths;
    for (int depth = 2; depth <= blocks; ++depth) depths.push_back(depth);
    add("network.depth", "depth", space::GenePart::kNetwork, -1, depths);
    add("hardware.adc_bits", "adc_bits", space::GenePart::kHardware, -1, {4, 6, 8, 10});
    add("hardware.size", "size", space::GenePart::kHardware, -1, {32, 64, 128, 256});
    for (int block = 0; block < blocks; ++block) {
      const std::string prefix = fmt::format("block{}.", block);
      add(prefix + "channels", "channels", space::GenePart::kNetwork, block, {16, 32, 48, 64, 96});
      add(prefix + "kernel", "kernel", space::GenePart::kNetwork, block, {1, 2, 3});
      add(prefix + "bits", "bits", space::GenePart::kQuantization, block, {5, 7, 9});
    }
  }

  const std::string& name() const override { return name_; }
  const std::vector<space::Gene>& genes() const override { return genes_; }
  bool is_active(const space::Genome& genome, std::size_t gene) const override {
    return genes_[gene].block < static_cast<int>(depth(genome));
  }
  base::Result<space::Design> decode(const space::Genome&) const override {
    return base::Infeasible{"a toy"};
  }
  nn::Network largest_network() const override { throw std::logic_error("a toy"); }

  double depth(const space::Genome& genome) const { return value(genome, 0); }
  std::size_t gene_of(int block, std::size_t slot) const {
    return 3 + static_cast<std::size_t>(block) * 3 + slot;
  }

  space::Genome draw(base::Rng& rng) const {
    space::Genome genome;
    for (const space::Gene& gene : genes_) {
      genome.push_back(static_cast<std::uint8_t>(rng.below(gene.choices.size())));
    }
    for (std::size_t g = 0; g < genome.size(); ++g) {
      if (!is_active(genome, g)) genome[g] = 0;
    }
    return genome;
  }

  /// Made-up laws with products and sums over the blocks, without noise.
  space::Evaluation evaluate(const space::Genome& genome) const {
    const double adc_bits = value(genome, 1);
    const double size = value(genome, 2);
    double latency = 0;
    double energy = 0;
    double area = 0;
    double loss = 0;
    double quality = 0;
    double before = 3;
    for (int block = 0; block < depth(genome); ++block) {
      const double channels = value(genome, gene_of(block, 0));
      const double kernel = value(genome, gene_of(block, 1));
      const double bits = value(genome, gene_of(block, 2));
      const double weights = before * channels * kernel * kernel * bits;
      latency += 0.01 * bits * (1 + kernel * kernel * before / size);
      energy += 1e-6 * weights * (1 + std::exp2(adc_bits - 8));
      area += 0.001 * weights / size + 0.01;
      loss += (0.4 + 0.1 * kernel) * std::log2(size) / adc_bits + 0.05 * (9 - bits);
      quality += 0.02 * channels * std::sqrt(kernel);
      before = channels;
    }
    space::Evaluation evaluation;
    evaluation.genome = genome;
    evaluation.one_shot_accuracy = 60 + quality;
    space::Metrics& metrics = evaluation.metrics;
    metrics[space::Metric::kAccuracy] = evaluation.one_shot_accuracy - loss;
    metrics[space::Metric::kLatency] = latency;
    metrics[space::Metric::kEnergy] = energy;
    metrics[space::Metric::kEdp] = latency * energy;
    metrics[space::Metric::kArea] = area;
    metrics[space::Metric::kPower] = energy / latency + area;
    return evaluation;
  }

  std::vector<space::Evaluation> evaluations(int count, std::uint64_t seed) const {
    base::Rng rng(seed);
    std::vector<space::Evaluation> all;
    for (int i = 0; i < count; ++i) all.push_back(evaluate(draw(rng)));
    return all;
  }

 private:
  void add(std::string gene, std::string slot, space::GenePart part, int block,
           std::vector<double> choices) {
    space::Gene& added = genes_.emplace_back();
    added.name = std::move(gene);
    added.slot = std::move(slot);
    added.part = part;
    added.block = block;
    added.choices = std::move(choices);
  }

  std::string name_ = "toy";
  std::vector<space::Gene> genes_;
};

inline std::vector<space::Genome> genomes_of(const std::vector<space::Evaluation>& evaluations) {
  std::vector<space::Genome> genomes;
  for (const space::Evaluation& evaluation : evaluations) genomes.push_back(evaluation.genome);
  return genomes;
}

}  // namespace gibbon::predict::testing
