#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "gibbon/nn/epitome_shape.hpp"

namespace gibbon::nn {

/// How a convolution pads its input.
enum class PaddingMode {
  kZeros,      ///< `padding` zeros on each side
  kSymmetric,  ///< 2x2 kernels only: input channel c is padded by one towards corner c mod 4 (top
               ///< left, top right, bottom left, bottom right), so that the output keeps the size
               ///< and no feature shifts (Wu et al., arXiv 1903.08385). `padding` is 0 then.
};

/// Square convolution without bias. Weight [out_channels, in_channels/groups, kernel, kernel],
/// its own or put together from an epitome.
struct Conv {
  int in_channels = 0;
  int out_channels = 0;
  int kernel = 0;
  int stride = 1;
  int padding = 0;
  int groups = 1;
  PaddingMode padding_mode = PaddingMode::kZeros;
  int weight_bits = 9;                      ///< sign included
  int activation_bits = 9;                  ///< of the output where it is quantised; sign included
  int point_shift = -2;                     ///< MNSIM's exponent of the ADC's range (SCALE mode)
  std::optional<ConvEpitome> epitome = {};  ///< what is stored instead; ungrouped only
};

/// Matrix product without bias. Weight [out_features, in_features].
struct Linear {
  int in_features = 0;
  int out_features = 0;
  int weight_bits = 9;
  int activation_bits = 9;
  int point_shift = -2;
};

/// Per-channel scale and shift. Quantised to `output_bits` as MNSIM does, or, when empty, left as a
/// digital fixed-point stage wide enough not to lose anything.
struct BatchNorm {
  int features = 0;
  std::optional<int> output_bits;
};

/// Adds a number of its own to each channel, beside the crossbars. Quantised as BatchNorm is. MNSIM
/// has no such layer.
struct Bias {
  int features = 0;
  std::optional<int> output_bits;
};

struct Relu {};

/// clamp(x, -range, range), then quantised to `output_bits` over that range. Behind a Relu it is
/// ReLU6 and its kin.
struct HardTanh {
  int output_bits = 9;
  double range = 1.0;  ///< positive
};

enum class PoolMode { kMax, kAverage, kGlobalAverage };

/// kGlobalAverage gives 1x1; its kernel and stride matter for timing only.
struct Pool {
  PoolMode mode = PoolMode::kMax;
  int kernel = 2;
  int stride = 2;
  int padding = 0;
  int activation_bits = 9;
};

/// Element-wise sum. An input with fewer channels than `channels` is padded with zero channels at
/// the end, one with more is cut there.
struct Add {
  int channels = 0;
  int activation_bits = 9;
};

/// The channels of all inputs, in the inputs' order; two inputs or more, of one height and width.
/// MNSIM has no such layer.
struct Concat {};

struct Flatten {};
struct Dropout {};  ///< identity at inference

// Transformers. A sequence of tokens has the shape {features, tokens, 1}: the embedding lies in the
// channels, the tokens in the height. A linear layer over tokens is a Conv of kernel 1.

/// An image's positions as tokens, row by row, a learned class token before them where there is
/// one, and a learned position embedding added: {c, h, w} gives {c, h w (+ 1), 1} (Dosovitskiy et
/// al., "An Image is Worth 16x16 Words", ICLR 2021).
struct Tokens {
  bool class_token = true;
};

/// One token of a sequence: {c, t, 1} gives {c, 1, 1}. The mean of all is Pool's kGlobalAverage.
struct SelectToken {
  int index = 0;  ///< 0 is the class token, where there is one
};

/// Normalises each position over its channels, then scales and shifts each channel (Ba et al.,
/// arXiv 1607.06450). Quantised as BatchNorm is.
struct LayerNorm {
  int features = 0;
  std::optional<int> output_bits;
};

/// x times the normal distribution's cumulative function at x.
struct Gelu {};

/// Over the channels of each position, which are `groups` runs of equal length, each with a sum of
/// its own.
struct Softmax {
  int groups = 1;  ///< of attention: its heads
};

/// Product of two sequences, head by head: the channels of both are `heads` runs of equal length,
/// and run i is multiplied with run i, then by `scale`.
///   transposed      a {h d, t, 1} x b {h d, u, 1} -> {h u, t, 1}: each token of a with each of b,
///                   the sum over the d features of a head (queries and keys)
///   not transposed  a {h u, t, 1} x b {h d, u, 1} -> {h d, t, 1}: the sum over the u tokens of b
///                   (scores and values)
struct MatMul {
  int heads = 1;
  bool transposed = false;
  double scale = 1.0;  ///< positive; 1/sqrt(d) for the scores
  int activation_bits = 9;
};

using LayerParameters =
    std::variant<Conv, Linear, BatchNorm, Relu, HardTanh, Pool, Add, Concat, Flatten, Dropout, Bias,
                 Tokens, SelectToken, LayerNorm, Gelu, Softmax, MatMul>;

/// Whether the layer is one of transformers only: from Tokens to MatMul.
bool is_transformer_layer(const LayerParameters& parameters);

/// The index that stands for the network's input in Layer::inputs.
inline constexpr int kNetworkInput = -1;

struct Layer {
  std::string name;  ///< unique in its network
  LayerParameters parameters;
  std::vector<int> inputs;  ///< absolute indices of earlier layers, or kNetworkInput
};

/// "conv", "linear", "batch_norm", "relu", "hardtanh", "pool", "add", "concat", "flatten",
/// "dropout", "bias", "tokens", "select_token", "layer_norm", "gelu", "softmax", "matmul".
std::string_view type_name(const LayerParameters& parameters);

}  // namespace gibbon::nn
