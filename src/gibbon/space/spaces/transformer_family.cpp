#include <fmt/format.h>

#include <algorithm>

#include "gibbon/space/spaces/choice_list.hpp"
#include "gibbon/space/spaces/network_family.hpp"

namespace gibbon::space {

namespace {

class TransformerFamily final : public NetworkFamily {
 public:
  explicit TransformerFamily(const TransformerFamilySpec& spec) : spec_(spec) {
    check_choices("layers", spec.layers);
    check_choices("heads", spec.heads);
    check_choices("mlp_widths", spec.mlp_widths);
    genes_.push_back({"layers", "layers", GenePart::kNetwork, -1, as_doubles(spec.layers)});
    const int deepest = *std::max_element(spec.layers.begin(), spec.layers.end());
    for (int layer = 0; layer < deepest; ++layer) {
      add(layer, "heads", spec.heads);
      add(layer, "mlp_width", spec.mlp_widths);
    }
  }

  const std::vector<Gene>& genes() const override { return genes_; }

  bool is_active(const Genome& genome, std::size_t gene) const override {
    return genes_[gene].block < value(genome, 0);
  }

  nn::Network network(const Genome& genome, const std::string& name) const override {
    nn::VisionTransformer transformer;
    transformer.name = name;
    transformer.input = spec_.input;
    transformer.num_classes = spec_.num_classes;
    transformer.patch = spec_.patch;
    transformer.width = spec_.width;
    transformer.head_width = spec_.head_width;
    transformer.bits = spec_.bits;
    transformer.biases = spec_.biases;
    transformer.blocks.clear();
    for (std::size_t gene = 1; gene < genes_.size(); gene += 2) {
      if (!is_active(genome, gene)) break;
      transformer.blocks.push_back({value(genome, gene), value(genome, gene + 1)});
    }
    return nn::make_vision_transformer(transformer);
  }

 private:
  void add(int layer, const char* slot, const std::vector<int>& choices) {
    genes_.push_back({fmt::format("layer{}.{}", layer + 1, slot), slot, GenePart::kNetwork, layer,
                      as_doubles(choices)});
  }
  int value(const Genome& genome, std::size_t gene) const {
    return static_cast<int>(genes_[gene].choices[genome[gene]]);
  }

  TransformerFamilySpec spec_;
  std::vector<Gene> genes_;
};

}  // namespace

std::unique_ptr<NetworkFamily> make_family(const TransformerFamilySpec& spec) {
  return std::make_unique<TransformerFamily>(spec);
}

}  // namespace gibbon::space
