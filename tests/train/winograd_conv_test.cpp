#include "gibbon/train/trainers/winograd_conv.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/function.h>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace gibbon::train {
namespace {

constexpr auto kChannelsTogether = at::MemoryFormat::ChannelsLast;

struct ConvSizes {
  std::int64_t count, in, out, height, width;
};

struct ConvTensors {
  at::Tensor input, kernel, weights;
};

ConvTensors conv_tensors(const ConvSizes& c) {
  at::Generator generator = at::detail::createCPUGenerator(11);
  const auto normal = [&](at::IntArrayRef shape) { return at::randn(shape, generator); };
  return {normal({c.count, c.in, c.height, c.width})
              .contiguous(kChannelsTogether)
              .set_requires_grad(true),
          (normal({c.out, c.in, 3, 3}) * 0.1).set_requires_grad(true),
          normal({c.count, c.out, c.height, c.width})};
}

bool has_kernel(const ConvSizes& c, int stride = 1, int padding = 1) {
  const ConvTensors t = conv_tensors(c);
  return has_winograd_kernel(t.input, t.kernel, stride, padding);
}

/// On a processor without AVX-512 there is nothing to test.
bool runs_here() {
  return has_kernel({1, 64, 64, 8, 8});
}

/// Output, gradient of the input, gradient of the kernel.
template <typename Convolution>
std::vector<at::Tensor> results(const ConvTensors& t, const Convolution& convolution) {
  t.input.mutable_grad() = at::Tensor();
  t.kernel.mutable_grad() = at::Tensor();
  const at::Tensor output = convolution(t.input, t.kernel);
  (output * t.weights).sum().backward();
  return {output.detach(), t.input.grad(), t.kernel.grad()};
}

double difference(const at::Tensor& a, const at::Tensor& b) {
  return ((a - b).norm() / b.norm()).item<double>();
}

class WinogradConvCases : public ::testing::TestWithParam<ConvSizes> {};

// The reference is libtorch's direct convolution. F(4x4, 3x3) multiplies sums of inputs with
// factors up to 5, so that rounding errors of 1e-7 grow about tenfold.
TEST_P(WinogradConvCases, EqualsTheDirectConvolutionForwardAndBackward) {
  if (!runs_here()) GTEST_SKIP() << "no Winograd kernels for this processor";
  const ConvTensors t = conv_tensors(GetParam());
  ASSERT_TRUE(has_winograd_kernel(t.input, t.kernel, 1, 1));
  const auto expected = results(t, [](const at::Tensor& input, const at::Tensor& kernel) {
    return at::conv2d(input, kernel, {}, 1, 1);
  });
  const auto found = results(t, winograd_conv);
  EXPECT_TRUE(found[0].is_contiguous(kChannelsTogether));
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
  const at::Tensor input = at::ones({1, 32, 6, 6}).contiguous(kChannelsTogether);
  const at::Tensor output = winograd_conv(input, at::ones({32, 32, 3, 3}));
  const auto at_pixel = [&](int y, int x) { return output[0][5][y][x].item<float>(); };
  EXPECT_NEAR(at_pixel(3, 2), 32 * 9, 1e-3);
  EXPECT_NEAR(at_pixel(0, 2), 32 * 6, 1e-3);
  EXPECT_NEAR(at_pixel(5, 5), 32 * 4, 1e-3);
}

TEST(WinogradConv, AnInputWithoutGradientLeavesTheKernelsAlone) {
  if (!runs_here()) GTEST_SKIP() << "no Winograd kernels for this processor";
  ConvTensors t = conv_tensors({2, 32, 32, 8, 8});
  const at::Tensor expected = results(t, winograd_conv)[2].clone();
  t.kernel.mutable_grad() = at::Tensor();
  (winograd_conv(t.input.detach(), t.kernel) * t.weights).sum().backward();
  EXPECT_TRUE(at::equal(t.kernel.grad(), expected));
}

TEST(WinogradConv, RepeatsBitForBit) {
  if (!runs_here()) GTEST_SKIP() << "no Winograd kernels for this processor";
  const int threads = at::get_num_threads();
  for (const int count : {1, 2}) {
    at::set_num_threads(count);
    const ConvTensors t = conv_tensors({4, 48, 64, 16, 16});
    const auto first = results(t, winograd_conv);
    const auto second = results(t, winograd_conv);
    for (std::size_t i = 0; i < first.size(); ++i) EXPECT_TRUE(at::equal(first[i], second[i])) << i;
  }
  at::set_num_threads(threads);
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
  const ConvTensors t = conv_tensors({1, 32, 32, 8, 8});
  EXPECT_FALSE(has_winograd_kernel(t.input, at::ones({32, 32, 1, 1}), 1, 1));
  EXPECT_FALSE(has_winograd_kernel(t.input.contiguous(), t.kernel, 1, 1)) << "planes apart";
  EXPECT_FALSE(has_winograd_kernel(t.input.to(at::kDouble), t.kernel.to(at::kDouble), 1, 1));
}

}  // namespace
}  // namespace gibbon::train
