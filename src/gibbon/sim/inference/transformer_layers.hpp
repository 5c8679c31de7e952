#pragma once

#include <span>

#include "gibbon/nn/trained_network.hpp"
#include "gibbon/sim/inference/tensor.hpp"

namespace gibbon::sim {

/// The layers of transformers (nn/layer.hpp), which run beside the crossbars: float32, sums of
/// norms and softmax in float64. All are pure functions.

/// Quantised as in training: a layer_norm with output bits and every product at the state's output
/// range; the shares of attention, the first input of a product that is not transposed, on the grid
/// of the product's bits over [0, 1]. `inputs` as the layer's.
Tensor run_transformer_layer(const nn::Network& network, std::size_t index,
                             const nn::LayerState& state, std::span<const Tensor* const> inputs);

/// Throws base::Error naming the layer where the numbers that it needs are not there.
void check_transformer_state(const nn::Network& network, std::size_t index,
                             const nn::LayerState& state);

}  // namespace gibbon::sim
