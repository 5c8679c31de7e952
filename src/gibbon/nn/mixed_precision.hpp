#pragma once

#include <cstddef>
#include <span>
#include <vector>

/// Which layers get more bits where crossbars are scarce: the most sensitive ones a crossbar first
/// (after HAWQ, Dong et al., ICCV 2019, whose order is by sensitivity; that it is weighed against
/// crossbars is ours). Equations: docs/models/epitome.md. Pure functions.
namespace gibbon::nn {

/// One width that a layer's weights may have.
struct BitOption {
  int bits = 0;
  long crossbars = 0;
  double noise = 0;  ///< how much the layer's quantisation harms; comparable between layers
};

/// The index of each layer's option. Every layer starts with its first; then, as long as one fits,
/// the next option of the layer whose noise falls most for a crossbar more (one that needs none
/// more comes first; ties: the earlier layer). Steps that lower no noise are not taken. Where not
/// even the first options fit, they are what is given. Throws base::Error for a layer without
/// options.
std::vector<std::size_t> assign_bits(std::span<const std::vector<BitOption>> layers,
                                     long max_crossbars);

/// Noise power of uniform weights of `bits` bits, sign included, relative to the square of their
/// range: 1 / (12 (2^(bits-1) - 1)^2), a step's rounding error. Throws base::Error outside 2 to 16.
double rounding_noise(int bits);

}  // namespace gibbon::nn
