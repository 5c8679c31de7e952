#include "gibbon/sim/crossbar/amx_tiles.hpp"

#include <cstddef>

#include "gibbon/base/processor.hpp"

namespace gibbon::sim {

#if defined(__x86_64__) && defined(__linux__)

bool amx_vectors_available() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512vbmi");
}

bool amx_available() {
  static const bool available = amx_vectors_available() &&
                                base::processor_has_tiles(base::TileProducts::kBytes) &&
                                base::system_grants_tiles();
  return available;
}

#else

bool amx_vectors_available() {
  return false;
}

bool amx_available() {
  return false;
}

#endif

AmxConfig amx_config(int outputs, int quads, int sums) {
  AmxConfig config;
  const auto shape = [&config](int tile, int rows, int row_bytes) {
    config.rows[static_cast<std::size_t>(tile)] = static_cast<std::uint8_t>(rows);
    config.row_bytes[static_cast<std::size_t>(tile)] = static_cast<std::uint16_t>(row_bytes);
  };
  for (int tile = 0; tile < sums; ++tile) shape(tile, outputs, kAmxRowBytes);
  shape(sums, outputs, quads * 4);
  for (int tile = sums + 1; tile < kAmxTiles; ++tile) shape(tile, quads, kAmxRowBytes);
  return config;
}

}  // namespace gibbon::sim
