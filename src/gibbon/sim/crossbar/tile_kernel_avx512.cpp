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

#include "gibbon/sim/crossbar/tile_kernel.inc"

struct Avx512 : Lanes<16> {
  static constexpr int kVectors = 3;
  static constexpr int kOutputs = 8;

  static Int dot(Int sum, Int digits, Int weights) {
    return (Int)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)digits, (__m512i)weights);
  }
  static Float to_float(Int a) { return __builtin_convertvector(a, Float); }
  static Int to_int(Float a) { return (Int)_mm512_cvtps_epi32(a); }
  static Float multiply_add(Float a, Float b, Float c) { return _mm512_fmadd_ps(a, b, c); }
  static Float clamp(Float a, Float low, Float high) {
    return _mm512_min_ps(_mm512_max_ps(a, low), high);
  }
  static Float gather(const float* origin, Int index) {
    return _mm512_i32gather_ps((__m512i)index, origin, 4);
  }
};

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
