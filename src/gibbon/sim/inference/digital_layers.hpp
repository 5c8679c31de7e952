#pragma once

#include <span>

#include "gibbon/nn/trained_network.hpp"
#include "gibbon/sim/inference/tensor.hpp"

namespace gibbon::sim {

/// The layers that run beside the crossbars, in float32, each operation rounded in the order of
/// docs/models/accuracy.md. All are pure functions.

/// clamp(round((x / range) * limit), -limit, limit) * range / limit, limit = 2^(bits-1) - 1.
void quantize_in_place(std::vector<float>& values, int bits, float range);

/// The range of a quantiser after one batch, as MNSIM moves it: with m = 3 standard deviations
/// (n - 1) + |mean|, m if the range was not positive, else 0.707 range + 0.293 m.
double moved_range(double range, const std::vector<float>& values);

/// Scale and shift; quantised at the state's output range if the layer has output bits, the range
/// moved first where `move_range` holds.
void run_batch_norm(const nn::BatchNorm& norm, const nn::LayerState& state, bool move_range,
                    Tensor& tensor);
/// Adds beta to each channel; quantised likewise.
void run_bias(const nn::Bias& bias, const nn::LayerState& state, bool move_range, Tensor& tensor);
void run_relu(Tensor& tensor);
void run_hardtanh(const nn::HardTanh& activation, Tensor& tensor);
Tensor run_pool(const nn::Pool& pool, const nn::Shape& output, const Tensor& input);
/// Inputs of fewer channels count as zero there, those of more are cut.
Tensor run_add(const nn::Shape& output, std::span<const Tensor* const> inputs);
/// The inputs' channels one after the other; every value is kept. `output` has their sum.
Tensor run_concat(const nn::Shape& output, std::span<const Tensor* const> inputs);

/// Whether a layer is a Conv or Linear, whose products crossbars compute.
bool runs_on_crossbars(const nn::LayerParameters& parameters);

/// Any layer that does not. `owned`: the first input if the layer may use it up, else null.
Tensor run_digital_layer(const nn::Network& network, std::size_t index, const nn::LayerState& state,
                         bool move_range, std::span<const Tensor* const> inputs, Tensor* owned);

}  // namespace gibbon::sim
