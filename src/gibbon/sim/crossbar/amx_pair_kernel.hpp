#pragma once

#include <array>
#include <memory>
#include <vector>

#include "gibbon/sim/crossbar/amx_pair_plan.hpp"
#include "gibbon/sim/crossbar/integer_sum_kernel.hpp"
#include "gibbon/sim/crossbar/tile_row.hpp"

namespace gibbon::sim {

/// What one thread needs for one tile of kAmxPixels pixels: with the weights of one part of a tile
/// of outputs it stays in a core's first cache.
struct AmxPairBuffers {
  explicit AmxPairBuffers(const AmxPairPlan& plan);

  std::vector<TileRow> digits;  ///< [pair][quad], bytes [pixel][4]
  /// Of two parts, one that is multiplied while the other is converted: [segment][pair][output],
  /// 32-bit sums of two cycles.
  std::array<std::vector<TileRow>, 2> columns;
  std::vector<TileRow> codes;      ///< [output of a tile], 32-bit: the parts so far
  std::vector<std::int32_t> sums;  ///< [output of the layer][pixel]
};

/// Computes the sums of one tile of pixels from padded images of bytes; false where float32 might
/// have rounded one.
using AmxPairFunction = bool (*)(const AmxPairPlan& plan, const std::uint8_t* images,
                                 const std::int32_t* pixel_offsets, AmxPairBuffers& buffers);

/// AMX's own; amx_available must hold.
AmxPairFunction amx_pair_function();

/// Two cycles at a time (amx_pair_plan.hpp) where the layer and the images allow it, `general` for
/// the rest, see IntegerSumKernel; a layer that does not suit gets that kernel alone.
std::unique_ptr<CrossbarKernel> make_amx_pair_kernel(const CrossbarLayer& layer,
                                                     AmxPairFunction function, KernelMaker general);

}  // namespace gibbon::sim
