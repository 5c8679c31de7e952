#include "gibbon/train/trainers/sgd_step.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace gibbon::train {
namespace {

// value 1, momentum 2, gradient 3; decay 0.5: g = 3 + 0.5 * 1 = 3.5; m = 0.25 * 2 + 3.5 = 4;
// value = 1 - 0.125 * (3.5 + 0.25 * 4) = 0.4375.
TEST(SgdStep, FollowsNesterov) {
  const SgdStep step = {.rate = 0.125, .momentum = 0.25, .decay = 0.5};
  for (const auto apply : {&sgd_step, &plain_sgd_step}) {
    at::Tensor value = at::ones({1});
    at::Tensor momentum = at::full({1}, 2.0F);
    apply(value, momentum, at::full({1}, 3.0F), step);
    EXPECT_EQ(momentum.item<float>(), 4.0F);
    EXPECT_EQ(value.item<float>(), 0.4375F);
  }
}

// |value| = |(3, 4)| = 5, of which a fifth is 1: the gradient (0, 2) becomes (0, 1), and (0, 1)
// stays.
TEST(SgdStep, ScalesAGradientThatIsLargeForItsValues) {
  const SgdStep step = {.rate = 1, .momentum = 0, .decay = 0, .largest_share = 0.2};
  for (const auto apply : {&sgd_step, &plain_sgd_step}) {
    for (const auto& [gradient, expected] : {std::pair{2.0F, 3.0F}, {1.0F, 3.0F}, {0.5F, 3.5F}}) {
      at::Tensor value = at::tensor({3.0F, 4.0F});
      at::Tensor momentum = at::zeros({2});
      apply(value, momentum, at::tensor({0.0F, gradient}), step);
      EXPECT_FLOAT_EQ(value[0].item<float>(), 3.0F);
      EXPECT_FLOAT_EQ(value[1].item<float>(), expected) << gradient;
    }
  }
}

// Sizes on both sides of a chunk of 32,768 and of whole vectors; orders in memory that are the same
// and that are not.
TEST(SgdStep, InTwoPassesIsWhatOperationsGive) {
  const SgdStep step = {.rate = 0.3, .momentum = 0.9, .decay = 5e-4, .largest_share = 0.2};
  const int threads = at::get_num_threads();
  at::Generator generator = at::detail::createCPUGenerator(3);
  for (const std::vector<std::int64_t>& sizes :
       {std::vector<std::int64_t>{1, 1, 1, 1}, {7, 3, 3, 3}, {128, 256, 1, 1}, {33, 111, 3, 3}}) {
    for (const auto order : {at::MemoryFormat::Contiguous, at::MemoryFormat::ChannelsLast}) {
      const at::Tensor start = at::randn(sizes, generator).contiguous(order);
      const at::Tensor moving = at::randn(sizes, generator).contiguous(order);
      const at::Tensor gradient = at::randn(sizes, generator);
      at::Tensor expected = start.clone();
      at::Tensor expected_momentum = moving.clone();
      plain_sgd_step(expected, expected_momentum, gradient.clone(), step);
      std::vector<at::Tensor> found;
      for (const int used : {1, 3}) {
        at::set_num_threads(used);
        at::Tensor value = start.clone();
        at::Tensor momentum = moving.clone();
        sgd_step(value, momentum, gradient.clone(), step);
        EXPECT_TRUE(at::allclose(value, expected, 1e-5, 1e-6)) << sizes << " " << order;
        EXPECT_TRUE(at::allclose(momentum, expected_momentum, 1e-5, 1e-6)) << sizes << " " << order;
        found.push_back(value);
      }
      EXPECT_TRUE(found[0].equal(found[1])) << sizes << " " << order;
    }
  }
  at::set_num_threads(threads);
}

}  // namespace
}  // namespace gibbon::train
