#include <algorithm>
#include <cstring>
#include <type_traits>

#include "gibbon/sim/crossbar/digit_pairs.hpp"
#include "gibbon/sim/crossbar/tile_plan.hpp"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma GCC push_options
#pragma GCC target("avx2")

namespace gibbon::sim {

namespace {

struct Avx2 {
  using Int = __m256i;
  using Float = __m256;
  static constexpr int kLanes = 8;
  static constexpr int kVectors = 2;
  static constexpr int kOutputs = 4;

  static Int broadcast_int(std::int32_t value) { return _mm256_set1_epi32(value); }
  static Float broadcast(float value) { return _mm256_set1_ps(value); }
  static Int load_bytes(const std::uint8_t* bytes) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes));
  }
  static Int load(const std::int32_t* from) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  }
  static void store(std::int32_t* to, Int value) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), value);
  }
  static Float load_float(const std::int32_t* from) { return _mm256_castsi256_ps(load(from)); }
  static void store_float(std::int32_t* to, Float value) { store(to, _mm256_castps_si256(value)); }
  /// Exact while two products fit 16 bits, which 6-bit digits guarantee (2 * 126 * 63 < 2^15).
  static Int dot(Int sum, Int digits, Int weights) {
    const Int pairs = _mm256_maddubs_epi16(digits, weights);
    return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
  }
  static Int add(Int a, Int b) { return _mm256_add_epi32(a, b); }
  static Int shift_left(Int a, int bits) { return _mm256_slli_epi32(a, bits); }
  static Int to_int(Float a) { return _mm256_cvtps_epi32(a); }
  static Float to_float(Int a) { return _mm256_cvtepi32_ps(a); }
  static Float add(Float a, Float b) { return _mm256_add_ps(a, b); }
  static Float subtract(Float a, Float b) { return _mm256_sub_ps(a, b); }
  static Float multiply(Float a, Float b) { return _mm256_mul_ps(a, b); }
  static Float multiply_add(Float a, Float b, Float c) { return add(multiply(a, b), c); }
  static Float clamp(Float a, Float low, Float high) {
    return _mm256_min_ps(_mm256_max_ps(a, low), high);
  }
  static Float gather(const float* origin, Int index) {
    return _mm256_i32gather_ps(origin, index, 4);
  }
};

#include "gibbon/sim/crossbar/tile_kernel.inc"

}  // namespace

TileKernel avx2_tile_kernel() {
  return {kTilePixels<Avx2>, &run_tile<Avx2>};
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
