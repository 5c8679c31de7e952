#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <type_traits>
#include <utility>

#include "gibbon/base/vector_intrinsics.hpp"
#include "sim/crossbar/emulated_amx.hpp"

#if defined(__x86_64__)
#include "gibbon/sim/crossbar/digit_pairs.hpp"

#pragma GCC push_options
#pragma GCC target( \
    "avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx512vbmi,fma,prefer-vector-width=512")

namespace gibbon::sim {

namespace {

#include "gibbon/sim/crossbar/amx_pair_tile.inc"

}  // namespace

TileKernel emulated_amx_tile_kernel() {
  return {kTilePixels<AmxLanes>, &run_amx_tile<EmulatedTiles>, &lay_out_for_amx};
}

AmxPairFunction emulated_amx_pair_function() {
  return &run_amx_pair_tile<EmulatedTiles>;
}

}  // namespace gibbon::sim

#pragma GCC pop_options
#else

namespace gibbon::sim {
TileKernel emulated_amx_tile_kernel() {
  return portable_tile_kernel();
}
AmxPairFunction emulated_amx_pair_function() {
  return nullptr;
}
}  // namespace gibbon::sim

#endif
