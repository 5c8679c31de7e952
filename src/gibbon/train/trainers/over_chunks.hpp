#pragma once

// For the .cpp files of this module, after <ATen/Parallel.h>: no header names libtorch itself.

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#ifndef INTRA_OP_PARALLEL
#error "at::parallel_for would run on one thread: compile with OpenMP"
#endif

namespace gibbon::train {

/// Values that a thread takes at a time: they and what is computed of them stay in its L2 cache.
constexpr std::int64_t kChunk = 1 << 15;

/// Calls body(chunk, first, count) over chunks of `chunk_size` of [0, size), the last one maybe
/// smaller, in parallel. The chunks are the same for every number of threads. Each thread takes its
/// share of them in order, and then what others have left: cores of a shared machine are not
/// equally fast.
template <typename Body>
void over_chunks(std::int64_t size, std::int64_t chunk_size, const Body& body) {
  const std::int64_t chunks = (size + chunk_size - 1) / chunk_size;
  const std::int64_t shares = std::min<std::int64_t>(chunks, at::get_num_threads());
  if (shares <= 0) return;
  const auto begin = [&](std::int64_t share) { return chunks * share / shares; };
  std::vector<std::atomic<std::int64_t>> next(static_cast<std::size_t>(shares));
  for (std::int64_t share = 0; share < shares; ++share) {
    next[static_cast<std::size_t>(share)] = begin(share);
  }
  const auto take_from = [&](std::int64_t share) {
    for (;;) {
      const std::int64_t chunk = next[static_cast<std::size_t>(share)]++;
      if (chunk >= begin(share + 1)) return;
      const std::int64_t first = chunk * chunk_size;
      body(chunk, first, static_cast<std::size_t>(std::min(chunk_size, size - first)));
    }
  };
  at::parallel_for(0, shares, 1, [&](std::int64_t own, std::int64_t end) {
    for (; own < end; ++own) {
      for (std::int64_t i = 0; i < shares; ++i) take_from((own + i) % shares);
    }
  });
}

}  // namespace gibbon::train
