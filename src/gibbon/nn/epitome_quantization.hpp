#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "gibbon/nn/epitome.hpp"

/// Epitome-aware quantisation (Wang et al., EPIM, DAC 2024): a scale for each crossbar, and a range
/// that heeds elements used often more than the rest. Each part is a switch, for ablations.
/// Equations and how sure they are: docs/models/epitome.md. Pure functions.
namespace gibbon::nn {

/// What of a stored weight matrix shares a crossbar: whole channels of rows, packed columns.
struct CrossbarTiling {
  int rows = 256;
  int columns = 256;
  int slices = 8;  ///< columns of one weight
};

/// The crossbar of each epitome element (row-major), row blocks first: floor(in / floor(rows / P
/// Q)) and floor(out slices / columns); a weight whose slices straddle two counts to its first.
/// Throws base::Error where a channel has more rows than a crossbar, or a number is not positive.
std::vector<std::int32_t> crossbar_of_elements(const EpitomeShape& epitome,
                                               const CrossbarTiling& tiling);

struct EpitomeQuantization {
  int bits = 9;  ///< sign included
  /// Each crossbar has a scale of its own, which the digital shift-add multiplies; nothing: one
  /// scale.
  std::optional<CrossbarTiling> per_crossbar;
  /// w in range = w max|often used| + (1 - w) max|rest|, 0.5 to 1; an element is often used where
  /// it is used more than the mean of its crossbar. Nothing, or no such elements: range = max|all|.
  std::optional<double> overlap_weight;
};

struct QuantizedEpitome {
  std::vector<float> values;           ///< on their grids, clipped
  std::vector<double> scales;          ///< of a crossbar: range / (2^(bits-1) - 1)
  std::vector<std::int32_t> scale_of;  ///< of each element: index in scales
};

/// Rounds to the nearest level, halves away from zero. A crossbar of zeros has scale 0. Throws
/// base::Error for values of another number, bits outside 2 to 16, or an overlap weight outside.
QuantizedEpitome quantize_epitome(const EpitomePlan& plan, std::span<const float> epitome,
                                  const EpitomeQuantization& how);

/// Noise power relative to the signal's in the convolution's weight: sum over e of use(e) (q - e)^2
/// over that of use(e) e^2. A layer's sensitivity for assign_bits() where its weights are known. 0
/// of an epitome of zeros. Throws base::Error for values of another number.
double quantization_noise(const EpitomePlan& plan, std::span<const float> epitome,
                          std::span<const float> quantized);

}  // namespace gibbon::nn
