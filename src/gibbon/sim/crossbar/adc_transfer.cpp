#include "gibbon/sim/crossbar/adc_transfer.hpp"

#include <algorithm>
#include <cmath>

namespace gibbon::sim {

float round_and_clamp(float value, float limit) {
  return std::clamp(std::nearbyintf(value), -limit, limit);
}

float power_of_two(int exponent) {
  return std::ldexp(1.0F, exponent);
}

float AdcTransfer::limit() const {
  return power_of_two(resolution - 1) - 1.0F;
}

float AdcTransfer::scale_code(float sum) const {
  const float value = sum * weight_scale * input_scale / output_range * power_of_two(top_shift);
  return round_and_clamp(value * power_of_two(fraction_bits()), limit());
}

float AdcTransfer::convert(float sum) const {
  if (mode == AdcMode::kScale) return scale_code(sum) / power_of_two(fraction_bits());
  const float steps = power_of_two(resolution - 1);
  const float code = round_and_clamp(sum / full_scale * steps, limit());
  return code * full_scale / steps * weight_scale * input_scale / output_range *
         power_of_two(top_shift);
}

}  // namespace gibbon::sim
