#include "gibbon/sim/circuits/buffer.hpp"

#include <fmt/format.h>

#include <array>

namespace gibbon::sim {
namespace {

#include "gibbon/sim/circuits/sram_tables.inc"

std::size_t table_index(const hw::Chip& chip, double size_kb) {
  const double technology = chip.buffer_technology_nm;
  const std::size_t base = technology >= 90 ? 0 : technology >= 65 ? 36 : 72;
  std::size_t row = 0;
  for (double limit = 2; row < 8 && size_kb > limit; limit *= 2) ++row;
  const int width = chip.buffer_bitwidth;
  const std::size_t column = width <= 64 ? 0 : width <= 128 ? 1 : width <= 256 ? 2 : 3;
  return base + 4 * row + column;
}

}  // namespace

base::Result<Buffer> buffer_of(const hw::Chip& chip, double size_kb) {
  if (size_kb == 0) return Buffer{};
  const std::size_t index = table_index(chip, size_kb);
  if (kAreaMm2[index] < 0) {
    return base::Infeasible{
        fmt::format("no SRAM of {} KB with {} bits a word: at most 256 bits up to 2 KB", size_kb,
                    chip.buffer_bitwidth)};
  }
  constexpr double kCycleNs = 20;
  const auto power_w = [&](double energy_nj) {
    return (energy_nj / kCycleNs * 1000 + kLeakageMw[index]) * 1e-3;
  };
  return Buffer{kAreaMm2[index] * 1e6, power_w(kReadNj[index]), power_w(kWriteNj[index])};
}

}  // namespace gibbon::sim
