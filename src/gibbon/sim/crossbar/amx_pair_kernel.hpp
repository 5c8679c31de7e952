#pragma once

#include <memory>
#include <vector>

#include "gibbon/sim/crossbar/amx_pair_plan.hpp"
#include "gibbon/sim/crossbar/integer_sum_kernel.hpp"
#include "gibbon/sim/crossbar/tile_row.hpp"

namespace gibbon::sim {

inline constexpr int kPairVectors = 2;  ///< of a tile's pixels
inline constexpr int kPairPixels = kPairVectors * kAmxPixels;

/// What one thread needs for one tile of pixels.
struct AmxPairBuffers {
  explicit AmxPairBuffers(const AmxPairPlan& plan);

  std::vector<TileRow> digits;  ///< [vector][pair][quad], bytes [pixel][4]
  // Of a tile of outputs:
  std::vector<TileRow> columns;  ///< [vector][pair][output], 32-bit sums of two cycles
  std::vector<TileRow> indices;  ///< [vector][output][group], bytes: fields of the segments so far
  std::vector<TileRow> codes;    ///< [vector][output], 32-bit: the parts so far
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
