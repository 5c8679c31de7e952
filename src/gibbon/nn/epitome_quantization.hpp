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
  /// The largest magnitude of either kind of elements counts at most so many times the square root
  /// of their mean square: with few bits a single large weight would take the levels from all
  /// others. Nothing, or 0: as it is. Not EPIM's.
  std::optional<double> clip_deviations = {};
};

struct QuantizedEpitome {
  std::vector<float> values;           ///< on their grids, clipped
  std::vector<double> scales;          ///< of a crossbar: range / (2^(bits-1) - 1)
  std::vector<std::int32_t> scale_of;  ///< of each element: index in scales
};

/// Quantises epitomes of one plan, many times: keeps what depends on the plan alone. Rounds to the
/// nearest level, halves away from zero. A crossbar of zeros has scale 0. const use is safe from
/// any thread.
class EpitomeQuantizer {
 public:
  /// Throws base::Error for bits outside 2 to 16, an overlap weight outside, a clip that is not
  /// positive.
  EpitomeQuantizer(const EpitomePlan& plan, const EpitomeQuantization& how);

  /// Throws base::Error for values of another number.
  QuantizedEpitome quantize(std::span<const float> epitome) const;
  /// What crossbars are programmed from: `epitome` clamped to the ranges of `quantized`.
  std::vector<float> clamped(std::span<const float> epitome,
                             const QuantizedEpitome& quantized) const;

 private:
  EpitomeQuantization how_;
  std::size_t crossbars_ = 0;
  std::vector<std::int32_t> scale_of_;
  std::vector<bool> is_often_used_;
};

/// The same once.
QuantizedEpitome quantize_epitome(const EpitomePlan& plan, std::span<const float> epitome,
                                  const EpitomeQuantization& how);

/// Noise power relative to the signal's in the convolution's weight: sum over e of use(e) (q - e)^2
/// over that of use(e) e^2. A layer's sensitivity for assign_bits() where its weights are known. 0
/// of an epitome of zeros. Throws base::Error for values of another number.
double quantization_noise(const EpitomePlan& plan, std::span<const float> epitome,
                          std::span<const float> quantized);

}  // namespace gibbon::nn
