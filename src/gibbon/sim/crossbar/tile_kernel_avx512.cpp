#include <algorithm>
#include <cstring>
#include <type_traits>

#include "gibbon/sim/crossbar/digit_pairs.hpp"
#include "gibbon/sim/crossbar/tile_plan.hpp"

#if defined(__x86_64__)
// GCC 12's own header starts intrinsics from a register that it leaves undefined on purpose, and
// then warns of it.
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include <immintrin.h>

#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,fma,prefer-vector-width=512")

namespace gibbon::sim {

namespace {

struct Avx512 {
  using Int = __m512i;
  using Float = __m512;
  static constexpr int kLanes = 16;
  static constexpr int kVectors = 3;
  static constexpr int kOutputs = 8;

  static Int broadcast_int(std::int32_t value) { return _mm512_set1_epi32(value); }
  static Float broadcast(float value) { return _mm512_set1_ps(value); }
  static Int load_bytes(const std::uint8_t* bytes) { return _mm512_loadu_si512(bytes); }
  static Int load(const std::int32_t* from) { return _mm512_loadu_si512(from); }
  static void store(std::int32_t* to, Int value) { _mm512_storeu_si512(to, value); }
  static Float load_float(const std::int32_t* from) { return _mm512_castsi512_ps(load(from)); }
  static void store_float(std::int32_t* to, Float value) { store(to, _mm512_castps_si512(value)); }
  static Int dot(Int sum, Int digits, Int weights) {
    return _mm512_dpbusd_epi32(sum, digits, weights);
  }
  static Int add(Int a, Int b) { return _mm512_add_epi32(a, b); }
  static Int shift_left(Int a, int bits) {
    return _mm512_slli_epi32(a, static_cast<unsigned>(bits));
  }
  static Int to_int(Float a) { return _mm512_cvtps_epi32(a); }
  static Float to_float(Int a) { return _mm512_cvtepi32_ps(a); }
  static Float add(Float a, Float b) { return _mm512_add_ps(a, b); }
  static Float subtract(Float a, Float b) { return _mm512_sub_ps(a, b); }
  static Float multiply(Float a, Float b) { return _mm512_mul_ps(a, b); }
  static Float multiply_add(Float a, Float b, Float c) { return _mm512_fmadd_ps(a, b, c); }
  static Float clamp(Float a, Float low, Float high) {
    return _mm512_min_ps(_mm512_max_ps(a, low), high);
  }
  static Float gather(const float* origin, Int index) {
    return _mm512_i32gather_ps(index, origin, 4);
  }
};

#include "gibbon/sim/crossbar/tile_kernel.inc"

}  // namespace

TileKernel avx512_tile_kernel() {
  return {kTilePixels<Avx512>, &run_tile<Avx512>};
}

}  // namespace gibbon::sim

#pragma GCC pop_options
#else

namespace gibbon::sim {
TileKernel avx512_tile_kernel() {
  return portable_tile_kernel();
}
}  // namespace gibbon::sim

#endif
