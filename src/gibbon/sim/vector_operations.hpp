#pragma once

#include "gibbon/nn/layer.hpp"

namespace gibbon::sim {

/// Additions and multiplications that a vector unit needs for one value of a layer's output; 0 for
/// layers whose work depends on more than that.
///   tokens 1 (the position); layer_norm 8: mean 1, variance 2, difference 1, quotient 1, scale and
///   shift 2, rounding 1; softmax 8: maximum 1, difference 1, exponential 4 (a polynomial of second
///   order: I-BERT, Kim et al., ICML 2021), sum 1, quotient 1; gelu 6: clip 1, polynomial of second
///   order 4 (I-BERT), product 1
double operations_per_element(const nn::LayerParameters& parameters);

}  // namespace gibbon::sim
