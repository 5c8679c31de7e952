#pragma once

#include <memory>

#include "gibbon/sim/crossbar/crossbar_kernel.hpp"

namespace gibbon::sim {

/// Whether the digits fit the bytes that the fast kernels multiply.
bool fast_kernels_can_run(const CrossbarLayer& layer);

/// kScalar, kAvx2 or kAvx512Vnni; the machine must have it and fast_kernels_can_run must hold.
std::unique_ptr<CrossbarKernel> make_fast_kernel(const CrossbarLayer& layer, Isa isa);

}  // namespace gibbon::sim
