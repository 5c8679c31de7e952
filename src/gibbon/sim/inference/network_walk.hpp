#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "gibbon/nn/network.hpp"
#include "gibbon/sim/inference/tensor.hpp"

namespace gibbon::sim {

/// Computes the output of a layer from those of the layers that it reads. `owned`: the first input
/// where nothing reads it any more, which the layer may use up; else null.
using LayerStep = std::function<Tensor(std::size_t layer, const std::vector<const Tensor*>& inputs,
                                       Tensor* owned)>;

/// Runs the layers in the network's order; gives the output of the last one. Activations are kept
/// only while a later layer reads them.
Tensor walk_network(const nn::Network& network, Tensor images, const LayerStep& step);

}  // namespace gibbon::sim
