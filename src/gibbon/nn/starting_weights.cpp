#include "gibbon/nn/starting_weights.hpp"

#include <fmt/format.h>

#include <map>
#include <string_view>

#include "gibbon/base/error.hpp"
#include "gibbon/nn/importers/onnx.hpp"

namespace gibbon::nn {

namespace {

template <typename T>
bool is(const Layer& layer) {
  return std::holds_alternative<T>(layer.parameters);
}

bool is_batch_norm(const Layer& layer) {
  return is<BatchNorm>(layer);
}
bool holds_weights(const Layer& layer) {
  return is<Conv>(layer) || is<Linear>(layer) || is<LayerNorm>(layer) || is<Tokens>(layer);
}

using Kind = bool (*)(const Layer&);

/// The layers of a kind, each after all that it reads, inputs in their order: an order that follows
/// from the connections alone. Layers that the output does not need come last.
class Order {
 public:
  Order(const Network& network, Kind kind)
      : network_(network), kind_(kind), seen_(network.layers().size(), false) {
    const int count = static_cast<int>(network.layers().size());
    visit_from(count - 1);
    for (int index = 0; index < count; ++index) {
      if (!seen_[static_cast<std::size_t>(index)]) visit_from(index);
    }
  }
  std::vector<std::size_t> take() { return std::move(found_); }

 private:
  /// With a stack of its own: networks may be thousands of layers deep.
  void visit_from(int last) {
    std::vector<std::pair<int, std::size_t>> open = {{last, 0}};
    seen_[static_cast<std::size_t>(last)] = true;
    while (!open.empty()) {
      auto& [index, next] = open.back();
      const Layer& layer = network_.layers()[static_cast<std::size_t>(index)];
      if (next == layer.inputs.size()) {
        if (kind_(layer)) found_.push_back(static_cast<std::size_t>(index));
        open.pop_back();
        continue;
      }
      const int input = layer.inputs[next++];
      if (input == kNetworkInput || seen_[static_cast<std::size_t>(input)]) continue;
      seen_[static_cast<std::size_t>(input)] = true;
      open.emplace_back(input, 0);
    }
  }

  const Network& network_;
  Kind kind_;
  std::vector<bool> seen_;
  std::vector<std::size_t> found_;
};

/// Numbers of a layer that weights are matched by: of a Conv {out, in / groups, kernel}.
std::vector<int> extents(const Network& network, std::size_t index) {
  const Layer& layer = network.layers()[index];
  const Shape& output = network.output_shape(static_cast<int>(index));
  if (const auto* conv = std::get_if<Conv>(&layer.parameters)) {
    return {conv->out_channels, conv->in_channels / conv->groups, conv->kernel};
  }
  if (const auto* linear = std::get_if<Linear>(&layer.parameters)) {
    return {linear->out_features, linear->in_features};
  }
  if (const auto* tokens = std::get_if<Tokens>(&layer.parameters)) {
    return {output.channels, output.height, tokens->class_token ? 1 : 0};
  }
  return {output.channels};
}

void require_same_shape(const Network& network, std::size_t own, const Network& source,
                        std::size_t other) {
  const Layer& layer = network.layers()[own];
  const Layer& given = source.layers()[other];
  const std::vector<int> needed = extents(network, own);
  const std::vector<int> got = extents(source, other);
  if (layer.parameters.index() == given.parameters.index() && needed == got) return;
  throw base::Error(
      fmt::format("starting weights: layer '{}' ({}) of {} cannot take those of '{}' ({}) of {}",
                  layer.name, type_name(layer.parameters), fmt::join(needed, "x"), given.name,
                  type_name(given.parameters), fmt::join(got, "x")));
}

/// For each of `layers` the source's layer of its name and kind; empty where one is missing.
std::vector<std::size_t> named_alike(const Network& network, const std::vector<std::size_t>& layers,
                                     const Network& source, Kind kind) {
  std::map<std::string_view, std::size_t> by_name;
  for (std::size_t i = 0; i < source.layers().size(); ++i) {
    if (kind(source.layers()[i])) by_name.emplace(source.layers()[i].name, i);
  }
  std::vector<std::size_t> found;
  for (const std::size_t layer : layers) {
    const auto named = by_name.find(network.layers()[layer].name);
    if (named == by_name.end()) return {};
    found.push_back(named->second);
  }
  return found;
}

class Transfer {
 public:
  Transfer(const Network& network, const TrainedNetwork& source)
      : source_(source), result_{network, std::vector<LayerState>(network.layers().size())} {
    if (source.states.size() != source.network.layers().size()) {
      throw base::Error(fmt::format(
          "starting weights: network '{}' has {} layers, but states for {}",
          source.network.description().name, source.network.layers().size(), source.states.size()));
    }
  }

