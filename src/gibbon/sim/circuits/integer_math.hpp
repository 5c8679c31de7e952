#pragma once

#include <bit>
#include <cstdint>

namespace gibbon::sim {

/// a / b rounded up; a >= 0, b > 0.
constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

/// ceil(log2(n)); n >= 1.
constexpr int ceil_log2(int n) {
  return std::bit_width(static_cast<unsigned>(n - 1));
}

}  // namespace gibbon::sim
