#include "gibbon/train/trainers/bfloat16_winograd.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/function.h>

#include <gtest/gtest.h>

#include <vector>

#include "gibbon/base/processor.hpp"
#include "train/winograd_cases.hpp"

namespace gibbon::train {
namespace {

using testing::ConvSizes;
using testing::ConvTensors;
using testing::difference;
using testing::normal_tensors;
using testing::results;

/// oneDNN has products of bfloat16 for these processors, whether they are fast or not.
bool has_products() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512bw") != 0;
#else
  return false;
#endif
}

/// Whole numbers from -2 to 2: no transformed value has more than eight bits.
ConvTensors whole_tensors(const ConvSizes& c) {
  at::Generator generator = at::detail::createCPUGenerator(12);
  return testing::conv_tensors(c, [&](std::vector<std::int64_t> shape) {
    return at::randint(-2, 3, shape, generator).to(at::kFloat);
  });
}

class Bfloat16WinogradCases : public ::testing::TestWithParam<ConvSizes> {};

// Nothing is rounded: 4 x 2 in a transformed input or gradient, (9/4) x 2 in a kernel, in quarters.
TEST_P(Bfloat16WinogradCases, IsExactOnWholeNumbers) {
  if (!has_products()) GTEST_SKIP() << "oneDNN has no products of bfloat16 for this processor";
  const ConvTensors t = whole_tensors(GetParam());
  const auto expected = results(t, testing::direct);
  const auto found = results(t, bfloat16_winograd);
  EXPECT_TRUE(found[0].is_contiguous(at::MemoryFormat::ChannelsLast));
  for (std::size_t i = 0; i < found.size(); ++i) {
    ASSERT_EQ(found[i].sizes(), expected[i].sizes()) << i;
    EXPECT_EQ((found[i] - expected[i]).abs().max().item<double>(), 0) << i;
  }
}

// Each factor is off by up to 2^-9 of itself; transformed values are sums whose parts cancel.
TEST_P(Bfloat16WinogradCases, ComesNearTheDirectConvolution) {
  if (!has_products()) GTEST_SKIP() << "oneDNN has no products of bfloat16 for this processor";
  const ConvTensors t = normal_tensors(GetParam());
  const auto expected = results(t, testing::direct);
  const auto found = results(t, bfloat16_winograd);
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_LT(difference(found[i], expected[i]), 6e-3) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, Bfloat16WinogradCases,
                         ::testing::Values(ConvSizes{2, 16, 16, 2, 2}, ConvSizes{3, 64, 64, 8, 8},
                                           ConvSizes{1, 28, 64, 32, 32},
                                           ConvSizes{9, 17, 33, 6, 14},
                                           ConvSizes{40, 64, 16, 8, 8}));

TEST(Bfloat16Winograd, AnInputWithoutGradientLeavesTheKernelsAlone) {
  if (!has_products()) GTEST_SKIP() << "oneDNN has no products of bfloat16 for this processor";
  testing::expect_kernel_gradient_alone(bfloat16_winograd);
}

TEST(Bfloat16Winograd, RepeatsBitForBit) {
  if (!has_products()) GTEST_SKIP() << "oneDNN has no products of bfloat16 for this processor";
  testing::expect_repeats(bfloat16_winograd);
}

TEST(Bfloat16Winograd, IsForThreeByThreeOfStrideOneOnProcessorsMadeForIt) {
  const auto has = [](const ConvSizes& c, int stride = 1, int padding = 1) {
    const ConvTensors t = normal_tensors(c);
    return has_bfloat16_winograd(t.input, t.kernel, stride, padding);
  };
  if (!base::processor_has_fast_bfloat16_vectors()) {
    EXPECT_FALSE(has({1, 32, 32, 4, 4}));
    GTEST_SKIP() << "this processor's vectors are not made for bfloat16";
  }
  EXPECT_TRUE(has({1, 16, 16, 2, 2}));
  EXPECT_FALSE(has({1, 15, 16, 4, 4}));
  EXPECT_FALSE(has({1, 16, 15, 4, 4}));
  EXPECT_FALSE(has({1, 16, 16, 3, 4}));
  EXPECT_FALSE(has({1, 16, 16, 4, 3}));
  EXPECT_FALSE(has({1, 16, 16, 4, 4}, 2));
  EXPECT_FALSE(has({1, 16, 16, 4, 4}, 1, 0));
  const ConvTensors t = normal_tensors({1, 16, 16, 4, 4});
  EXPECT_FALSE(has_bfloat16_winograd(t.input, at::ones({16, 16, 1, 1}), 1, 1));
  EXPECT_FALSE(has_bfloat16_winograd(t.input.contiguous(), t.kernel, 1, 1)) << "planes apart";
  EXPECT_FALSE(has_bfloat16_winograd(t.input.to(at::kDouble), t.kernel.to(at::kDouble), 1, 1));
}

}  // namespace
}  // namespace gibbon::train
