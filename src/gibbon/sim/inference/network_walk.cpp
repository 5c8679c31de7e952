#include "gibbon/sim/inference/network_walk.hpp"

#include <utility>

namespace gibbon::sim {

namespace {

/// For the network's input and then each layer, the last layer that reads it (the count of layers
/// for the network's output).
std::vector<std::size_t> find_last_readers(const nn::Network& network) {
  const std::size_t count = network.layers().size();
  std::vector<std::size_t> last(count + 1, 0);
  for (std::size_t index = 0; index < count; ++index) {
    for (const int input : network.layers()[index].inputs) {
      last[static_cast<std::size_t>(input + 1)] = index;
    }
  }
  last.back() = count;
  return last;
}

}  // namespace

Tensor walk_network(const nn::Network& network, Tensor images, const LayerStep& step) {
  const std::vector<std::size_t> last_reader = find_last_readers(network);
  const std::size_t count = network.layers().size();
  std::vector<Tensor> outputs(count + 1);
  outputs[0] = std::move(images);
  for (std::size_t index = 0; index < count; ++index) {
    const std::vector<int>& sources = network.layers()[index].inputs;
    std::vector<const Tensor*> inputs;
    for (const int input : sources) inputs.push_back(&outputs[static_cast<std::size_t>(input + 1)]);
    const auto first = static_cast<std::size_t>(sources.front() + 1);
    const bool takes_over = sources.size() == 1 && last_reader[first] == index;
    outputs[index + 1] = step(index, inputs, takes_over ? &outputs[first] : nullptr);
    for (const int input : sources) {
      const auto slot = static_cast<std::size_t>(input + 1);
      if (last_reader[slot] == index) outputs[slot] = Tensor();
    }
  }
  return std::move(outputs.back());
}

}  // namespace gibbon::sim
