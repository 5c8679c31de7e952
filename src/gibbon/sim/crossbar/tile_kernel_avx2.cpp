#include <algorithm>
#include <cstring>
#include <type_traits>
#include <utility>

#include "gibbon/base/vector_intrinsics.hpp"
#include "gibbon/sim/crossbar/digit_pairs.hpp"
#include "gibbon/sim/crossbar/tile_plan.hpp"

#if defined(__x86_64__)
#pragma GCC push_options
#pragma GCC target("avx2")

namespace gibbon::sim {

namespace {

#include "gibbon/sim/crossbar/tile_kernel.inc"

struct Avx2 : Lanes<8> {
  static constexpr int kVectors = 2;
  static constexpr int kOutputs = 4;

  /// Exact while two products fit 16 bits, which 6-bit digits guarantee (2 * 126 * 63 < 2^15).
  static Int dot(Int sum, Int digits, Int weights) {
    const __m256i pairs = _mm256_maddubs_epi16((__m256i)digits, (__m256i)weights);
    return sum + (Int)_mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
  }
  static Float to_float(Int a) { return __builtin_convertvector(a, Float); }
  static Int to_int(Float a) { return (Int)_mm256_cvtps_epi32(a); }
  static Float multiply_add(Float a, Float b, Float c) { return a * b + c; }
  static Float clamp(Float a, Float low, Float high) {
    return _mm256_min_ps(_mm256_max_ps(a, low), high);
  }
  static Float gather(const float* origin, Int index) {
    return _mm256_i32gather_ps(origin, (__m256i)index, 4);
  }
};

}  // namespace

TileKernel avx2_tile_kernel() {
  return {kTilePixels<Avx2>, &run_tile<Avx2>, &pair_cycles};
}

}  // namespace gibbon::sim

#pragma GCC pop_options
#else

namespace gibbon::sim {
TileKernel avx2_tile_kernel() {
  return portable_tile_kernel();
}
}  // namespace gibbon::sim

#endif
