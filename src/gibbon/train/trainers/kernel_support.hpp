#pragma once

// For the kernels of this module: what their bodies share.

#include <cstdint>

// One body, compiled for each instruction set; the loader picks one. The quantisers give the same
// bits with all of them; sums may differ in the last bits (fused multiply-add).
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_THREAD__)
#define GIBBON_TRAIN_CLONES \
  __attribute__((target_clones("arch=skylake-avx512", "arch=haswell", "default")))
#else
#define GIBBON_TRAIN_CLONES
#endif
#define GIBBON_TRAIN_INLINE inline __attribute__((always_inline))

namespace gibbon::train {

// 1.5 * 2^23: adding it leaves no fraction bits, and the adder rounds half to even. Exact for
// magnitudes below 2^22, far above any level.
constexpr float kRoundingShift = 12582912.0F;

// Not std::bit_cast: g++ 12 then finds no vectors for float in the clones and leaves their loops
// scalar.
#define GIBBON_TRAIN_BITS(type, value) __builtin_bit_cast(type, value)

/// `value`, or 0 where `inside` is 0. By bits and not by a choice, which the compiler would turn
/// into branches.
GIBBON_TRAIN_INLINE float masked(float value, std::uint32_t inside) {
  return GIBBON_TRAIN_BITS(float, GIBBON_TRAIN_BITS(std::uint32_t, value) & (0U - inside));
}

}  // namespace gibbon::train
