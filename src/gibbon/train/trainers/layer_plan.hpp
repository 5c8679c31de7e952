#pragma once

#include <vector>

#include "gibbon/nn/network.hpp"

namespace gibbon::train {

/// What the execution of a layer needs to know of the layers around it.
struct LayerPlan {
  /// The layer whose quantiser made the grid on which a Conv or Linear reads, or kNetworkInput:
  /// the nearest one up the first inputs. Relu, Pool, Flatten, Dropout and Add have none of their
  /// own, nor has a BatchNorm without output_bits.
  int grid_source = nn::kNetworkInput;
  int input_bits = 0;  ///< of that grid, sign included
  /// A layer in between (an average, a sum, a batch norm) left the grid: the Conv or Linear rounds
  /// its input back to it, as the digital-to-analogue converter would.
  bool requantize_input = false;
  /// The layer may overwrite its first input: nothing else reads it, its producer neither.
  bool in_place = false;
  /// Of a Relu: its only reader is a HardTanh, whose quantiser rectifies for it. Of that HardTanh:
  /// it does.
  bool rectified_by_quantizer = false;
};

/// One plan a layer, in the network's order.
std::vector<LayerPlan> plan_layers(const nn::Network& network);

/// Range (value of the highest level) of a grid whose source has a fixed scale: the network's
/// input or a HardTanh; -1 where the source's output range decides.
double fixed_range(const nn::Network& network, int grid_source);

}  // namespace gibbon::train
