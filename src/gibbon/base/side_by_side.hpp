#pragma once

#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <utility>
#include <vector>

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

/// Makes `count` results side by side, each by make(index, threads), and hands them to `take` one
/// at a time in the order of their indices, each as soon as all before it are there. Once `take`
/// returns false no further one is begun or taken. Exceptions as above.
template <class Result>
void make_in_order(std::size_t count, int threads,
                   const std::function<Result(std::size_t, int)>& make,
                   const std::function<bool(Result)>& take) {
  std::mutex mutex;
  std::vector<std::optional<Result>> results(count);
  std::size_t taken = 0;
  bool go_on = true;
  const auto is_wanted = [&] {
    const std::lock_guard lock(mutex);
    return go_on;
  };
  const auto hand_over = [&](std::size_t index, Result result) {
    const std::lock_guard lock(mutex);
    results[index] = std::move(result);
    while (go_on && taken < count && results[taken]) {
      Result next = *std::exchange(results[taken++], std::nullopt);
      go_on = false;  // should `take` throw
      go_on = take(std::move(next));
    }
  };
  std::vector<Task> tasks(count);
  for (std::size_t index = 0; index < count; ++index) {
    tasks[index].run = [&, index](int part) {
      if (is_wanted()) hand_over(index, make(index, part));
    };
  }
  run_side_by_side(tasks, threads);
}

}  // namespace gibbon::base
