#include "gibbon/sim/crossbar/code_table.hpp"

#include <algorithm>
#include <cmath>

namespace gibbon::sim {

void SumRange::widen(const SumRange& other) {
  plus = std::max(plus, other.plus);
  minus = std::max(minus, other.minus);
}

std::optional<std::vector<std::int8_t>> code_table(const AdcTransfer& adc, const SumRange& range) {
  constexpr float kByteLimit = 127;
  std::vector<std::int8_t> codes;
  for (int sum = -range.minus; sum <= range.plus; ++sum) {
    const float code = adc.scale_code(static_cast<float>(sum));
    if (std::abs(code) > kByteLimit) return std::nullopt;
    codes.push_back(static_cast<std::int8_t>(code));
  }
  return codes;
}

std::optional<std::int32_t> exact_room(const AdcTransfer& adc, const SumRange* columns, int cycles,
                                       int parts, int cell_bits) {
  constexpr double kExactLimit = 1 << 24;  // integers up to here are exact in float32
  double largest = 0;
  for (int j = 0; j < parts; ++j) {
    const double plus = adc.scale_code(static_cast<float>(columns[j].plus));
    const double minus = adc.scale_code(static_cast<float>(columns[j].minus));
    largest += std::ldexp(std::max(plus, minus), j * cell_bits);
  }
  const double room = kExactLimit - largest * ((1 << cycles) - 1);
  if (room < 0) return std::nullopt;
  return static_cast<std::int32_t>(room);
}

}  // namespace gibbon::sim
