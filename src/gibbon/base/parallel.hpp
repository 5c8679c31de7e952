#pragma once

#include <cstddef>
#include <functional>

namespace gibbon::base {

/// Calls body(i) once for each i in [0, count), on at most `threads` threads, handing out indices
/// one at a time. Returns when all are done; the first exception of a body is rethrown here after
/// the others have finished. The result may not depend on which thread ran an index.
void parallel_for(std::size_t count, int threads, const std::function<void(std::size_t)>& body);

}  // namespace gibbon::base
