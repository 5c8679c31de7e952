#pragma once

#include <cstddef>
#include <functional>

namespace gibbon::base {

/// Calls body(i) once for each i in [0, count), on at most `threads` threads, handing out indices
/// one at a time, in their order. Returns when all are done; of the exceptions that bodies throw,
/// that of the lowest index is rethrown here, the same for each number of threads, and no further
/// indices are handed out. The result may not depend on which thread ran an index.
void parallel_for(std::size_t count, int threads, const std::function<void(std::size_t)>& body);

}  // namespace gibbon::base
