#pragma once

#include <cstdint>

#include "gibbon/base/result.hpp"
#include "gibbon/hw/hardware_config.hpp"

namespace gibbon::sim {

/// An SRAM buffer. MNSIM's only kind: its Buffer_Choice, areas and powers given by the user have no
/// effect [Q13].
struct Buffer {
  double area_um2 = 0;
  double read_power_w = 0;
  double write_power_w = 0;
};

/// Cost of a buffer of `size_kb`; a size of 0 means that there is none and costs nothing.
/// Infeasible where the tables hold no such memory (2 KB or less with more than 256 bits).
base::Result<Buffer> buffer_of(const hw::Chip& chip, double size_kb);

/// Time to move `bits` into or out of a buffer, ns: whole words of `bitwidth`, 20 ns each.
inline double buffer_transfer_ns(std::int64_t bits, int bitwidth) {
  const std::int64_t words = (bits + bitwidth - 1) / bitwidth;
  return static_cast<double>(words * 20);
}

}  // namespace gibbon::sim
