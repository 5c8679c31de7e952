#include "gibbon/base/side_by_side.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <barrier>
#include <chrono>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

#include "error_of.hpp"
#include "gibbon/base/error.hpp"

namespace gibbon::base {
namespace {

using testing::ElementsAre;

TEST(RunSideBySide, RunsEachTaskOnceAndAfterTheOneItNames) {
  for (const int threads : {0, 1, 2, 9}) {
    std::mutex mutex;
    std::vector<int> order;
    const auto append = [&](int task) {
      return [&, task](int) {
        const std::lock_guard lock(mutex);
        order.push_back(task);
      };
    };
    run_side_by_side(std::vector<Task>{{append(0)}, {append(1), 0}, {append(2), 1}}, threads);
    EXPECT_THAT(order, ElementsAre(0, 1, 2)) << threads;
  }
  run_side_by_side({}, 2);
}

// On one thread nothing runs at the same time, so that the order is that of the list.
TEST(RunSideBySide, StartsWhatIsReadyInTheListsOrder) {
  std::vector<int> order;
  const auto append = [&order](int task) { return [&order, task](int) { order.push_back(task); }; };
  run_side_by_side(std::vector<Task>{{append(0)}, {append(1), 0}, {append(2)}, {append(3), 1}}, 1);
  EXPECT_THAT(order, ElementsAre(0, 1, 2, 3));
}

// The first task has all others behind it and so all five threads; the two that wait for it, and
// meet, get 5 / 2 each.
TEST(RunSideBySide, DividesTheThreadsAmongTasksThatMayRunTogether) {
  std::array<int, 3> given{};
  std::barrier both(2);
  const auto meet = [&](std::size_t task) {
    return [&, task](int threads) {
      given[task] = threads;
      both.arrive_and_wait();
    };
  };
  run_side_by_side(
      std::vector<Task>{{[&](int threads) { given[0] = threads; }}, {meet(1), 0}, {meet(2), 0}}, 5);
  EXPECT_THAT(given, ElementsAre(5, 2, 2));
}

// 0 and the chain 1, 2, 3 are independent: each of them may meet one of the other, and 0 three.
TEST(RunSideBySide, CountsEveryTaskOfAnotherChain) {
  std::array<int, 4> given{};
  const auto keep = [&](std::size_t task) {
    return [&given, task](int threads) { given[task] = threads; };
  };
  run_side_by_side(std::vector<Task>{{keep(0)}, {keep(1)}, {keep(2), 1}, {keep(3), 2}}, 8);
  EXPECT_THAT(given, ElementsAre(2, 4, 4, 4));
}

// Three tasks of one thread each on two: never more than two at a time.
TEST(RunSideBySide, NeverUsesMoreThreadsThanThereAre) {
  std::atomic<int> running = 0;
  std::atomic<int> most = 0;
  const auto work = [&](int threads) {
    const int now = running += threads;
    int seen = most;
    while (seen < now && !most.compare_exchange_weak(seen, now)) {
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    running -= threads;
  };
  run_side_by_side(std::vector<Task>(9, {work}), 2);
  EXPECT_LE(most, 2);
}

TEST(RunSideBySide, StartsNothingAfterAFailureAndRethrowsIt) {
  int after = 0;
  const std::vector<Task> tasks = {{[](int) { throw std::runtime_error("first"); }},
                                   {[&](int) { ++after; }, 0},
                                   {[&](int) { ++after; }}};
  EXPECT_THROW(run_side_by_side(tasks, 1), std::runtime_error);
  EXPECT_EQ(after, 0);
}

TEST(RunSideBySide, RethrowsTheFailureOfTheLowestIndex) {
  std::barrier both(2);
  const auto fail = [&](const char* text) {
    return [&both, text](int) {
      both.arrive_and_wait();
      throw std::runtime_error(text);
    };
  };
  try {
    run_side_by_side(std::vector<Task>{{fail("first")}, {fail("second")}}, 2);
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "first");
  }
}

TEST(RunSideBySide, RefusesATaskThatWaitsForItself) {
  const std::vector<Task> tasks = {{[](int) {}}, {[](int) {}, 1}};
  EXPECT_EQ(test::error_of([&] { run_side_by_side(tasks, 2); }),
            "task 1 waits for task 1, which is not before it");
}

/// What make_in_order() hands over of the squares of 0, 1, ..., until `last` has been taken.
struct Taken {
  std::vector<int> squares;
  int made = 0;
};

Taken squares(std::size_t count, int threads, int last) {
  Taken taken;
  std::atomic<int> made = 0;
  make_in_order<int>(
      count, threads,
      [&](std::size_t index, int) {
        ++made;
        return static_cast<int>(index * index);
      },
      [&](int square) {
        taken.squares.push_back(square);
        return square != last;
      });
  taken.made = made;
  return taken;
}

TEST(MakeInOrder, HandsOverEachResultOnce) {
  for (const int threads : {0, 1, 3, 9}) {
    EXPECT_THAT(squares(5, threads, -1).squares, ElementsAre(0, 1, 4, 9, 16)) << threads;
  }
  EXPECT_TRUE(squares(0, 2, -1).squares.empty());
}

TEST(MakeInOrder, BeginsNoFurtherOneWhenNoMoreAreWanted) {
  const Taken taken = squares(5, 1, 1);
  EXPECT_THAT(taken.squares, ElementsAre(0, 1));
  EXPECT_EQ(taken.made, 2);
  EXPECT_THAT(squares(5, 3, 1).squares, ElementsAre(0, 1));
}

// The first result is made when the second one is: it still comes first.
TEST(MakeInOrder, AResultWaitsForThoseBeforeIt) {
  std::barrier both(2);
  std::atomic<bool> second_is_made = false;
  std::vector<std::size_t> taken;
  make_in_order<std::size_t>(
      2, 2,
      [&](std::size_t index, int) {
        both.arrive_and_wait();
        if (index == 1) {
          second_is_made = true;
          second_is_made.notify_one();
        } else {
          second_is_made.wait(false);
        }
        return index;
      },
      [&](std::size_t index) {
        taken.push_back(index);
        return true;
      });
  EXPECT_THAT(taken, ElementsAre(0U, 1U));
}

TEST(MakeInOrder, PassesOnWhatIsThrown) {
  const auto fails_at = [](std::size_t bad) {
    return [bad](std::size_t index, int) {
      if (index == bad) throw Error("bad");
      return index;
    };
  };
  int taken = 0;
  const auto take = [&taken](std::size_t) { return ++taken > 0; };
  EXPECT_EQ(test::error_of([&] { make_in_order<std::size_t>(3, 1, fails_at(1), take); }), "bad");
  EXPECT_EQ(taken, 1);
  const auto refuse = [&taken](std::size_t) -> bool {
    ++taken;
    throw Error("refused");
  };
  EXPECT_EQ(test::error_of([&] { make_in_order<std::size_t>(9, 3, fails_at(9), refuse); }),
            "refused");
  EXPECT_EQ(taken, 2);
}

}  // namespace
}  // namespace gibbon::base
