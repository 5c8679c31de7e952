#include "gibbon/train/trainers/processor.hpp"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace gibbon::train {

bool processor_multiplies_bfloat16() {
#if defined(__x86_64__)
  constexpr unsigned kSystemSavesState = 1U << 27;  // leaf 1, ecx: OSXSAVE
  constexpr unsigned kAmxBfloat16 = 1U << 22;       // leaf 7, edx
  constexpr unsigned kAmxTile = 1U << 24;           // leaf 7, edx
  constexpr unsigned kTileStates = 3U << 17;        // XCR0: tile configuration and data
  unsigned eax = 0;
  unsigned ebx = 0;
  unsigned ecx = 0;
  unsigned edx = 0;
  if (__get_cpuid(1, &eax, &ebx, &ecx, &edx) == 0 || (ecx & kSystemSavesState) == 0) return false;
  if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) == 0) return false;
  if ((edx & kAmxBfloat16) == 0 || (edx & kAmxTile) == 0) return false;
  unsigned low = 0;
  unsigned high = 0;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (low & kTileStates) == kTileStates;
#else
  return false;
#endif
}

}  // namespace gibbon::train
