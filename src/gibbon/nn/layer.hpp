#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace gibbon::nn {

/// How a convolution pads its input.
enum class PaddingMode {
  kZeros,      ///< `padding` zeros on each side
  kSymmetric,  ///< 2x2 kernels only: input channel c is padded by one towards corner c mod 4 (top
               ///< left, top right, bottom left, bottom right), so that the output keeps the size
               ///< and no feature shifts (Wu et al., arXiv 1903.08385). `padding` is 0 then.
};

/// Square convolution without bias. Weight [out_channels, in_channels/groups, kernel, kernel].
struct Conv {
  int in_channels = 0;
  int out_channels = 0;
  int kernel = 0;
  int stride = 1;
  int padding = 0;
  int groups = 1;
  PaddingMode padding_mode = PaddingMode::kZeros;
  int weight_bits = 9;      ///< sign included
  int activation_bits = 9;  ///< of the output where it is quantised; sign included
  int point_shift = -2;     ///< MNSIM's exponent of the ADC's range (SCALE mode)
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

using LayerParameters =
    std::variant<Conv, Linear, BatchNorm, Relu, HardTanh, Pool, Add, Concat, Flatten, Dropout>;

/// The index that stands for the network's input in Layer::inputs.
inline constexpr int kNetworkInput = -1;

struct Layer {
  std::string name;  ///< unique in its network
  LayerParameters parameters;
  std::vector<int> inputs;  ///< absolute indices of earlier layers, or kNetworkInput
};

/// "conv", "linear", "batch_norm", "relu", "hardtanh", "pool", "add", "concat", "flatten",
/// "dropout".
std::string_view type_name(const LayerParameters& parameters);

}  // namespace gibbon::nn
