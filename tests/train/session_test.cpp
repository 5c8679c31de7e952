#include <ATen/ATen.h>

#include <gtest/gtest.h>

#include "gibbon/train/trainers/graph_runner.hpp"
#include "gibbon/train/trainers/shared_weights.hpp"
#include "gibbon/train/trainers/training_loop.hpp"
#include "train/test_networks.hpp"

namespace gibbon::train {
namespace {

/// The last layer of a network, a Linear, has weights of its own, which no quantiser copies.
TEST(Session, InBfloat16UsesWeightsAsTheyAreAfterAStep) {
  const nn::Network network = testing::block_network({3, 8, 8}, 8, {{8, 3, 1, 9}}, {1}, 4);
  Path path = SharedWeights(network, TrainOptions{.seed = 3}).path(network, true);
  at::Tensor& last = path.layers.back().weight;
  ASSERT_TRUE(last.requires_grad() && last.is_leaf());
  const Session session(1, "cpu", Precision::kBfloat16);
  const RunOptions options{Statistics::kBatch, 0, false, session.conv_kernels()};
  const at::Tensor images = at::randn({4, 3, 8, 8}).contiguous(at::MemoryFormat::ChannelsLast);
  const at::Tensor before = run_network(path, images, options).to(at::kFloat);
  {
    const at::NoGradGuard no_grad;
    last.mul_(2);
  }
  const at::Tensor after = run_network(path, images, options).to(at::kFloat);
  EXPECT_TRUE(at::allclose(after, 2 * before, 1e-2, 1e-3));
  EXPECT_GT(before.abs().max().item<float>(), 0.01F) << "the test could not fail";
}

}  // namespace
}  // namespace gibbon::train
