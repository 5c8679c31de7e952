#pragma once

#include <bit>
#include <cmath>
#include <concepts>
#include <cstdint>

namespace gibbon::sim {

/// a / b rounded up; a >= 0, b > 0.
template <std::integral A, std::integral B>
constexpr auto ceil_div(A a, B b) {
  return (a + b - 1) / b;
}

/// ceil(log2(n)); n >= 1.
constexpr int ceil_log2(int n) {
  return static_cast<int>(std::bit_width(static_cast<unsigned>(n - 1)));
}

/// The next power of two, exactly; 0 of 0. MNSIM takes the ceiling of a quotient of logarithms,
/// which can round up at exact powers of two (2^29 and above) [Q5].
inline double next_power_of_two(double value) {
  if (value <= 0) return 0;
  int exponent = 0;
  const double fraction = std::frexp(value, &exponent);
  return std::ldexp(1, fraction == 0.5 ? exponent - 1 : exponent);
}

}  // namespace gibbon::sim
