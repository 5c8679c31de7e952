#pragma once

#include <string>
#include <utility>
#include <vector>

#include "gibbon/nn/network.hpp"
#include "gibbon/sim/mapping/chip_mapping.hpp"

namespace gibbon::sim::testing_support {

inline nn::Conv conv(int in, int out, int kernel, int stride = 1, int padding = 0, int groups = 1) {
  nn::Conv c;
  c.in_channels = in;
  c.out_channels = out;
  c.kernel = kernel;
  c.stride = stride;
  c.padding = padding;
  c.groups = groups;
  return c;
}

inline nn::Network network(nn::Shape input, std::vector<nn::Layer> layers) {
  nn::NetworkDescription description;
  description.name = "small";
  description.input = input;
  description.layers = std::move(layers);
  description.num_classes = 2;
  return nn::Network(std::move(description));
}

struct Mapped {
  ComputeGraph graph;
  ChipMapping mapping;
  std::string reason;
};

inline Mapped map(const nn::Network& net, const hw::HardwareConfig& hardware) {
  Mapped mapped;
  build_compute_graph(net, InputBitRule::kExplicit, mapped.graph);
  if (auto why = map_network(mapped.graph, net, hardware, mapped.mapping)) {
    mapped.reason = why->reason;
  }
  return mapped;
}

}  // namespace gibbon::sim::testing_support
