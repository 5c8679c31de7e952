#pragma once

#include "gibbon/sim/crossbar/tile_plan.hpp"

namespace gibbon::sim {

// With a 1-bit DAC a byte has room for two input digits, so that one multiplication serves two
// cycles: byte = d0 + 126 d1 + 127 (0..254). A column's sum is then n0 + 126 n1 (the offset is
// taken back by a constant), and as long as |n0| <= 62 both are known exactly: n1 = round(sum /
// 126), n0 = sum - 126 n1. The weights bound |n0|: rows are cut into chunks in which no column has
// more than 62 (counting a digit's value), and n0 is worked out at the end of each.
inline constexpr int kPairBase = 126;
inline constexpr int kPairOffset = 1 + kPairBase;
inline constexpr int kPairLimit = (kPairBase - 1) / 2;

/// Turns on pairs of cycles in the plan of a layer where that is possible and saves work.
void pair_cycles(const CrossbarLayer& layer, TilePlan& plan);

}  // namespace gibbon::sim
