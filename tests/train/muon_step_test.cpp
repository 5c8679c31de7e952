#include "gibbon/train/trainers/muon_step.hpp"

#include <ATen/ATen.h>

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace gibbon::train {
namespace {

constexpr std::uint64_t kSeed = 5;

at::Tensor random_matrix(std::int64_t rows, std::int64_t columns) {
  at::Generator generator = at::detail::createCPUGenerator(kSeed);
  return at::randn({rows, columns}, generator);
}

// A random matrix of 4 to 16 times as many columns as rows has singular values within a factor of
// three of each other.
TEST(Orthogonalized, BringsSingularValuesNearOneAndKeepsTheDirections) {
  for (const auto& [rows, columns] :
       std::vector<std::pair<int, int>>{{8, 32}, {64, 576}, {256, 2304}, {300, 30}}) {
    const at::Tensor matrix = random_matrix(rows, columns);
    const auto [left, values, right] = at::linalg_svd(matrix, false);
    for (const bool bfloat16 : {false, true}) {
      const at::Tensor found = orthogonalized(matrix, bfloat16);
      const at::Tensor turned = at::mm(at::mm(left.t(), found), right.t());
      const at::Tensor on_diagonal = turned.diagonal();
      SCOPED_TRACE(::testing::Message()
                   << rows << " x " << columns << ", seed " << kSeed << " " << bfloat16);
      EXPECT_GE(on_diagonal.min().item<float>(), 0.25F);
      EXPECT_LE(on_diagonal.max().item<float>(), 1.3F);
      EXPECT_LE((turned - at::diag(on_diagonal)).abs().max().item<float>(),
                bfloat16 ? 0.05F : 1e-3F);
    }
  }
}

TEST(Orthogonalized, DoesNotDependOnTheScale) {
  const at::Tensor matrix = random_matrix(8, 32);
  for (const bool bfloat16 : {false, true}) {
    EXPECT_TRUE(at::allclose(orthogonalized(matrix * 1e4, bfloat16),
                             orthogonalized(matrix, bfloat16), 0.05, 0.02));
    const at::Tensor zeros = at::zeros({8, 32});
    EXPECT_TRUE(orthogonalized(zeros, bfloat16).equal(zeros));
  }
}

// Kernels of 1x1 whose gradient is diagonal: both outputs turn against their own input, near rate *
// |value| / sqrt(2) = 0.1 * 2 / 1.414 = 0.141 of a weight, whatever the gradient's size.
TEST(MuonStep, TurnsEachDirectionAlikeAndKeepsTheNorm) {
  at::Tensor value = at::tensor({1.0F, 1.0F, 1.0F, 1.0F}).reshape({2, 2, 1, 1});
  at::Tensor momentum = at::zeros_like(value);
  const at::Tensor gradient = at::tensor({4.0F, 0.0F, 0.0F, -2.0F}).reshape({2, 2, 1, 1});
  muon_step(value, momentum, gradient, {0.1, 0.5});
  EXPECT_TRUE(momentum.equal(gradient));
  EXPECT_NEAR(value.norm().item<float>(), 2.0F, 1e-5F);
  const at::Tensor other = value[0][1].squeeze();
  EXPECT_FLOAT_EQ(value[1][0].item<float>(), other.item<float>()) << "no gradient, scaled alike";
  const float scale = other.item<float>();
  EXPECT_NEAR(value[0][0].item<float>() / scale, 1.0F - 0.141F, 0.045F);
  EXPECT_NEAR(value[1][1].item<float>() / scale, 1.0F + 0.141F, 0.045F);
}

// m = 0.5 * 2 + 1 = 2 and the step follows 1 + 0.5 * 2 = 2: its sign alone counts for one weight,
// whose norm is kept.
TEST(MuonStep, KeepsMomentumAsNesterovDoes) {
  at::Tensor value = at::full({1, 1, 1, 1}, 3.0F);
  at::Tensor momentum = at::full({1, 1, 1, 1}, 2.0F);
  muon_step(value, momentum, at::ones({1, 1, 1, 1}), {0.1, 0.5});
  EXPECT_EQ(momentum.item<float>(), 2.0F);
  EXPECT_FLOAT_EQ(value.item<float>(), 3.0F);
}

TEST(MuonStep, NothingTurnsWithoutAGradient) {
  const at::Tensor before = random_matrix(8, 32).reshape({8, 32, 1, 1});
  at::Tensor value = before.clone();
  at::Tensor momentum = at::zeros_like(value);
  muon_step(value, momentum, at::zeros_like(value), {0.5});
  EXPECT_TRUE(at::allclose(value, before));
}

// Weights that a mask keeps at zero (kernels of 2x2 in a grid of 3x3, other groups' inputs) have no
// gradient, and stay there.
TEST(MuonStep, WhatHasNoGradientInAnyRowStaysZero) {
  at::Tensor value = random_matrix(8, 36).reshape({8, 4, 3, 3});
  at::Tensor gradient = random_matrix(36, 8).t().reshape({8, 4, 3, 3}).contiguous();
  for (at::Tensor* tensor : {&value, &gradient}) tensor->narrow(3, 2, 1).zero_();
  at::Tensor momentum = at::zeros_like(value);
  muon_step(value, momentum, gradient, {0.1});
  EXPECT_EQ(value.narrow(3, 2, 1).abs().max().item<float>(), 0.0F);
  EXPECT_GT(value.narrow(3, 0, 2).abs().min().item<float>(), 0.0F);
}

// The order of the channels in memory, and kernels that are a slice of larger ones.
TEST(MuonStep, DoesNotDependOnTheOrderInMemory) {
  const at::Tensor start = random_matrix(16, 72).reshape({16, 8, 3, 3});
  const at::Tensor gradient = random_matrix(72, 16).t().reshape({16, 8, 3, 3});
  const auto stepped = [&](at::Tensor value) {
    at::Tensor momentum = at::zeros_like(value);
    muon_step(value, momentum, gradient, {0.1});
    return value;
  };
  const at::Tensor expected = stepped(start.clone());
  EXPECT_TRUE(at::allclose(stepped(start.contiguous(at::MemoryFormat::ChannelsLast)), expected,
                           1e-5, 1e-6));
  at::Tensor larger = at::zeros({20, 10, 3, 3});
  larger.narrow(0, 0, 16).narrow(1, 0, 8).copy_(start);
  EXPECT_TRUE(at::allclose(stepped(larger.narrow(0, 0, 16).narrow(1, 0, 8)), expected, 1e-5, 1e-6));
  EXPECT_EQ(larger.narrow(0, 16, 4).abs().max().item<float>(), 0.0F);
}

}  // namespace
}  // namespace gibbon::train
