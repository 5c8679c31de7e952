#include "gibbon/sim/mapping/compute_graph.hpp"

#include <algorithm>

#include "gibbon/sim/vector_operations.hpp"

namespace gibbon::sim {
namespace {

/// Walks the layer list once, tracking for every network layer which compute layer produces its
/// values and how many bits they have.
class GraphBuilder {
 public:
  GraphBuilder(const nn::Network& network, InputBitRule rule, ComputeGraph& graph)
      : network_(network), rule_(rule), graph_(graph) {
    graph_.layers.clear();
    graph_.sources.clear();
    producer_.reserve(network.layers().size());
    bits_.reserve(network.layers().size());
    last_quantised_bits_ = network.description().input_bits;
  }

  void build() {
    const auto& layers = network_.layers();
    for (std::size_t i = 0; i < layers.size(); ++i) {
      index_ = static_cast<int>(i);
      layer_ = &layers[i];
      std::visit(*this, layer_->parameters);
    }
    link_destinations();
  }

  void operator()(const nn::Conv& conv) {
    ComputeLayer& added = add(ComputeKind::kConv);
    added.kernel = conv.kernel;
    added.stride = conv.stride;
    added.padding = conv.padding;
    added.groups = conv.groups;
    added.symmetric_padding = conv.padding_mode == nn::PaddingMode::kSymmetric;
    finish_weighted(added, conv.weight_bits, conv.activation_bits);
  }

  void operator()(const nn::Linear& linear) {
    ComputeLayer& added = add(ComputeKind::kLinear);
    added.in_channels = linear.in_features;
    added.in_height = added.in_width = 1;
    finish_weighted(added, linear.weight_bits, linear.activation_bits);
  }

  void operator()(const nn::Pool& pool) {
    const int bits = first_input_bits();
    ComputeLayer& added = add(ComputeKind::kPool);
    added.kernel = pool.kernel;
    added.stride = pool.stride;
    added.padding = pool.padding;
    // A global average needs all of its input, whatever window the layer states; the reference
    // simulator trusts the window.
    if (pool.mode == nn::PoolMode::kGlobalAverage && rule_ == InputBitRule::kExplicit) {
      added.kernel = std::max({pool.kernel, added.in_height, added.in_width});
      added.padding = 0;
    }
    added.input_bits = added.output_bits = pool.activation_bits;
    end(bits);
  }

  void operator()(const nn::Add& sum) {
    const int bits = widest_input_bits();
    ComputeLayer& added = add(ComputeKind::kAdd);
    added.out_channels = sum.channels;
    const int reference = graph_.reference_source(added);
    added.output_bits = reference == nn::kNetworkInput
                            ? sum.activation_bits
                            : graph_.layers[static_cast<std::size_t>(reference)].output_bits;
    added.input_bits = added.output_bits;
    end(bits);
  }

  void operator()(const nn::Concat&) {
    const std::size_t first = joined_.size();
    for (const int input : layer_->inputs) {
      visit_producers(input, [&](int producer) {
        const auto begin = joined_.begin() + static_cast<std::ptrdiff_t>(first);
        if (std::find(begin, joined_.end(), producer) == joined_.end()) {
          joined_.push_back(producer);
        }
      });
    }
    producer_.push_back(kFirstJoint - static_cast<int>(joints_.size()));
    joints_.push_back({first, joined_.size()});
    bits_.push_back(widest_input_bits());
  }

  void operator()(const nn::BatchNorm& norm) { pass_through(quantised_bits(norm.output_bits)); }

  void operator()(const nn::Bias& bias) { pass_through(quantised_bits(bias.output_bits)); }

  void operator()(const nn::HardTanh& activation) {
    last_quantised_bits_ = activation.output_bits;
    pass_through(activation.output_bits);
  }

  void operator()(const nn::LayerNorm& norm) { add_vector(quantised_bits(norm.output_bits)); }
  void operator()(const nn::Gelu&) { add_vector(first_input_bits()); }
  void operator()(const nn::Softmax&) { add_vector(first_input_bits()); }
  void operator()(const nn::Tokens& tokens) {
    add_vector(first_input_bits()).vector.first_position = tokens.class_token ? 1 : 0;
  }

  void operator()(const nn::MatMul& product) {
    const int second = layer_->inputs[1];
    last_quantised_bits_ = product.activation_bits;
    VectorWork& work = add_vector(product.activation_bits).vector;
    const auto positions = static_cast<double>(network_.output_shape(index_).height);
    work.lane_cycles =
        static_cast<double>(network_.mac_count(static_cast<std::size_t>(index_))) / positions;
    work.operations = 2 * work.lane_cycles;
    work.held_bits =
        static_cast<double>(network_.output_shape(second).elements()) * bits_of(second);
    visit_producers(second, [&](int) { ++work.held_sources; });
  }

  template <typename Transparent>
  void operator()(const Transparent&) {
    pass_through(first_input_bits());
  }

 private:
  /// Bits of what a layer gives that may have a quantiser of its own.
  int quantised_bits(const std::optional<int>& own) {
    if (own) last_quantised_bits_ = *own;
    return own.value_or(first_input_bits());
  }

