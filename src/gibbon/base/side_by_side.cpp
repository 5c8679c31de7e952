#include "gibbon/base/side_by_side.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "gibbon/base/error.hpp"

namespace gibbon::base {

namespace {

/// Who runs, who waits, and how many threads are free; shared by the workers.
class Schedule {
 public:
  Schedule(std::span<const Task> tasks, int threads)
      : tasks_(tasks), states_(tasks.size(), State::kWaiting), free_threads_(threads) {}

  /// One worker's work: tasks, until there are none left to start.
  void work() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [this] { return nothing_left() || (free_threads_ > 0 && ready() > 0); });
      if (nothing_left()) return;
      run_next(lock);
    }
  }

  void rethrow_failure() const {
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  enum class State { kWaiting, kRunning, kDone };

  bool is_ready(std::size_t task) const {
    const auto& after = tasks_[task].after;
    return states_[task] == State::kWaiting && (!after || states_[*after] == State::kDone);
  }

  int ready() const {
    int count = 0;
    for (std::size_t task = 0; task < tasks_.size(); ++task) count += is_ready(task) ? 1 : 0;
    return count;
  }

  bool nothing_left() const {
    return failure_ || std::find(states_.begin(), states_.end(), State::kWaiting) == states_.end();
  }

  /// Runs the first ready task, without the lock while it runs.
  void run_next(std::unique_lock<std::mutex>& lock) {
    const int threads = std::max(1, free_threads_ / ready());
    std::size_t task = 0;
    while (!is_ready(task)) ++task;
    states_[task] = State::kRunning;
    free_threads_ -= threads;
    lock.unlock();
    std::exception_ptr thrown;
    try {
      tasks_[task].run(threads);
    } catch (...) {
      thrown = std::current_exception();
    }
    lock.lock();
    states_[task] = State::kDone;
    free_threads_ += threads;
    if (thrown && (!failure_ || task < failed_)) {
      failure_ = thrown;
      failed_ = task;
    }
    changed_.notify_all();
  }

  std::span<const Task> tasks_;
  std::vector<State> states_;
  int free_threads_;
  std::exception_ptr failure_;
  std::size_t failed_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
};

}  // namespace

void run_side_by_side(std::span<const Task> tasks, int threads) {
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    if (!tasks[i].after || *tasks[i].after < i) continue;
    throw Error(
        fmt::format("task {} waits for task {}, which is not before it", i, *tasks[i].after));
  }
  Schedule schedule(tasks, std::max(1, threads));
  const std::size_t workers =
      std::min(tasks.size(), static_cast<std::size_t>(std::max(1, threads)));
  std::vector<std::thread> pool;
  for (std::size_t i = 1; i < workers; ++i) pool.emplace_back([&] { schedule.work(); });
  schedule.work();
  for (std::thread& thread : pool) thread.join();
  schedule.rethrow_failure();
}

}  // namespace gibbon::base
