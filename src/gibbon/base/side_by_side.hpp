#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>

namespace gibbon::base {

/// A long piece of work that may use several threads of its own, such as one training.
struct Task {
  std::function<void(int threads)> run;
  std::optional<std::size_t> after = {};  ///< an earlier task that must have returned before
};

/// Runs each task once, as many at a time as there are threads, those first in the list first. A
/// task gets its part of the threads: all of them divided by the number of tasks that may run at
/// the same time, itself among them; at least one. So the part follows from the list and `threads`
/// alone. Returns when all are done. After a task has thrown no further ones start; of the
/// exceptions that of the lowest index is rethrown here. Throws base::Error for a task after itself
/// or a later one.
void run_side_by_side(std::span<const Task> tasks, int threads);

}  // namespace gibbon::base
