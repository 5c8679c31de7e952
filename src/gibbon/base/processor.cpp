#include "gibbon/base/processor.hpp"

#if defined(__x86_64__)
#include <cpuid.h>
#endif
#if defined(__x86_64__) && defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace gibbon::base {

#if defined(__x86_64__)

bool processor_has_tiles(TileProducts products) {
  constexpr unsigned kSystemSavesState = 1U << 27;  // leaf 1, ecx: OSXSAVE
  constexpr unsigned kTiles = 1U << 24;             // leaf 7, edx: AMX-TILE
  constexpr unsigned kByteProducts = 1U << 25;      // leaf 7, edx: AMX-INT8
  constexpr unsigned kBfloat16Products = 1U << 22;  // leaf 7, edx: AMX-BF16
  constexpr unsigned kTileStates = 3U << 17;        // XCR0: tile configuration and data
  const unsigned wanted =
      kTiles | (products == TileProducts::kBytes ? kByteProducts : kBfloat16Products);
  unsigned eax = 0;
  unsigned ebx = 0;
  unsigned ecx = 0;
  unsigned edx = 0;
  if (__get_cpuid(1, &eax, &ebx, &ecx, &edx) == 0 || (ecx & kSystemSavesState) == 0) return false;
  if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) == 0) return false;
  if ((edx & wanted) != wanted) return false;
  unsigned low = 0;
  unsigned high = 0;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (low & kTileStates) == kTileStates;
}

bool processor_has_fast_bfloat16_vectors() {
  __builtin_cpu_init();
  return __builtin_cpu_is("amd") && __builtin_cpu_supports("avx512bf16");
}

#else

bool processor_has_tiles(TileProducts) {
  return false;
}

bool processor_has_fast_bfloat16_vectors() {
  return false;
}

#endif

#if defined(__x86_64__) && defined(__linux__)

bool system_grants_tiles() {
  constexpr long kRequestPermission = 0x1023;  // ARCH_REQ_XCOMP_PERM
  constexpr long kTileData = 18;               // XFEATURE_XTILEDATA
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

#else

bool system_grants_tiles() {
  return false;
}

#endif

}  // namespace gibbon::base
