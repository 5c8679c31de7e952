#include "gibbon/base/parallel.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <vector>

namespace gibbon::base {
namespace {

TEST(ParallelFor, CallsTheBodyOnceForEachIndex) {
  for (const int threads : {0, 1, 2, 7}) {
    std::vector<std::atomic<int>> calls(100);
    parallel_for(calls.size(), threads, [&](std::size_t i) { ++calls[i]; });
    for (std::size_t i = 0; i < calls.size(); ++i) EXPECT_EQ(calls[i], 1) << i;
  }
  parallel_for(0, 4, [](std::size_t) { FAIL(); });
}

// The bodies of 10 and 11 run at the same time; 11 throws first, while 10 waits for it.
TEST(ParallelFor, ThrowsWhatTheLowestIndexThrew) {
  std::atomic<bool> thrown = false;
  const auto body = [&](std::size_t i) {
    if (i == 10) {
      while (!thrown) {
      }
      throw std::runtime_error("10");
    }
    if (i == 11) {
      thrown = true;
      throw std::runtime_error("11");
    }
  };
  try {
    parallel_for(20, 2, body);
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "10");
  }
}

}  // namespace
}  // namespace gibbon::base
