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

/// Whether `later` waits for `task`, maybe for others between.
bool precedes(std::span<const Task> tasks, std::size_t task, std::size_t later) {
  auto before = tasks[later].after;
  while (before && *before != task) before = tasks[*before].after;
  return before.has_value();
}

int part_of_threads(std::span<const Task> tasks, std::size_t task, int threads) {
  int together = 1;
  for (std::size_t other = 0; other < tasks.size(); ++other) {
    if (other == task || precedes(tasks, task, other) || precedes(tasks, other, task)) continue;
    ++together;
  }
  return std::max(1, threads / together);
}

/// Who runs, who waits, and how many threads are free; shared by the workers.
class Schedule {
 public:
  Schedule(std::span<const Task> tasks, int threads)
      : tasks_(tasks), states_(tasks.size(), State::kWaiting), free_threads_(threads) {
    for (std::size_t task = 0; task < tasks.size(); ++task) {
      parts_.push_back(part_of_threads(tasks, task, threads));
    }
  }

  /// One worker's work: tasks, until there are none left to start.
  void work() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [this] { return nothing_left() || next() < tasks_.size(); });
      if (nothing_left()) return;
      run(next(), lock);
    }
  }

  void rethrow_failure() const {
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  enum class State { kWaiting, kRunning, kDone };

  /// The first task that can start, or as many as there are.
  std::size_t next() const {
    std::size_t task = 0;
    while (task < tasks_.size() && !can_start(task)) ++task;
    return task;
  }

  bool can_start(std::size_t task) const {
    const auto& after = tasks_[task].after;
    return states_[task] == State::kWaiting && parts_[task] <= free_threads_ &&
           (!after || states_[*after] == State::kDone);
  }

  bool nothing_left() const {
    return failure_ || std::find(states_.begin(), states_.end(), State::kWaiting) == states_.end();
  }

  /// Without the lock while the task runs.
  void run(std::size_t task, std::unique_lock<std::mutex>& lock) {
    states_[task] = State::kRunning;
    free_threads_ -= parts_[task];
    lock.unlock();
    std::exception_ptr thrown;
    try {
      tasks_[task].run(parts_[task]);
    } catch (...) {
      thrown = std::current_exception();
    }
    lock.lock();
    states_[task] = State::kDone;
    free_threads_ += parts_[task];
    if (thrown && (!failure_ || task < failed_)) {
      failure_ = thrown;
      failed_ = task;
    }
    changed_.notify_all();
  }

  std::span<const Task> tasks_;
  std::vector<int> parts_;
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
  threads = std::max(1, threads);
  Schedule schedule(tasks, threads);
  const std::size_t workers = std::min(tasks.size(), static_cast<std::size_t>(threads));
  std::vector<std::thread> pool;
  for (std::size_t i = 1; i < workers; ++i) pool.emplace_back([&] { schedule.work(); });
  schedule.work();
  for (std::thread& thread : pool) thread.join();
  schedule.rethrow_failure();
}

}  // namespace gibbon::base
