#include "gibbon/train/trainers/bfloat16_winograd.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/function.h>

#include <gtest/gtest.h>

#include <vector>

#include "gibbon/base/processor.hpp"

namespace gibbon::train {
namespace {

constexpr auto kChannelsTogether = at::MemoryFormat::ChannelsLast;

/// oneDNN has products of bfloat16 for these processors, whether they are fast or not.
bool runs_here() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512bw") != 0;
#else
  return false;
#endif
}

struct ConvSizes {
  std::int64_t count, in, out, height, width;
};

struct ConvTensors {
  at::Tensor input, kernel, weights;
};

/// `make(shape)` gives the values.
template <typename Make>
ConvTensors conv_tensors(const ConvSizes& c, const Make& make) {
  return {make({c.count, c.in, c.height, c.width})
              .contiguous(kChannelsTogether)
              .set_requires_grad(true),
          make({c.out, c.in, 3, 3}).set_requires_grad(true),
          make({c.count, c.out, c.height, c.width})};
}

ConvTensors normal_tensors(const ConvSizes& c) {
  at::Generator generator = at::detail::createCPUGenerator(11);
  return conv_tensors(c,
                      [&](std::vector<std::int64_t> shape) { return at::randn(shape, generator); });
}

/// Whole numbers from -2 to 2: no transformed value has more than eight bits.
ConvTensors whole_tensors(const ConvSizes& c) {
  at::Generator generator = at::detail::createCPUGenerator(12);
  return conv_tensors(c, [&](std::vector<std::int64_t> shape) {
    return at::randint(-2, 3, shape, generator).to(at::kFloat);
  });
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

at::Tensor direct(const at::Tensor& input, const at::Tensor& kernel) {
  return at::conv2d(input, kernel, {}, 1, 1);
}

class Bfloat16WinogradCases : public ::testing::TestWithParam<ConvSizes> {};

// Nothing is rounded: 4 x 2 in a transformed input or gradient, (9/4) x 2 in a kernel, in quarters.
TEST_P(Bfloat16WinogradCases, IsExactOnWholeNumbers) {
  if (!runs_here()) GTEST_SKIP() << "oneDNN has no products of bfloat16 for this processor";
  const ConvTensors t = whole_tensors(GetParam());
  const auto expected = results(t, direct);
  const auto found = results(t, bfloat16_winograd);
  EXPECT_TRUE(found[0].is_contiguous(kChannelsTogether));
  for (std::size_t i = 0; i < found.size(); ++i) {
    ASSERT_EQ(found[i].sizes(), expected[i].sizes()) << i;
    EXPECT_EQ((found[i] - expected[i]).abs().max().item<double>(), 0) << i;
  }
}

// Each factor is off by up to 2^-9 of itself; transformed values are sums whose parts cancel.
TEST_P(Bfloat16WinogradCases, ComesNearTheDirectConvolution) {
  if (!runs_here()) GTEST_SKIP() << "oneDNN has no products of bfloat16 for this processor";
  const ConvTensors t = normal_tensors(GetParam());
  const auto expected = results(t, direct);
  const auto found = results(t, bfloat16_winograd);
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_LT(((found[i] - expected[i]).norm() / expected[i].norm()).item<double>(), 6e-3) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, Bfloat16WinogradCases,
                         ::testing::Values(ConvSizes{2, 16, 16, 2, 2}, ConvSizes{3, 64, 64, 8, 8},
                                           ConvSizes{1, 28, 64, 32, 32},
                                           ConvSizes{9, 17, 33, 6, 14},
                                           ConvSizes{40, 64, 16, 8, 8}));

TEST(Bfloat16Winograd, AnInputWithoutGradientLeavesTheKernelsAlone) {
  if (!runs_here()) GTEST_SKIP() << "oneDNN has no products of bfloat16 for this processor";
  const ConvTensors t = normal_tensors({2, 32, 32, 8, 8});
  const at::Tensor expected = results(t, bfloat16_winograd)[2].clone();
  t.kernel.mutable_grad() = at::Tensor();
  (bfloat16_winograd(t.input.detach(), t.kernel) * t.weights).sum().backward();
  EXPECT_TRUE(at::equal(t.kernel.grad(), expected));
}

TEST(Bfloat16Winograd, RepeatsBitForBit) {
  if (!runs_here()) GTEST_SKIP() << "oneDNN has no products of bfloat16 for this processor";
  const int threads = at::get_num_threads();
  for (const int count : {1, 2}) {
    at::set_num_threads(count);
    const ConvTensors t = normal_tensors({4, 48, 64, 16, 16});
    const auto first = results(t, bfloat16_winograd);
    const auto second = results(t, bfloat16_winograd);
    for (std::size_t i = 0; i < first.size(); ++i) EXPECT_TRUE(at::equal(first[i], second[i])) << i;
  }
  at::set_num_threads(threads);
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
