#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gibbon/nn/network.hpp"
#include "gibbon/nn/vision_transformer.hpp"
#include "gibbon/space/gene.hpp"
#include "gibbon/space/genome.hpp"

namespace gibbon::space {

/// Sub-networks of one network, by genes. The largest has the largest value of every gene. const
/// and thread-safe.
class NetworkFamily {
 public:
  virtual ~NetworkFamily() = default;
  virtual const std::vector<Gene>& genes() const = 0;
  /// As SearchSpace::is_active. A genome may be longer: this family's genes are its first.
  virtual bool is_active(const Genome& genome, std::size_t gene) const = 0;
  /// Of active genes alone.
  virtual nn::Network network(const Genome& genome, const std::string& name) const = 0;
};

/// Vision transformers whose depth, heads a layer and MLP width a layer are open; a layer's
/// attention is heads x head_width wide. The shallower keep the first layers.
struct TransformerFamilySpec {
  nn::Shape input = {3, 224, 224};
  int num_classes = 1000;
  int patch = 16;
  int width = 768;
  int head_width = 64;
  int bits = 8;         ///< of all weights and activations, sign included
  bool biases = false;  ///< behind each linear layer
  std::vector<int> layers;
  std::vector<int> heads;
  std::vector<int> mlp_widths;
};

/// Gene names: "layers"; "layer1.heads", "layer1.mlp_width", ... Slots are the last parts. Throws
/// base::Error naming the list and the value for an empty list, and one that is not positive or
/// comes twice.
std::unique_ptr<NetworkFamily> make_family(const TransformerFamilySpec& spec);

/// Residual networks of basic blocks for small images (He et al., CVPR 2016, section 4.2), elastic
/// as Once-for-All's: how many blocks a stage has, and how many channels stand between the two 3x3
/// convolutions of a block. A 3x3 convolution, pooled to half its size, comes first; each stage
/// after the first halves the image, with a 1x1 convolution as its shortcut.
struct ResidualFamilySpec {
  nn::Shape input = {3, 32, 32};
  int num_classes = 10;
  int bits = 8;                    ///< of all weights and activations, sign included
  std::vector<int> channels;       ///< of the blocks' outputs: a number for each stage
  std::vector<int> blocks;         ///< choices, of every stage
  std::vector<double> expansions;  ///< choices, of every block: share of the stage's channels,
                                   ///< rounded to a multiple of 8
};

/// Gene names: "stage1.blocks"; "stage1.block1.expand". Slots are the last parts. Throws
/// base::Error naming the list and the value for an empty list, one that is not positive or, of
/// choices, comes twice.
std::unique_ptr<NetworkFamily> make_family(const ResidualFamilySpec& spec);

/// The two convolutional supernets of "Once-for-All" (Cai, Gan, Wang, Zhang, Han, ICLR 2020), as
/// DyNAS-T searches them. The layers of both are those of the authors' code, but: squeeze-and-
/// excitation is left out and hard swish is a ReLU in MobileNetV3, as this library has neither.
struct OnceForAllSpec {
  enum class Supernet {
    kResNet50,     ///< depth of the stem and 4 stages {0, 1, 2}, width of 6 parts {0.65, 0.8, 1},
                   ///< expansion of 18 blocks {0.2, 0.25, 0.35}: 3^29
    kMobileNetV3,  ///< depth of 5 stages {2, 3, 4}, kernel {3, 5, 7} and expansion {3, 4, 6} of 20
                   ///< blocks: 3^45
  };
  Supernet supernet = Supernet::kResNet50;
  nn::Shape input = {3, 224, 224};
  int num_classes = 1000;
  int bits = 8;                 ///< of all weights and activations, sign included
  double width_multiplier = 1;  ///< of MobileNetV3's channels: 1 or 1.2 in the authors' two
};

/// Gene names: "stem.depth", "stage1.depth", "stem.width", "stem.out_width", "stage1.width",
/// "stage1.block1.expand", ".kernel". The stem's middle convolution is there at depth 2 alone.
/// Throws base::Error for a multiplier that is not positive.
std::unique_ptr<NetworkFamily> make_family(const OnceForAllSpec& spec);

/// The index of a gene's largest choice.
std::uint8_t largest_choice(const Gene& gene);

}  // namespace gibbon::space
