#pragma once

#include <memory>

#include "gibbon/sim/crossbar/crossbar_kernel.hpp"

namespace gibbon::sim {

/// Whether this build and machine can count bits in vectors.
bool bit_planes_available();

/// Counts bits (bit_plane_plan.hpp) where the layer and the images allow it: inputs that are not
/// negative, and running sums that float32 does not round. All other images go to `general`, which
/// gives the same results. Returns `general` itself where the layer does not suit.
/// bit_planes_available must hold.
std::unique_ptr<CrossbarKernel> make_bit_plane_kernel(const CrossbarLayer& layer,
                                                      std::unique_ptr<CrossbarKernel> general);

}  // namespace gibbon::sim
