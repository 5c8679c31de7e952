#include "gibbon/train/trainers/bfloat16_conv.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/function.h>

#include <gtest/gtest.h>

#include <cmath>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "gibbon/train/trainers/amx_conv_kernels.hpp"

namespace gibbon::train {
namespace {

struct Bfloat16Case {
  std::int64_t count, in, out, height, width, kernel;
  int stride, padding;
};

void PrintTo(const Bfloat16Case& c, std::ostream* out) {
  *out << c.count << " of " << c.in << 'x' << c.height << 'x' << c.width << " to " << c.out
       << " by " << c.kernel << 'x' << c.kernel << " stride " << c.stride << " padding "
       << c.padding;
}

/// Output, gradient of the input, gradient of the kernel.
template <typename Convolution>
std::vector<at::Tensor> forward_and_backward(const Bfloat16Case& c,
                                             const Convolution& convolution) {
  at::Generator generator = at::detail::createCPUGenerator(5);
  const auto normal = [&](at::IntArrayRef shape) { return at::randn(shape, generator); };
  const at::Tensor input = normal({c.count, c.in, c.height, c.width})
                               .contiguous(at::MemoryFormat::ChannelsLast)
                               .set_requires_grad(true);
  const at::Tensor kernel =
      (normal({c.out, c.in, c.kernel, c.kernel}) * 0.1).set_requires_grad(true);
  const at::Tensor output = convolution(input, kernel);
  (output * normal(output.sizes())).sum().backward();
  return {output.detach(), input.grad(), kernel.grad()};
}

class Bfloat16ConvCases : public ::testing::TestWithParam<Bfloat16Case> {};

// A bfloat16 has 8 significant bits, so that each factor and each result is off by up to 2^-9,
// which are 0.2 %; over a tensor the three of them come to less than 0.5 % of its norm.
TEST_P(Bfloat16ConvCases, ComesAsNearToFloat32AsItsEightBitsAllow) {
  const Bfloat16Case c = GetParam();
  const auto expected =
      forward_and_backward(c, [&](const at::Tensor& input, const at::Tensor& kernel) {
        return at::conv2d(input, kernel, {}, c.stride, c.padding);
      });
  const auto found =
      forward_and_backward(c, [&](const at::Tensor& input, const at::Tensor& kernel) {
        return bfloat16_conv(input, kernel, c.stride, c.padding);
      });
  EXPECT_TRUE(found[0].is_contiguous(at::MemoryFormat::ChannelsLast));
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i].scalar_type(), at::kFloat) << i;
    ASSERT_EQ(found[i].sizes(), expected[i].sizes()) << i;
    EXPECT_LT(((found[i] - expected[i]).norm() / expected[i].norm()).item<double>(), 5e-3) << i;
  }
}

// On both sides of 64 pixels and 64 channels, where the kernel's gradient changes its way, and of
// the paddings at which the input's does.
INSTANTIATE_TEST_SUITE_P(
    Shapes, Bfloat16ConvCases,
    ::testing::Values(
        Bfloat16Case{2, 64, 32, 8, 8, 3, 1, 1}, Bfloat16Case{2, 63, 32, 8, 8, 3, 1, 1},
        Bfloat16Case{2, 64, 32, 8, 9, 3, 1, 1}, Bfloat16Case{3, 96, 64, 2, 2, 3, 1, 1},
        Bfloat16Case{3, 64, 96, 7, 5, 3, 2, 1}, Bfloat16Case{2, 15, 16, 9, 11, 3, 1, 1},
        Bfloat16Case{2, 64, 64, 4, 4, 1, 1, 0}, Bfloat16Case{2, 64, 64, 5, 5, 1, 2, 0},
        Bfloat16Case{2, 64, 32, 6, 6, 3, 1, 0}, Bfloat16Case{2, 64, 32, 6, 6, 5, 1, 2},
        Bfloat16Case{1, 3, 32, 16, 16, 3, 1, 1}, Bfloat16Case{1, 32, 32, 12, 12, 3, 2, 1}));

class WholeNumberCases : public ::testing::TestWithParam<Bfloat16Case> {};

// Whole numbers of up to 8 are bfloat16s, and sums of up to 5 x 5 x 8 x 8 of their products for
// each of 64 channels or for each of some thousand pixels stay below 2^24: float32 holds all of
// them, so that both ways must give the same bits.
TEST_P(WholeNumberCases, AreConvolvedExactly) {
  if (!amx_conv_available()) GTEST_SKIP() << "this machine has no AMX; libtorch rounds its results";
  const Bfloat16Case c = GetParam();
  at::Generator generator = at::detail::createCPUGenerator(7);
  const auto whole = [&](at::IntArrayRef shape) {
    return at::randint(-8, 9, shape, generator, at::kFloat);
  };
  const at::Tensor input =
      whole({c.count, c.in, c.height, c.width}).contiguous(at::MemoryFormat::ChannelsLast);
  const at::Tensor kernel = whole({c.out, c.in, c.kernel, c.kernel});
  const at::Tensor gradient =
      whole({c.count, c.out, (c.height - 1) / c.stride + 1, (c.width - 1) / c.stride + 1});
  const auto results = [&](const auto& convolution) {
    const at::Tensor from = input.detach().clone().set_requires_grad(true);
    const at::Tensor by = kernel.detach().clone().set_requires_grad(true);
    const at::Tensor output = convolution(from, by);
    output.backward(gradient);
    return std::vector<at::Tensor>{output.detach(), from.grad(), by.grad()};
  };
  const auto expected = results([&](const at::Tensor& from, const at::Tensor& by) {
    return at::conv2d(from.to(at::kDouble), by.to(at::kDouble), {}, c.stride, c.padding)
        .to(at::kFloat);
  });
  const int threads = at::get_num_threads();
  for (const int used : {1, 2}) {
    at::set_num_threads(used);
    const auto found = results([&](const at::Tensor& from, const at::Tensor& by) {
      return bfloat16_conv(from, by, c.stride, c.padding);
    });
    for (std::size_t i = 0; i < found.size(); ++i) {
      EXPECT_TRUE(found[i].equal(expected[i])) << "result " << i << ", threads " << used;
    }
  }
  at::set_num_threads(threads);
}

