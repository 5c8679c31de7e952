#pragma once

#include <vector>

#include "gibbon/nn/network.hpp"

namespace gibbon::sim {

/// A matrix product, or `groups` independent ones: [m, k] x [k, n], the second operand of which
/// lies in the arrays. A convolution has m output positions, k inputs of one, n output channels;
/// an attention product a group for each head, and the keys or values in the arrays.
struct MatrixProduct {
  long groups = 1;
  long m = 0;
  long k = 0;
  long n = 0;
  int weight_bits = 0;    ///< of the operand in the arrays
  int input_bits = 0;     ///< of the operand that streams
  bool computed = false;  ///< the operand in the arrays is itself an activation

  double macs() const { return static_cast<double>(m) * stationary_values(); }
  double stationary_bytes() const { return stationary_values() * weight_bits / 8; }
  double stationary_values() const {
    return static_cast<double>(groups) * static_cast<double>(k) * static_cast<double>(n);
  }
  friend bool operator==(const MatrixProduct&, const MatrixProduct&) = default;
};

/// What the chip does for one layer. Layers of a network run one after another.
struct WorkloadStep {
  int network_index = 0;
  bool is_matrix = false;
  MatrixProduct matrix;      ///< only if is_matrix
  double vector_ops = 0;     ///< on the vector unit, else
  std::vector<int> sources;  ///< steps whose results it reads, nn::kNetworkInput for the image; of
                             ///< an attention product the streaming operand first
  double input_bytes = 0;    ///< of what streams: everything but the operand in the arrays
  double output_bytes = 0;
};

/// The steps of a network in list order. batch_norm, bias, relu, hardtanh, flatten, dropout,
/// concat and select_token are free and transparent: folded into the weights, or into the read or
/// write of a neighbour. Bits are those of the quantiser that feeds a layer, as in the crossbar
/// models. Vector operations of an element (docs/models/digital_cim.md): add 1 an operand beyond
/// the first, pool 1 an element of its window, tokens 1, layer_norm 8, softmax 8, gelu 6.
std::vector<WorkloadStep> digital_workload(const nn::Network& network);

}  // namespace gibbon::sim
