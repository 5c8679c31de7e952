#pragma once

#include <fmt/format.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "gibbon/space/search_space.hpp"

namespace gibbon::space {

/// A space of given genes for tests; its designs mean nothing.
class ToySpace final : public SearchSpace {
 public:
  using Activity = std::function<bool(const Genome&, std::size_t)>;

  explicit ToySpace(std::vector<Gene> genes, Activity activity = {})
      : genes_(std::move(genes)), activity_(std::move(activity)) {}

  /// `count` independent genes with choices 0, 1, ..., choices - 1.
  static ToySpace of(int count, int choices) {
    std::vector<Gene> genes;
    for (int i = 0; i < count; ++i) {
      Gene gene{fmt::format("g{}", i), i % 2 == 0 ? "even" : "odd", GenePart::kNetwork, i, {}};
      for (int choice = 0; choice < choices; ++choice) gene.choices.push_back(choice);
      genes.push_back(std::move(gene));
    }
    return ToySpace(std::move(genes));
  }

  const std::string& name() const override { return name_; }
  const std::vector<Gene>& genes() const override { return genes_; }
  bool is_active(const Genome& genome, std::size_t gene) const override {
    return !activity_ || activity_(genome, gene);
  }
  base::Result<Design> decode(const Genome&) const override {
    return Design{largest_network(), {}};
  }
  nn::Network largest_network() const override {
    nn::NetworkDescription description;
    description.name = "toy";
    description.input = {1, 1, 1};
    description.num_classes = 2;
    description.layers = {{"fc", nn::Linear{1, 2}, {nn::kNetworkInput}}};
    return nn::Network(description);
  }

 private:
  std::string name_ = "toy";
  std::vector<Gene> genes_;
  Activity activity_;
};

}  // namespace gibbon::space
