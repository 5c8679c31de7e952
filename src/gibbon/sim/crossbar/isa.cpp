#include <fmt/format.h>

#include <algorithm>

#include "gibbon/base/error.hpp"
#include "gibbon/sim/accuracy_simulator.hpp"
#include "gibbon/sim/crossbar/amx_pair_kernel.hpp"
#include "gibbon/sim/crossbar/amx_tiles.hpp"
#include "gibbon/sim/crossbar/bit_plane_kernel.hpp"
#include "gibbon/sim/crossbar/crossbar_kernel.hpp"
#include "gibbon/sim/crossbar/fast_kernel.hpp"

namespace gibbon::sim {

namespace {

KernelMaker fast_kernel_maker(Isa isa) {
  return [isa](const CrossbarLayer& layer) { return make_fast_kernel(layer, isa); };
}

}  // namespace

std::string_view isa_name(Isa isa) {
  for (const auto& [name, candidate] : kIsas) {
    if (candidate == isa) return name;
  }
  return "reference";
}

std::vector<Isa> available_isas() {
  std::vector<Isa> isas;
#if defined(__x86_64__)
  if (amx_available()) isas.push_back(Isa::kAmx);
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vnni")) {
    if (bit_planes_available()) isas.push_back(Isa::kAvx512Popcnt);
    isas.push_back(Isa::kAvx512Vnni);
  }
  if (__builtin_cpu_supports("avx2")) isas.push_back(Isa::kAvx2);
#endif
  isas.push_back(Isa::kScalar);
  isas.push_back(Isa::kReference);
  return isas;
}

Isa resolve_isa(Isa isa) {
  const std::vector<Isa> available = available_isas();
  if (isa == Isa::kAuto) return available.front();
  if (std::find(available.begin(), available.end(), isa) != available.end()) return isa;
  std::string names;
  for (const Isa known : available) names += fmt::format(" {}", isa_name(known));
  throw base::Error(fmt::format("instruction set '{}' is not available here, these are: auto{}",
                                isa_name(isa), names));
}

namespace {

/// A tile of AMX holds 64 rows; with less than half of them, counting bits is faster
/// (docs/performance.md).
constexpr std::size_t kFewestAmxRows = 32;

bool better_counted(const CrossbarLayer& layer) {
  if (layer.dac_bits != 1 || layer.cell_bits != 1) return false;
  return std::all_of(layer.blocks.begin(), layer.blocks.end(),
                     [](const RowBlock& block) { return block.rows.size() < kFewestAmxRows; });
}

Isa resolve_isa_for(const CrossbarLayer& layer, Isa isa) {
  const Isa best = resolve_isa(isa);
  if (isa != Isa::kAuto || best != Isa::kAmx || !better_counted(layer)) return best;
  return bit_planes_available() ? Isa::kAvx512Popcnt : best;
}

}  // namespace

std::unique_ptr<CrossbarKernel> make_crossbar_kernel(CrossbarLayer layer, Isa isa) {
  isa = resolve_isa_for(layer, isa);
  if (isa == Isa::kReference || !fast_kernels_can_run(layer)) {
    return make_reference_kernel(std::move(layer));
  }
  if (isa == Isa::kAmx) {
    return make_amx_pair_kernel(layer, amx_pair_function(), fast_kernel_maker(isa));
  }
  if (isa == Isa::kAvx512Popcnt) {
    return make_bit_plane_kernel(layer, fast_kernel_maker(Isa::kAvx512Vnni));
  }
  return make_fast_kernel(layer, isa);
}

}  // namespace gibbon::sim