// Around whole tiles of 32 channels, of 32 pixels and of 256 pixels, the zeros between rows and
// images counted: 2 images of 9 x 11 are 240 of them, 3 of 8 x 9 are 270, one of 15 x 15 is 256.
// Then strides, whose phases the taps share out: all of them, or one alone with a kernel of 1 x 1.
INSTANTIATE_TEST_SUITE_P(
    Shapes, WholeNumberCases,
    ::testing::Values(
        Bfloat16Case{2, 16, 16, 9, 11, 3, 1, 1}, Bfloat16Case{3, 17, 33, 8, 9, 3, 1, 1},
        Bfloat16Case{1, 32, 32, 15, 15, 3, 1, 1}, Bfloat16Case{5, 64, 48, 2, 2, 3, 1, 1},
        Bfloat16Case{7, 31, 65, 1, 1, 3, 1, 1}, Bfloat16Case{4, 33, 64, 7, 5, 5, 1, 2},
        Bfloat16Case{3, 48, 16, 6, 6, 1, 1, 0}, Bfloat16Case{2, 32, 40, 6, 7, 7, 1, 3},
        Bfloat16Case{6, 40, 36, 16, 16, 3, 1, 1}, Bfloat16Case{2, 32, 48, 16, 16, 3, 2, 1},
        Bfloat16Case{3, 17, 33, 6, 10, 3, 2, 1}, Bfloat16Case{5, 64, 16, 2, 2, 3, 2, 1},
        Bfloat16Case{4, 33, 64, 12, 8, 5, 2, 2}, Bfloat16Case{2, 48, 20, 8, 4, 1, 2, 0},
        Bfloat16Case{3, 16, 40, 9, 6, 5, 3, 2}));

TEST(Bfloat16Conv, AnInputWithoutGradientGetsNone) {
  const at::Tensor input = at::ones({1, 4, 3, 3}).contiguous(at::MemoryFormat::ChannelsLast);
  const at::Tensor kernel = at::ones({2, 4, 3, 3}).set_requires_grad(true);
  bfloat16_conv(input, kernel, 1, 1).sum().backward();
  EXPECT_FALSE(input.grad().defined());
  // The middle tap reads all nine pixels, a corner's four of them.
  EXPECT_EQ(kernel.grad()[0][0][1][1].item<float>(), 9.0F);
  EXPECT_EQ(kernel.grad()[0][0][0][0].item<float>(), 4.0F);
}

// What an output reads, 27 values of three channels or 25 of one, is one row of what is multiplied.
TEST(Bfloat16Conv, TheFirstOfANetworkIsExactOnWholeNumbers) {
  if (!amx_conv_available()) GTEST_SKIP() << "this machine has no AMX; libtorch rounds its results";
  at::Generator generator = at::detail::createCPUGenerator(9);
  const auto whole = [&](at::IntArrayRef shape) {
    return at::randint(-8, 9, shape, generator, at::kFloat)
        .contiguous(at::MemoryFormat::ChannelsLast);
  };
  for (const auto& [channels, side] : {std::pair<std::int64_t, std::int64_t>{3, 3}, {1, 5}}) {
    const at::Tensor images = whole({3, channels, 10, 6});
    for (const int stride : {1, 2}) {
      SCOPED_TRACE(::testing::Message() << channels << " channels, stride " << stride);
      const auto padding = static_cast<int>(side / 2);
      const at::Tensor gradient = whole({3, 20, 10 / stride, 6 / stride});
      const at::Tensor expected = whole({20, channels, side, side}).set_requires_grad(true);
      const at::Tensor found = expected.detach().clone().set_requires_grad(true);
      const at::Tensor reference = at::conv2d(images, expected, {}, stride, padding);
      const at::Tensor output = bfloat16_conv(images, found, stride, padding);
      EXPECT_TRUE(output.equal(reference));
      EXPECT_TRUE(output.is_contiguous(at::MemoryFormat::ChannelsLast));
      reference.backward(gradient);
      output.backward(gradient);
      EXPECT_TRUE(found.grad().equal(expected.grad()));
    }
  }
}

// One tap meets the image, the middle one: its gradient is pixel * gradient, summed over the count.
TEST(Bfloat16Conv, AStrideOverTheWholeImageReadsNothingThatAnotherCallLeft) {
  const auto ones = [](at::IntArrayRef shape) {
    return at::ones(shape).contiguous(at::MemoryFormat::ChannelsLast);
  };
  const at::Tensor other = (ones({64, 64, 3, 3}) * NAN).set_requires_grad(true);
  bfloat16_conv(ones({8, 64, 16, 16}), other, 1, 1).sum().backward();

  const at::Tensor kernel = ones({32, 16, 3, 3}).set_requires_grad(true);
  bfloat16_conv(ones({5, 16, 1, 1}), kernel, 2, 1).sum().backward();
  const at::Tensor middle = at::zeros({3, 3});
  middle[1][1] = 5;
  EXPECT_TRUE(kernel.grad().equal(middle.expand({32, 16, 3, 3}))) << kernel.grad()[0][0];
}

}  // namespace
}  // namespace gibbon::train
