#pragma once

#include <memory>

#include "gibbon/sim/crossbar/integer_sum_kernel.hpp"

namespace gibbon::sim {

/// Whether this build and machine can count bits in vectors.
bool bit_planes_available();

/// Counts bits (bit_plane_plan.hpp) where the layer and the images allow it: inputs that are not
/// negative, and running sums that float32 does not round. All other images go to the kernel that
/// `general` makes, once it is needed, and which gives the same results; a layer that does not suit
/// gets that kernel alone. bit_planes_available must hold.
std::unique_ptr<CrossbarKernel> make_bit_plane_kernel(const CrossbarLayer& layer,
                                                      KernelMaker general);

}  // namespace gibbon::sim
