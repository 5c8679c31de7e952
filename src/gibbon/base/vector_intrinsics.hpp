#pragma once

// The processor's vector and tile instructions, for .cpp files that are compiled for one kind of
// x86; empty on others.

#if defined(__x86_64__)
// GCC 12's own header starts intrinsics from a register that it leaves undefined on purpose, and
// then warns of it, wherever they are inlined.
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include <immintrin.h>
#endif
