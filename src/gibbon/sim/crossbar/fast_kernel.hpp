#pragma once

#include <memory>

#include "gibbon/sim/crossbar/crossbar_kernel.hpp"
#include "gibbon/sim/crossbar/tile_plan.hpp"

namespace gibbon::sim {

/// Whether the digits fit the bytes that the fast kernels multiply.
bool fast_kernels_can_run(const CrossbarLayer& layer);

/// kScalar, kAvx2, kAvx512Vnni or kAmx; the machine must have it and fast_kernels_can_run must
/// hold.
std::unique_ptr<CrossbarKernel> make_fast_kernel(const CrossbarLayer& layer, Isa isa);
/// The same with a tile kernel of one's own.
std::unique_ptr<CrossbarKernel> make_fast_kernel(const CrossbarLayer& layer, TileKernel kernel);

}  // namespace gibbon::sim
