#pragma once

#include "gibbon/sim/accuracy_simulator.hpp"

namespace gibbon::sim {

/// What one analogue-to-digital conversion does to a column's sum, as MNSIM 2.0 computes it in
/// float32 (equations in docs/models/accuracy.md). All operations are rounded to float32 in the
/// order written. A value type; const functions are thread-safe.
struct AdcTransfer {
  AdcMode mode = AdcMode::kScale;
  float weight_scale = 1;  ///< value of one weight level
  float input_scale = 1;   ///< value of one input level
  float output_range = 1;  ///< output that the largest code of the layer's output stands for
  int resolution = 8;      ///< bits, sign included, with those of row-serial operation
  int point_shift = 0;     ///< kScale: exponent of the conversion range, in powers of two
  int top_shift = 0;       ///< bits by which the most significant digit pair is shifted
  float full_scale = 1;    ///< kFix: sum of a full crossbar of full digits

  float limit() const;  ///< largest code: 2^(resolution-1) - 1
  int fraction_bits() const { return point_shift + resolution - 1; }  ///< kScale: t

  /// kScale: the code of the column sum, an integer within +-limit().
  float scale_code(float sum) const;
  /// The value that the digit pair contributes before its shift down, in units of the output range
  /// (kScale, kFix).
  float convert(float sum) const;
  /// kIdeal: the layer's value, in units of the output range, of its whole integer sum.
  float ideal(float sum) const { return sum * weight_scale * input_scale / output_range; }
};

/// clamp(round half to even(value), -limit, limit)
float round_and_clamp(float value, float limit);

/// 2^exponent, exact.
float power_of_two(int exponent);

}  // namespace gibbon::sim
