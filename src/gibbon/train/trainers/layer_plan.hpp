#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "gibbon/nn/network.hpp"

namespace gibbon::train {

/// A Conv and what stands behind it up to a HardTanh, each read by the next one alone: maybe a Pool
/// of largest values, which may come before the Conv's own quantiser as well as behind it,
/// BatchNorm without output_bits, maybe an Add of its output (first, of the Add's channels) and a
/// shortcut, maybe a Relu that the quantiser folds in. block_tail.hpp computes all behind the Conv
/// in one function.
struct TailLayers {
  int conv = -1;
  int pool = -1;  ///< -1: none
  int norm = -1;
  int add = -1;  ///< -1: none
};

/// What the execution of a layer needs to know of the layers around it.
struct LayerPlan {
  /// The layers whose quantisers made what a Conv or Linear reads, or kNetworkInput: the nearest
  /// ones up the first inputs, up all inputs of a Concat. Relu, Gelu, Softmax, Pool, Flatten,
  /// Dropout, Add, Concat, Tokens and SelectToken have none of their own, nor has a BatchNorm,
  /// LayerNorm or Bias without output_bits. The layer reads on one grid, which holds the values of
  /// all of them: the most bits and the widest range.
  std::vector<int> grid_sources;
  int input_bits = 0;  ///< of that grid, sign included
  /// The values are not on that grid: a layer in between (an average, a sum, a batch norm) left it,
  /// or the sources' grids differ. The Conv or Linear rounds its input to it, as the
  /// digital-to-analogue converter would.
  bool requantize_input = false;
  /// The layer may overwrite its first input: nothing else reads it, its producer neither.
  bool in_place = false;
  /// Of a Relu: its only reader is a HardTanh, whose quantiser rectifies for it. Of that HardTanh:
  /// it does.
  bool rectified_by_quantizer = false;
  /// Of a Conv: a BatchNorm alone reads it, maybe through a Pool, so that the scale of its weights
  /// changes nothing.
  bool scale_is_free = false;
  /// Of a Conv, a HardTanh and those in between: the tail that they are.
  std::optional<TailLayers> tail;
};

/// One plan a layer, in the network's order.
std::vector<LayerPlan> plan_layers(const nn::Network& network);

/// Range (value of the highest level) of a grid whose source has a fixed scale: the network's
/// input or a HardTanh; -1 where the source's output range decides.
double fixed_range(const nn::Network& network, int grid_source);

/// Range of the grid on which a Conv or Linear reads; `output_range` gives that of a source whose
/// output range decides.
double input_range(const nn::Network& network, const LayerPlan& plan,
                   const std::function<double(int)>& output_range);

}  // namespace gibbon::train
