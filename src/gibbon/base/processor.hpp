#pragma once

namespace gibbon::base {

/// What AMX multiplies in tiles.
enum class TileProducts { kBytes, kBfloat16 };

/// Whether the processor has AMX tiles with these products and the operating system keeps their
/// state (Intel SDM volume 1, chapter 18).
bool processor_has_tiles(TileProducts products);

/// Whether the processor's vectors multiply bfloat16 (AVX512-BF16) twice as fast as float32: AMD's
/// do, from Zen 4 on; Intel's do not (uops.info, VDPBF16PS beside VFMADD231PS).
bool processor_has_fast_bfloat16_vectors();

/// Asks the system for the leave to use tiles, which Linux gives a process, with all its threads,
/// only then (x86/xstate.rst of the kernel's documentation). Whether it was given.
bool system_grants_tiles();

}  // namespace gibbon::base
