#include <algorithm>
#include <cstring>
#include <type_traits>
#include <utility>

#include "gibbon/base/vector_intrinsics.hpp"
#include "gibbon/sim/crossbar/digit_pairs.hpp"
#include "gibbon/sim/crossbar/tile_plan.hpp"

#if defined(__x86_64__)
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,fma,prefer-vector-width=512")

namespace gibbon::sim {

namespace {

#include "gibbon/sim/crossbar/lanes_avx512.inc"

}  // namespace

TileKernel avx512_tile_kernel() {
  using Vectors = Avx512<3>;
  return {kTilePixels<Vectors>, &run_tile<Vectors>, &pair_cycles};
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
