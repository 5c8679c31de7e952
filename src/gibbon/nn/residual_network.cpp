#include "gibbon/nn/residual_network.hpp"

#include <fmt/format.h>

namespace gibbon::nn {

namespace {

/// Appends layers; keeps the last one's index and channels.
class ResidualBuilder {
 public:
  explicit ResidualBuilder(const ResidualNetwork& residual) : residual_(residual) {}

  Network build() {
    conv("stem", "", residual_.input.channels, residual_.width, 3, 1, kNetworkInput);
    activation("stem", "");
    append("stem.pool", Pool{PoolMode::kMax, 2, 2, 0, residual_.bits}, {last()});
    int channels = residual_.width;
    for (std::size_t stage = 0; stage < residual_.blocks.size(); ++stage) {
      const int outputs = residual_.width << stage;
      for (int b = 0; b < residual_.blocks[stage]; ++b) {
        const int stride = stage > 0 && b == 0 ? 2 : 1;
        block(fmt::format("s{}.b{}", stage + 1, b + 1), channels, outputs, stride);
        channels = outputs;
      }
    }
    append("pool", Pool{PoolMode::kGlobalAverage, 2, 2, 0, residual_.bits}, {last()});
    append("flatten", Flatten{}, {last()});
    append("fc", Linear{channels, residual_.num_classes, residual_.bits, residual_.bits}, {last()});
    NetworkDescription description;
    description.name = residual_.name;
    description.input = residual_.input;
    description.num_classes = residual_.num_classes;
    description.layers = std::move(layers_);
    return Network(std::move(description));
  }

 private:
  int last() const { return static_cast<int>(layers_.size()) - 1; }

  void append(std::string name, LayerParameters parameters, std::vector<int> inputs) {
    layers_.push_back({std::move(name), std::move(parameters), std::move(inputs)});
  }

  /// A convolution that keeps the size at stride 1, and its batch norm; the norm's index.
  int conv(const std::string& prefix, const std::string& suffix, int in, int out, int kernel,
           int stride, int source) {
    Conv conv{in, out, kernel, stride, kernel / 2};
    conv.weight_bits = conv.activation_bits = residual_.bits;
    const bool is_shortcut = suffix == "short";
    append(prefix + (is_shortcut ? ".short" : ".conv" + suffix), conv, {source});
    append(prefix + (is_shortcut ? ".shortbn" : ".bn" + suffix), BatchNorm{out, {}}, {last()});
    return last();
  }

  void activation(const std::string& prefix, const std::string& suffix) {
    append(prefix + ".relu" + suffix, Relu{}, {last()});
    append(prefix + ".act" + suffix, HardTanh{residual_.bits, residual_.activation_range},
           {last()});
  }

  void block(const std::string& prefix, int in, int out, int stride) {
    const int input = last();
    const int shortcut =
        in == out && stride == 1 ? input : conv(prefix, "short", in, out, 1, stride, input);
    conv(prefix, "1", in, out, 3, stride, input);
    activation(prefix, "1");
    const int norm = conv(prefix, "2", out, out, 3, 1, last());
    append(prefix + ".add", Add{out, residual_.bits}, {norm, shortcut});
    activation(prefix, "");
  }

  const ResidualNetwork& residual_;
  std::vector<Layer> layers_;
};

}  // namespace

Network make_residual_network(const ResidualNetwork& residual) {
  return ResidualBuilder(residual).build();
}

}  // namespace gibbon::nn
