#include "gibbon/train/trainers/max_pool.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <gtest/gtest.h>

#include <cmath>
#include <utility>
#include <vector>

namespace gibbon::train {
namespace {

// 1 3 | 5 5 | 9      the largest are 4 (place 2) and 5 (place 1, the first of three equal ones);
// 4 2 | 0 5 | 9      the column of nines is left out.
TEST(MaxPool, TakesTheFirstOfTheLargestAndLeavesAnOddColumnOut) {
  const at::Tensor images =
      at::tensor({1, 3, 0, 5, 9, 4, 2, 5, 5, 9}, at::kFloat).view({1, 1, 2, 5});
  const at::Tensor input = images.clone().set_requires_grad(true);
  const at::Tensor pooled = max_pool_2x2(input);
  EXPECT_TRUE(pooled.equal(at::tensor({4, 5}, at::kFloat).view({1, 1, 1, 2}))) << pooled;
  pooled.backward(at::tensor({10, 20}, at::kFloat).view({1, 1, 1, 2}));
  const at::Tensor expected =
      at::tensor({0, 0, 0, 20, 0, 10, 0, 0, 0, 0}, at::kFloat).view({1, 1, 2, 5});
  EXPECT_TRUE(input.grad().equal(expected)) << input.grad();
}

struct PoolCase {
  std::int64_t count, channels, height, width;
};

class MaxPoolCases : public ::testing::TestWithParam<PoolCase> {};

// Whole numbers from 0 to 3 have many equal ones among four.
TEST_P(MaxPoolCases, GivesWhatLibtorchGives) {
  const PoolCase c = GetParam();
  at::Generator generator = at::detail::createCPUGenerator(11);
  const at::Tensor images =
      at::randint(0, 4, {c.count, c.channels, c.height, c.width}, generator, at::kFloat);
  images.view(-1)[images.numel() / 2] = NAN;
  const at::Tensor gradient =
      at::randn({c.count, c.channels, c.height / 2, c.width / 2}, generator);
  const auto results = [&](at::MemoryFormat order, const auto& pool) {
    const at::Tensor input = images.clone().contiguous(order).set_requires_grad(true);
    const at::Tensor pooled = pool(input);
    pooled.backward(gradient);
    return std::pair(pooled.detach(), input.grad());
  };
  const auto [pooled, to_images] = results(at::MemoryFormat::Contiguous, [](const at::Tensor& x) {
    return at::max_pool2d(x, {2, 2}, {2, 2});
  });
  const int threads = at::get_num_threads();
  for (const int used : {1, 2, 3}) {
    at::set_num_threads(used);
    for (const auto order : {at::MemoryFormat::Contiguous, at::MemoryFormat::ChannelsLast}) {
      const auto [found, found_gradient] = results(order, max_pool_2x2);
      EXPECT_TRUE(found.is_contiguous(at::MemoryFormat::ChannelsLast));
      EXPECT_TRUE(at::allclose(found, pooled, 0, 0, true)) << used << " threads";
      EXPECT_TRUE(found_gradient.equal(to_images)) << used << " threads";
    }
  }
  at::set_num_threads(threads);
}

// Both sides of whole vectors of channels, of odd sides, and of 16 rows at a time.
INSTANTIATE_TEST_SUITE_P(Shapes, MaxPoolCases,
                         ::testing::Values(PoolCase{1, 1, 2, 2}, PoolCase{2, 15, 3, 5},
                                           PoolCase{3, 16, 4, 2}, PoolCase{5, 17, 7, 6},
                                           PoolCase{4, 64, 8, 8}, PoolCase{17, 3, 2, 9}));

}  // namespace
}  // namespace gibbon::train
