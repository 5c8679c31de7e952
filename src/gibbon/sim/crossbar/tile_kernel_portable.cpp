#include <algorithm>
#include <cstring>
#include <type_traits>
#include <utility>

#include "gibbon/sim/crossbar/digit_pairs.hpp"
#include "gibbon/sim/crossbar/tile_plan.hpp"

namespace gibbon::sim {

namespace {

#include "gibbon/sim/crossbar/tile_kernel.inc"

/// Four lanes on any machine.
struct Portable : Lanes<4> {
  static constexpr int kVectors = 4;
  static constexpr int kOutputs = 2;

  static Int dot(Int sum, Int digits, Int weights) {
    for (int byte = 0; byte < 4; ++byte) {
      const Int digit = (digits >> (8 * byte)) & 0xff;
      const auto weight = static_cast<std::int32_t>(
          static_cast<std::int8_t>(weights[0] >> (8 * byte)));  // NOLINT: the sign is meant
      sum += digit * weight;
    }
    return sum;
  }
  static Float to_float(Int a) { return __builtin_convertvector(a, Float); }
  static Int to_int(Float a) { return __builtin_convertvector(a, Int); }
  static Float multiply_add(Float a, Float b, Float c) { return a * b + c; }
  static Float clamp(Float a, Float low, Float high) {
    a = a < low ? low : a;
    return a > high ? high : a;
  }
  static Float gather(const float* origin, Int index) {
    return Float{origin[index[0]], origin[index[1]], origin[index[2]], origin[index[3]]};
  }
};

}  // namespace

TileKernel portable_tile_kernel() {
  return {kTilePixels<Portable>, &run_tile<Portable>, &pair_cycles};
}

}  // namespace gibbon::sim
