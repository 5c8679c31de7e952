#include "gibbon/train/trainers/winograd_conv.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/function.h>

#include <gtest/gtest.h>

#include "train/winograd_cases.hpp"

namespace gibbon::train {
namespace {

using testing::ConvSizes;
using testing::ConvTensors;
using testing::difference;
using testing::normal_tensors;
using testing::results;

bool has_kernel(const ConvSizes& c, int stride = 1, int padding = 1) {
  const ConvTensors t = normal_tensors(c);
  return has_winograd_kernel(t.input, t.kernel, stride, padding);
}

/// On a processor without AVX-512 there is nothing to test.
bool runs_here() {
  return has_kernel({1, 64, 64, 8, 8});
}

class WinogradConvCases : public ::testing::TestWithParam<ConvSizes> {};

// The reference is libtorch's direct convolution. F(4x4, 3x3) multiplies sums of inputs with
// factors up to 5, so that rounding errors of 1e-7 grow about tenfold.
TEST_P(WinogradConvCases, EqualsTheDirectConvolutionForwardAndBackward) {
  if (!runs_here()) GTEST_SKIP() << "no Winograd kernels for this processor";
  const ConvTensors t = normal_tensors(GetParam());
  ASSERT_TRUE(has_winograd_kernel(t.input, t.kernel, 1, 1));
  const auto expected = results(t, testing::direct);
  const auto found = results(t, winograd_conv);
  EXPECT_TRUE(found[0].is_contiguous(at::MemoryFormat::ChannelsLast));
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i].sizes(), expected[i].sizes()) << i;
    EXPECT_LT(difference(found[i], expected[i]), 1e-5) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, WinogradConvCases,
                         ::testing::Values(ConvSizes{2, 32, 32, 4, 4}, ConvSizes{3, 64, 64, 8, 8},
                                           ConvSizes{1, 32, 96, 32, 32},
                                           ConvSizes{2, 96, 32, 24, 24},
                                           ConvSizes{2, 100, 60, 9, 13},
                                           ConvSizes{1, 256, 256, 7, 7},
                                           ConvSizes{5, 33, 47, 5, 6}));

TEST(WinogradConv, SumsNineTapsInsideSixAtEdgesFourInCorners) {
  if (!runs_here()) GTEST_SKIP() << "no Winograd kernels for this processor";
  const at::Tensor input = at::ones({1, 32, 6, 6}).contiguous(at::MemoryFormat::ChannelsLast);
  const at::Tensor output = winograd_conv(input, at::ones({32, 32, 3, 3}));
  const auto at_pixel = [&](int y, int x) { return output[0][5][y][x].item<float>(); };
  EXPECT_NEAR(at_pixel(3, 2), 32 * 9, 1e-3);
  EXPECT_NEAR(at_pixel(0, 2), 32 * 6, 1e-3);
  EXPECT_NEAR(at_pixel(5, 5), 32 * 4, 1e-3);
}

TEST(WinogradConv, AnInputWithoutGradientLeavesTheKernelsAlone) {
  if (!runs_here()) GTEST_SKIP() << "no Winograd kernels for this processor";
  testing::expect_kernel_gradient_alone(winograd_conv);
}

TEST(WinogradConv, RepeatsBitForBit) {
  if (!runs_here()) GTEST_SKIP() << "no Winograd kernels for this processor";
  testing::expect_repeats(winograd_conv);
}

TEST(WinogradConv, HasKernelsForThreeByThreeOfStrideOneAlone) {
  if (!runs_here()) GTEST_SKIP() << "no Winograd kernels for this processor";
  EXPECT_TRUE(has_kernel({1, 32, 32, 4, 4}));
  EXPECT_FALSE(has_kernel({1, 31, 32, 4, 4}));
  EXPECT_FALSE(has_kernel({1, 32, 31, 4, 4}));
  EXPECT_FALSE(has_kernel({1, 32, 32, 3, 4}));
  EXPECT_FALSE(has_kernel({1, 32, 32, 4, 3}));
  EXPECT_FALSE(has_kernel({1, 32, 32, 8, 8}, 2));
  EXPECT_FALSE(has_kernel({1, 32, 32, 8, 8}, 1, 0));
  const ConvTensors t = normal_tensors({1, 32, 32, 8, 8});
  EXPECT_FALSE(has_winograd_kernel(t.input, at::ones({32, 32, 1, 1}), 1, 1));
  EXPECT_FALSE(has_winograd_kernel(t.input.contiguous(), t.kernel, 1, 1)) << "planes apart";
  EXPECT_FALSE(has_winograd_kernel(t.input.to(at::kDouble), t.kernel.to(at::kDouble), 1, 1));
}

}  // namespace
}  // namespace gibbon::train
