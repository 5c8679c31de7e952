#pragma once

// For the .cpp files of this module, after <ATen/Parallel.h>: no header names libtorch itself.

#include <algorithm>
#include <cstddef>
#include <cstdint>

#ifndef INTRA_OP_PARALLEL
#error "at::parallel_for would run on one thread: compile with OpenMP"
#endif

namespace gibbon::train {

/// Values that a thread takes at a time: they and what is computed of them stay in its L2 cache.
constexpr std::int64_t kChunk = 1 << 15;

/// Calls body(chunk, first, count) over chunks of `chunk_size` of [0, size), the last one maybe
/// smaller, in parallel. The chunks are the same for every number of threads.
template <typename Body>
void over_chunks(std::int64_t size, std::int64_t chunk_size, const Body& body) {
  const std::int64_t chunks = (size + chunk_size - 1) / chunk_size;
  at::parallel_for(0, chunks, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t chunk = begin; chunk < end; ++chunk) {
      const std::int64_t first = chunk * chunk_size;
      body(chunk, first, static_cast<std::size_t>(std::min(chunk_size, size - first)));
    }
  });
}

}  // namespace gibbon::train
