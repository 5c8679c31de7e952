#pragma once

#include <cstdint>

namespace gibbon::sim {

/// A cache line: one row of an AMX tile register, or one AVX-512 vector.
struct alignas(64) TileRow {
  std::uint8_t bytes[64];
};

}  // namespace gibbon::sim
