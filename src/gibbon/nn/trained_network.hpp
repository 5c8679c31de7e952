#pragma once

#include <filesystem>
#include <vector>

#include "gibbon/nn/network.hpp"

namespace gibbon::nn {

/// A quantiser's grid: integers of `bits` bits (sign included) times `scale`.
struct QuantizationScale {
  int bits = 0;
  double scale = 0.0;
};

/// The numbers of one layer. Which are used depends on the layer's type; the rest stay empty.
struct LayerState {
  // Conv [out, in/groups, k, k] and Linear [out, in], row-major, in real units. Of Tokens the
  // position embedding [tokens, channels].
  std::vector<float> weight;
  QuantizationScale input;    ///< grid on which the layer reads its activations
  QuantizationScale weights;  ///< grid of the weights (scale = max|w| / (2^(bits-1) - 1))
  /// Of an epitome whose crossbars have scales of their own: the scale of the weights of each pair
  /// of channels [out, in], instead of that of `weights`. The crossbar simulation refuses it.
  std::vector<float> pair_scales;
  QuantizationScale output;  ///< grid of the output in plain quantised inference
  /// Range of the output before the ADC (MNSIM's last_value): 3 standard deviations + |mean|,
  /// averaged over training batches. Conv, Linear, MatMul, and BatchNorm and LayerNorm with
  /// output_bits.
  double output_range = -1.0;
  // BatchNorm, one value a channel; LayerNorm the first two, Bias beta. Of Tokens gamma is the
  // class token.
  std::vector<float> gamma, beta, running_mean, running_variance;
  double epsilon = 1e-5;
};

/// A network with its weights and quantisation grids: what a crossbar simulation needs.
struct TrainedNetwork {
  Network network;
  std::vector<LayerState> states;  ///< one for each layer
};

/// One file: a JSON header (the network, grids, and where each array lies) and the arrays as
/// little-endian float32 behind it; the layout is that of safetensors, so other tools can read the
/// arrays. load throws base::Error naming the file and what is wrong with it.
void save(const TrainedNetwork& trained, const std::filesystem::path& path);
TrainedNetwork load_trained_network(const std::filesystem::path& path);

}  // namespace gibbon::nn