  /// Stands in `producer_` for the first concat, the numbers below for those after it.
  static constexpr int kFirstJoint = nn::kNetworkInput - 1;

  /// A concat's producers, within `joined_`.
  struct Joint {
    std::size_t begin, end;
  };

  int bits_of(int index) const {
    return index == nn::kNetworkInput ? network_.description().input_bits
                                      : bits_[static_cast<std::size_t>(index)];
  }
  int first_input_bits() const { return bits_of(layer_->inputs.front()); }
  int widest_input_bits() const {
    int bits = 0;
    for (const int input : layer_->inputs) bits = std::max(bits, bits_of(input));
    return bits;
  }
  int producer_of(int index) const {
    return index == nn::kNetworkInput ? nn::kNetworkInput
                                      : producer_[static_cast<std::size_t>(index)];
  }

  /// Compute layers, or nn::kNetworkInput, whose values a network layer's output holds.
  template <typename Visitor>
  void visit_producers(int index, const Visitor& visit) const {
    const int producer = producer_of(index);
    if (producer > kFirstJoint) return visit(producer);
    const Joint joint = joints_[static_cast<std::size_t>(kFirstJoint - producer)];
    for (std::size_t i = joint.begin; i < joint.end; ++i) visit(joined_[i]);
  }

  void pass_through(int bits) {
    producer_.push_back(producer_of(layer_->inputs.front()));
    bits_.push_back(bits);
  }

  void end(int bits) {
    producer_.push_back(static_cast<int>(graph_.layers.size()) - 1);
    bits_.push_back(bits);
  }

  void finish_weighted(ComputeLayer& added, int weight_bits, int activation_bits) {
    added.weight_bits = weight_bits;
    added.output_bits = activation_bits;
    switch (rule_) {
      case InputBitRule::kExplicit:
        added.input_bits = first_input_bits();
        break;
      case InputBitRule::kOwn:
        added.input_bits = activation_bits;
        break;
      case InputBitRule::kPropagated:
        added.input_bits = last_quantised_bits_;
        break;
    }
    last_quantised_bits_ = activation_bits;
    end(activation_bits);
  }

  ComputeLayer& add_vector(int output_bits) {
    const int input_bits = first_input_bits();
    ComputeLayer& added = add(ComputeKind::kVector);
    added.input_bits = input_bits;
    added.output_bits = output_bits;
    added.vector.lane_cycles = added.vector.operations =
        operations_per_element(layer_->parameters) * added.out_channels;
    end(output_bits);
    return added;
  }

  ComputeLayer& add(ComputeKind kind) {
    ComputeLayer& added = graph_.layers.emplace_back();
    added.kind = kind;
    added.network_index = index_;
    const nn::Shape& in = network_.input_shape(index_);
    const nn::Shape& out = network_.output_shape(index_);
    added.in_channels = in.channels;
    added.in_height = in.height;
    added.in_width = in.width;
    added.out_channels = out.channels;
    added.out_height = out.height;
    added.out_width = out.width;
    added.first_source = static_cast<int>(graph_.sources.size());
    added.operands = static_cast<int>(layer_->inputs.size());
    for (const int input : layer_->inputs) {
      visit_producers(input, [&](int producer) { graph_.sources.push_back(producer); });
    }
    added.source_count = static_cast<int>(graph_.sources.size()) - added.first_source;
    return added;
  }

  void link_destinations() {
    auto& layers = graph_.layers;
    for (const int source : graph_.sources) {
      if (source >= 0) ++layers[static_cast<std::size_t>(source)].destination_count;
    }
    int next = 0;
    for (ComputeLayer& layer : layers) {
      layer.first_destination = next;
      next += layer.destination_count;
      layer.destination_count = 0;
    }
    graph_.destinations.assign(static_cast<std::size_t>(next), 0);
    for (std::size_t i = 0; i < layers.size(); ++i) {
      for (const int source : graph_.sources_of(layers[i])) {
        if (source < 0) continue;
        ComputeLayer& from = layers[static_cast<std::size_t>(source)];
        const int slot = from.first_destination + from.destination_count++;
        graph_.destinations[static_cast<std::size_t>(slot)] = static_cast<int>(i);
      }
    }
  }

  const nn::Network& network_;
  InputBitRule rule_;
  ComputeGraph& graph_;
  std::vector<int> producer_;  // compute layer or concat, by network layer
  std::vector<Joint> joints_;  // of the concats, in list order
  std::vector<int> joined_;
  std::vector<int> bits_;  // of the values, by network layer
  int last_quantised_bits_ = 0;
  int index_ = 0;
  const nn::Layer* layer_ = nullptr;
};

}  // namespace

int ComputeGraph::reference_source(const ComputeLayer& add) const {
  for (const int source : sources_of(add)) {
    if (source < 0) continue;
    if (layers[static_cast<std::size_t>(source)].kind != ComputeKind::kAdd) return source;
  }
  return nn::kNetworkInput;
}

void build_compute_graph(const nn::Network& network, InputBitRule rule, ComputeGraph& graph) {
  GraphBuilder(network, rule, graph).build();
}

}  // namespace gibbon::sim
