#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <type_traits>
#include <utility>

#include "gibbon/base/vector_intrinsics.hpp"
#include "gibbon/sim/crossbar/amx_pair_kernel.hpp"
#include "gibbon/sim/crossbar/amx_tiles.hpp"
#include "gibbon/sim/crossbar/digit_pairs.hpp"
#include "gibbon/sim/crossbar/tile_plan.hpp"

#if defined(__x86_64__)
#pragma GCC push_options
#pragma GCC target( \
    "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx512vbmi,fma,prefer-vector-width=512")

namespace gibbon::sim {

namespace {

#include "gibbon/sim/crossbar/amx_pair_tile.inc"

#include "gibbon/sim/crossbar/amx_registers.inc"

struct AmxTiles : AmxRegisters {
  template <int kSum, int kSigned, int kUnsigned>
  void dot() {
    __asm__ volatile("tdpbsud %%tmm%c2, %%tmm%c1, %%tmm%c0"
                     :
                     : "i"(kSum), "i"(kSigned), "i"(kUnsigned));
  }
};

}  // namespace

TileKernel amx_tile_kernel() {
  return {kTilePixels<AmxLanes>, &run_amx_tile<AmxTiles>, &lay_out_for_amx};
}

AmxPairFunction amx_pair_function() {
  return &run_amx_pair_tile<AmxTiles>;
}

}  // namespace gibbon::sim

#pragma GCC pop_options
#else

namespace gibbon::sim {
TileKernel amx_tile_kernel() {
  return portable_tile_kernel();
}
AmxPairFunction amx_pair_function() {
  return nullptr;
}
}  // namespace gibbon::sim

#endif
