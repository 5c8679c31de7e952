#include "gibbon/sim/digital/workload.hpp"

#include <algorithm>

#include "gibbon/sim/vector_operations.hpp"

namespace gibbon::sim {
namespace {

class WorkloadBuilder {
 public:
  explicit WorkloadBuilder(const nn::Network& network) : network_(network) {
    values_.reserve(network.layers().size());
    steps_.reserve(network.layers().size());
  }

  std::vector<WorkloadStep> build() {
    const auto& layers = network_.layers();
    for (std::size_t i = 0; i < layers.size(); ++i) {
      index_ = static_cast<int>(i);
      layer_ = &layers[i];
      std::visit(*this, layer_->parameters);
    }
    return std::move(steps_);
  }

  void operator()(const nn::Conv& conv) {
    MatrixProduct product;
    product.groups = conv.groups;
    product.m = static_cast<long>(output().height) * output().width;
    product.k = static_cast<long>(conv.in_channels / conv.groups) * conv.kernel * conv.kernel;
    product.n = conv.out_channels / conv.groups;
    product.weight_bits = conv.weight_bits;
    add_matrix(product, conv.activation_bits);
  }

  void operator()(const nn::Linear& linear) {
    MatrixProduct product;
    product.m = 1;
    product.k = linear.in_features;
    product.n = linear.out_features;
    product.weight_bits = linear.weight_bits;
    add_matrix(product, linear.activation_bits);
  }

  void operator()(const nn::MatMul& attention) {
    const nn::Shape& second = network_.output_shape(layer_->inputs[1]);
    const int features = second.channels / attention.heads;
    MatrixProduct product;
    product.groups = attention.heads;
    product.m = output().height;
    product.k = attention.transposed ? features : second.height;
    product.n = attention.transposed ? second.height : features;
    product.weight_bits = bits_of(layer_->inputs[1]);
    product.computed = true;
    add_matrix(product, attention.activation_bits);
  }

  void operator()(const nn::Pool& pool) {
    const double window = pool.mode == nn::PoolMode::kGlobalAverage
                              ? static_cast<double>(input().height) * input().width
                              : static_cast<double>(pool.kernel) * pool.kernel;
    add_vector(window, first_bits());
  }
  void operator()(const nn::Add& sum) {
    add_vector(static_cast<double>(layer_->inputs.size()) - 1, sum.activation_bits);
  }
  void operator()(const nn::Tokens&) { add_elementwise(first_bits()); }
  void operator()(const nn::LayerNorm& norm) {
    add_elementwise(norm.output_bits.value_or(first_bits()));
  }
  void operator()(const nn::Softmax&) { add_elementwise(first_bits()); }
  void operator()(const nn::Gelu&) { add_elementwise(first_bits()); }

  void operator()(const nn::BatchNorm& norm) {
    pass_through(norm.output_bits.value_or(first_bits()));
  }
  void operator()(const nn::Bias& bias) { pass_through(bias.output_bits.value_or(first_bits())); }
  void operator()(const nn::HardTanh& activation) { pass_through(activation.output_bits); }
  void operator()(const nn::Concat&) {
    int bits = 0;
    for (const int input : layer_->inputs) bits = std::max(bits, bits_of(input));
    pass_through(bits);
  }
  void operator()(const nn::Relu&) { pass_through(first_bits()); }
  void operator()(const nn::Flatten&) { pass_through(first_bits()); }
  void operator()(const nn::Dropout&) { pass_through(first_bits()); }
  void operator()(const nn::SelectToken&) { pass_through(first_bits()); }

 private:
  /// Of a network layer: the steps that produce its values, and their bits.
  struct Values {
    std::vector<int> steps;
    int bits = 0;
  };

  const nn::Shape& input() const { return network_.input_shape(index_); }
  const nn::Shape& output() const { return network_.output_shape(index_); }
  int bits_of(int index) const {
    return index == nn::kNetworkInput ? network_.description().input_bits
                                      : values_[static_cast<std::size_t>(index)].bits;
  }
  int first_bits() const { return bits_of(layer_->inputs.front()); }
  double bytes_of(int index) const {
    return static_cast<double>(network_.output_shape(index).elements()) * bits_of(index) / 8;
  }

  std::vector<int> producers() const {
    std::vector<int> steps;
    for (const int index : layer_->inputs) {
      if (index == nn::kNetworkInput) {
        steps.push_back(nn::kNetworkInput);
        continue;
      }
      const auto& own = values_[static_cast<std::size_t>(index)].steps;
      steps.insert(steps.end(), own.begin(), own.end());
    }
    return steps;
  }

  void pass_through(int bits) { values_.push_back({producers(), bits}); }

  void add_matrix(MatrixProduct product, int output_bits) {
    product.input_bits = first_bits();
    WorkloadStep& step = add_step(output_bits);
    step.is_matrix = true;
    step.matrix = product;
    step.input_bytes = bytes_of(layer_->inputs.front());
  }

  void add_elementwise(int output_bits) {
    add_vector(operations_per_element(layer_->parameters), output_bits);
  }

  /// `operations` for each element of the output.
  void add_vector(double operations, int output_bits) {
    WorkloadStep& step = add_step(output_bits);
    step.vector_ops = operations * static_cast<double>(output().elements());
    for (const int index : layer_->inputs) step.input_bytes += bytes_of(index);
  }

  WorkloadStep& add_step(int output_bits) {
    WorkloadStep& step = steps_.emplace_back();
    step.network_index = index_;
    step.sources = producers();
    step.output_bytes = static_cast<double>(output().elements()) * output_bits / 8;
    values_.push_back({{static_cast<int>(steps_.size()) - 1}, output_bits});
    return step;
  }

  const nn::Network& network_;
  std::vector<Values> values_;
  std::vector<WorkloadStep> steps_;
  int index_ = 0;
  const nn::Layer* layer_ = nullptr;
};

}  // namespace

std::vector<WorkloadStep> digital_workload(const nn::Network& network) {
  return WorkloadBuilder(network).build();
}

}  // namespace gibbon::sim