  TrainedNetwork run() {
    if (!match(holds_weights)) {
      throw base::Error(fmt::format(
          "starting weights: network '{}' has {} layers with weights, '{}' needs {}",
          source_.network.description().name, Order(source_.network, holds_weights).take().size(),
          result_.network.description().name, Order(result_.network, holds_weights).take().size()));
    }
    if (!match(is_batch_norm)) neutral_batch_norms();
    take_biases();
    return std::move(result_);
  }

 private:
  /// Whether there were as many layers of the kind.
  bool match(Kind kind) {
    const std::vector<std::size_t> own = Order(result_.network, kind).take();
    std::vector<std::size_t> others = named_alike(result_.network, own, source_.network, kind);
    if (others.empty()) others = Order(source_.network, kind).take();
    if (others.size() != own.size()) return false;
    for (std::size_t i = 0; i < own.size(); ++i) {
      require_same_shape(result_.network, own[i], source_.network, others[i]);
      const LayerState& given = source_.states[others[i]];
      LayerState& state = result_.states[own[i]];
      state.weight = given.weight;
      state.gamma = given.gamma;
      state.beta = given.beta;
      state.epsilon = given.epsilon;
      partners_.emplace(static_cast<int>(own[i]), static_cast<int>(others[i]));
    }
    return true;
  }

  void neutral_batch_norms() {
    for (const std::size_t index : Order(result_.network, is_batch_norm).take()) {
      const auto features = static_cast<std::size_t>(
          std::get<BatchNorm>(result_.network.layers()[index].parameters).features);
      result_.states[index].gamma.assign(features, 1.0F);
      result_.states[index].beta.assign(features, 0.0F);
    }
  }

  void take_biases() {
    const std::vector<Layer>& layers = result_.network.layers();
    for (std::size_t index = 0; index < layers.size(); ++index) {
      const auto* bias = std::get_if<Bias>(&layers[index].parameters);
      if (bias == nullptr) continue;
      const std::size_t given = partner_of_bias(layers[index]);
      if (given == kNone) {
        result_.states[index].beta.assign(static_cast<std::size_t>(bias->features), 0.0F);
        continue;
      }
      require_same_shape(result_.network, index, source_.network, given);
      result_.states[index].beta = source_.states[given].beta;
    }
  }

  /// The source's bias of that name, else the one that reads the partner of what `bias` reads;
  /// kNone where there is neither.
  std::size_t partner_of_bias(const Layer& bias) const {
    const std::vector<Layer>& layers = source_.network.layers();
    const auto partner = partners_.find(bias.inputs.front());
    std::size_t found = kNone;
    for (std::size_t i = 0; i < layers.size(); ++i) {
      if (!is<Bias>(layers[i])) continue;
      if (layers[i].name == bias.name) return i;
      const bool reads_partner =
          partner != partners_.end() && layers[i].inputs.front() == partner->second;
      if (reads_partner && found == kNone) found = i;
    }
    return found;
  }

  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  const TrainedNetwork& source_;
  TrainedNetwork result_;
  std::map<int, int> partners_;  ///< of the network's matched layers those of the source
};

}  // namespace

TrainedNetwork load_trained_file(const std::filesystem::path& path) {
  return path.extension() == ".onnx" ? load_onnx(path) : load_trained_network(path);
}

TrainedNetwork with_weights_of(const Network& network, const TrainedNetwork& source) {
  return Transfer(network, source).run();
}

}  // namespace gibbon::nn
