#include "gibbon/nn/vision_transformer.hpp"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "gibbon/base/error.hpp"

namespace gibbon::nn {
namespace {

class TransformerBuilder {
 public:
  explicit TransformerBuilder(const VisionTransformer& transformer) : vit_(transformer) {}

  Network build() {
    if (vit_.patch < 1 || vit_.head_width < 1) {
      throw base::Error(
          fmt::format("vision transformer '{}': patch is {}, head_width {}, both must "
                      "be positive",
                      vit_.name, vit_.patch, vit_.head_width));
    }
    Conv patch = projection(vit_.input.channels, vit_.width);
    patch.kernel = patch.stride = vit_.patch;
    append("patch", patch);
    append("tokens", Tokens{true});
    for (std::size_t i = 0; i < vit_.blocks.size(); ++i) {
      prefix_ = fmt::format("b{}.", i + 1);
      append_block(vit_.blocks[i]);
    }
    prefix_.clear();
    append("norm", norm());
    append("class", SelectToken{0});
    Linear head;
    head.in_features = vit_.width;
    head.out_features = vit_.num_classes;
    head.weight_bits = head.activation_bits = vit_.bits;
    append("head", head);
    if (vit_.biases) append("head_bias", Bias{vit_.num_classes, vit_.bits});
    return Network(description());
  }

 private:
  void append_block(const TransformerBlock& block) {
    const int inner = block.heads * vit_.head_width;
    const int input = last();
    const int normed = append("norm1", norm());
    const int query = append_linear("query", projection(vit_.width, inner), normed);
    const int key = append_linear("key", projection(vit_.width, inner), normed);
    const int value = append_linear("value", projection(vit_.width, inner), normed);
    const double scale = 1.0 / std::sqrt(vit_.head_width);
    append("scores", MatMul{block.heads, true, scale, vit_.bits}, {query, key});
    const int shares = append("softmax", Softmax{block.heads});
    append("context", MatMul{block.heads, false, 1.0, vit_.bits}, {shares, value});
    const int projected = append_linear("project", projection(inner, vit_.width), last());
    const int middle = append("add1", Add{vit_.width, vit_.bits}, {projected, input});
    append("norm2", norm());
    append_linear("expand", projection(vit_.width, block.mlp_width), last());
    append("gelu", Gelu{});
    const int contracted =
        append_linear("contract", projection(block.mlp_width, vit_.width), last());
    append("add2", Add{vit_.width, vit_.bits}, {contracted, middle});
  }

  /// A linear layer over tokens.
  Conv projection(int in, int out) const {
    Conv conv;
    conv.in_channels = in;
    conv.out_channels = out;
    conv.kernel = 1;
    conv.weight_bits = conv.activation_bits = vit_.bits;
    return conv;
  }
  LayerNorm norm() const { return LayerNorm{vit_.width, vit_.bits}; }

  int last() const { return static_cast<int>(layers_.size()) - 1; }
  int append_linear(const std::string& name, const Conv& layer, int input) {
    append(name, layer, {input});
    if (vit_.biases) append(name + "_bias", Bias{layer.out_channels, vit_.bits});
    return last();
  }
  int append(const std::string& name, LayerParameters parameters) {
    return append(name, std::move(parameters), {last()});
  }
  int append(const std::string& name, LayerParameters parameters, std::vector<int> inputs) {
    layers_.push_back({prefix_ + name, std::move(parameters), std::move(inputs)});
    return last();
  }

  NetworkDescription description() {
    NetworkDescription description;
    description.name = vit_.name;
    description.input = vit_.input;
    description.num_classes = vit_.num_classes;
    description.layers = std::move(layers_);
    return description;
  }

  const VisionTransformer& vit_;
  std::string prefix_;
  std::vector<Layer> layers_;
};

}  // namespace

Network make_vision_transformer(const VisionTransformer& transformer) {
  return TransformerBuilder(transformer).build();
}

}  // namespace gibbon::nn
