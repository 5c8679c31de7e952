#include "gibbon/train/trainers/fake_quantizer.hpp"

#include <ATen/ATen.h>

#include <gtest/gtest.h>

#include <cmath>

#include "gibbon/train/trainers/dense_weight.hpp"

namespace gibbon::train {
namespace {

at::Tensor random_tensor(at::IntArrayRef shape, std::uint64_t seed) {
  at::Generator generator = at::detail::createCPUGenerator(seed);
  return at::randn(shape, generator);
}

double largest_difference(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).abs().max().item<double>();
}

TEST(FakeQuantizer, RoundsToTheGridHalfToEven) {
  // 5 bits: thr = 15, range 3, so a level is 0.2. 0.1 = level 0.5 -> 0, 0.3 = 1.5 -> 2 (0.4),
  // 0.29 -> 1 (0.2), 2.95 -> 15 (3), 4 is cut to 3, -4 to -3.
  const float values[] = {0.1F, 0.3F, 0.29F, 2.95F, 4.0F, -4.0F, -0.29F, 0.0F};
  const float expected[] = {0.0F, 0.4F, 0.2F, 3.0F, 3.0F, -3.0F, -0.2F, 0.0F};
  float output[8];
  std::uint8_t inside[8];
  quantize(values, output, inside, 8, quantizer_grid(5, 3.0F));
  for (int i = 0; i < 8; ++i) EXPECT_FLOAT_EQ(output[i], expected[i]) << i;
  const std::uint8_t expected_inside[] = {1, 1, 1, 1, 0, 0, 1, 1};
  for (int i = 0; i < 8; ++i) EXPECT_EQ(inside[i], expected_inside[i]) << i;
}

TEST(FakeQuantizer, MatchesPlainOperationsForwardAndBackward) {
  const auto channels_last = at::MemoryFormat::ChannelsLast;
  const at::Tensor start = random_tensor({3, 5, 70, 70}, 1).contiguous(channels_last);
  const at::Tensor weights = random_tensor({3, 5, 70, 70}, 2).contiguous(channels_last);
  at::Tensor fused_input = start.clone().set_requires_grad(true);
  const at::Tensor fused =
      fake_quantize(fused_input, quantizer_grid(9, 1.0F), ClampGradient::kZero, false);
  (fused * weights).sum().backward();

  at::Tensor plain_input = start.clone().set_requires_grad(true);
  const at::Tensor clamped = at::hardtanh(plain_input);
  const at::Tensor plain = clamped + ((clamped * 255).round() / 255 - clamped).detach();
  (plain * weights).sum().backward();

  EXPECT_LE(largest_difference(fused, plain), 1e-6);
  EXPECT_EQ(largest_difference(fused_input.grad(), plain_input.grad()), 0.0);
}

TEST(FakeQuantizer, RectifiesAsAReluBeforeTheQuantizerDoes) {
  // 3 bits, range 6: steps of 2, from 0 up. Gradients pass strictly between 0 and 6.
  at::Tensor input =
      at::tensor({-7.0F, -0.1F, 0.0F, 0.9F, 3.1F, 6.0F, 9.0F}).set_requires_grad(true);
  const at::Tensor output =
      fake_quantize(input, rectifying_grid(3, 6.0F), ClampGradient::kZero, false);
  output.sum().backward();
  const float expected[] = {0, 0, 0, 0, 4, 6, 6};
  const float expected_gradient[] = {0, 0, 0, 1, 1, 0, 0};
  for (int i = 0; i < 7; ++i) {
    EXPECT_EQ(output[i].item<float>(), expected[i]) << i;
    EXPECT_EQ(input.grad()[i].item<float>(), expected_gradient[i]) << i;
  }
}

TEST(FakeQuantizer, PassesTheGradientOfCutValuesWhereAsked) {
  at::Tensor input = at::tensor({0.5F, 7.0F}).set_requires_grad(true);
  fake_quantize(input, quantizer_grid(9, 1.0F), ClampGradient::kPass, false).sum().backward();
  EXPECT_EQ(input.grad()[0].item<float>(), 1.0F);
  EXPECT_EQ(input.grad()[1].item<float>(), 1.0F);
}

TEST(FakeQuantizer, InPlaceGivesTheSameValuesAndGradients) {
  const at::Tensor start = random_tensor({2, 3, 40, 40}, 3);
  at::Tensor a = start.clone().set_requires_grad(true);
  at::Tensor b = start.clone().set_requires_grad(true);
  const QuantizerGrid grid = quantizer_grid(7, 1.5F);
  const at::Tensor ya = fake_quantize(a * 2, grid, ClampGradient::kZero, false);
  const at::Tensor doubled = b * 2;
  const at::Tensor yb = fake_quantize(doubled, grid, ClampGradient::kZero, true);
  EXPECT_EQ(yb.data_ptr(), doubled.data_ptr());
  (ya * ya).sum().backward();
  (yb * yb).sum().backward();
  EXPECT_TRUE(ya.equal(yb));
  EXPECT_TRUE(a.grad().equal(b.grad()));
}

TEST(FakeQuantizer, HandlesBfloat16) {
  at::Tensor input = at::tensor({0.5F, 2.0F, -0.25F}).to(at::kBFloat16).set_requires_grad(true);
  const at::Tensor output =
      fake_quantize(input, quantizer_grid(3, 1.0F), ClampGradient::kZero, false);
  output.sum().backward();
  // 3 bits: thr = 3. 0.5 -> level 1.5 -> 2 -> 2/3; -0.25 -> -0.75 -> -1 -> -1/3.
  EXPECT_EQ(output.scalar_type(), at::kBFloat16);
  EXPECT_NEAR(output[0].item<float>(), 2.0 / 3, 2e-3);
  EXPECT_EQ(output[1].item<float>(), 1.0F);
  EXPECT_NEAR(output[2].item<float>(), -1.0 / 3, 2e-3);
  EXPECT_EQ(input.grad()[0].item<float>(), 1.0F);
  EXPECT_EQ(input.grad()[1].item<float>(), 0.0F);
}

TEST(FakeQuantizer, FewBitsDoNotFollowASingleLargeWeight) {
  // 99 weights of magnitude 1 and one of 10: rms = sqrt((99 + 100) / 100) = 1.41067. Masked zeros
  // do not count. 3 bits clamp at twice, 2 bits at 1.25 times the rms.
  at::Tensor weight = at::ones({100});
  weight[7] = -10;
  const at::Tensor with_zeros = at::cat({weight, at::zeros({50})});
  EXPECT_NEAR(weight_range(with_zeros, 3), 2.82135, 1e-4);
  EXPECT_NEAR(weight_range(with_zeros, 2), 1.76334, 1e-4);
  EXPECT_EQ(weight_range(with_zeros, 9), 10);
  EXPECT_EQ(weight_range(at::ones({100}), 3), 1);  // never beyond the largest
  // A level of 3 bits is 2.82135 / 3 = 0.94045: 1 -> 1 level, -10 -> -3 levels.
  const at::Tensor output = fake_quantize_weight(weight, {}, 3);
  EXPECT_NEAR(output[0].item<float>(), 0.94045, 1e-4);
  EXPECT_NEAR(output[7].item<float>(), -2.82135, 1e-4);
}

TEST(FakeQuantizer, WeightsUseTheLargestMagnitudeAndTheMask) {
  at::Tensor weight = at::tensor({0.1F, -0.75F, 0.3F, 9.0F}).set_requires_grad(true);
  const at::Tensor mask = at::tensor({1.0F, 1.0F, 1.0F, 0.0F});
  const at::Tensor output = fake_quantize_weight(weight, mask, 3);
  output.sum().backward();
  // 3 bits, S = 0.75, a level is 0.25: 0.1 -> 0, -0.75 -> -3, 0.3 -> 1; the last is masked.
  const float expected[] = {0.0F, -0.75F, 0.25F, 0.0F};
  for (int i = 0; i < 4; ++i) EXPECT_FLOAT_EQ(output[i].item<float>(), expected[i]) << i;
  EXPECT_TRUE(weight.grad().equal(mask));
}

TEST(FakeQuantizer, BatchRangeIsThreeDeviationsPlusMean) {
  const at::Tensor values = random_tensor({4, 8, 61, 67}, 5) * 0.7 - 0.3;
  const double expected =
      3 * values.std(true).item<double>() + std::fabs(values.mean().item<double>());
  EXPECT_NEAR(batch_range(values), expected, 1e-5);
  EXPECT_EQ(batch_range(at::zeros({2, 2})), 1e-6);
}

nn::Conv make_conv(int in, int out, int kernel, int groups) {
  nn::Conv conv;
  conv.in_channels = in;
  conv.out_channels = out;
  conv.kernel = kernel;
  conv.groups = groups;
  conv.padding = kernel / 2;
  if (kernel == 2) {
    conv.padding = 0;
    conv.padding_mode = nn::PaddingMode::kSymmetric;
  }
  return conv;
}

at::Tensor dense_result(const nn::Conv& conv, const at::Tensor& real, const at::Tensor& input) {
  return at::conv2d(input, to_dense(conv, real), {}, conv.stride, dense_padding(conv));
}

TEST(DenseWeight, GroupsAreDiagonalBlocks) {
  const nn::Conv conv = make_conv(8, 12, 3, 4);
  const at::Tensor real = random_tensor({12, 2, 3, 3}, 1);
  const at::Tensor input = random_tensor({2, 8, 9, 9}, 2);
  const at::Tensor grouped = at::conv2d(input, real, {}, 1, 1, 1, 4);
  EXPECT_LE(largest_difference(grouped, dense_result(conv, real, input)), 1e-5);
  EXPECT_TRUE(grouped_kernel(to_dense(conv, real), 4).equal(real));
  EXPECT_TRUE(from_dense(conv, to_dense(conv, real)).equal(real));
  EXPECT_EQ(dense_mask(conv).sum().item<double>(), 12 * 2 * 9);
}

TEST(DenseWeight, SymmetricKernelPadsEachChannelToItsCorner) {
  for (const int stride : {1, 2}) {
    nn::Conv conv = make_conv(6, 4, 2, 1);
    conv.stride = stride;
    const at::Tensor real = random_tensor({4, 6, 2, 2}, 1);
    const at::Tensor input = random_tensor({2, 6, 8, 8}, 2);
    at::Tensor expected;
    for (int channel = 0; channel < 6; ++channel) {
      // Top left, top right, bottom left, bottom right: {left, right, top, bottom} zeros.
      const std::int64_t pads[4][4] = {{1, 0, 1, 0}, {0, 1, 1, 0}, {1, 0, 0, 1}, {0, 1, 0, 1}};
      const at::Tensor padded = at::constant_pad_nd(input.narrow(1, channel, 1), pads[channel % 4]);
      const at::Tensor part = at::conv2d(padded, real.narrow(1, channel, 1), {}, stride);
      expected = expected.defined() ? expected + part : part;
    }
    EXPECT_LE(largest_difference(expected, dense_result(conv, real, input)), 1e-5) << stride;
    EXPECT_TRUE(from_dense(conv, to_dense(conv, real)).equal(real));
    EXPECT_EQ(dense_mask(conv).sum().item<double>(), 4 * 6 * 4);
  }
}

TEST(DenseWeight, SymmetricKernelWithGroups) {
  const nn::Conv conv = make_conv(8, 4, 2, 2);
  const at::Tensor real = random_tensor({4, 4, 2, 2}, 1);
  EXPECT_TRUE(from_dense(conv, to_dense(conv, real)).equal(real));
  // Output channels of the first group read only input channels 0 to 3.
  EXPECT_EQ(to_dense(conv, real).slice(0, 0, 2).slice(1, 4, 8).abs().max().item<double>(), 0.0);
}

TEST(DenseWeight, PlainKernelIsItself) {
  const nn::Conv conv = make_conv(4, 4, 1, 1);
  const at::Tensor real = random_tensor({4, 4, 1, 1}, 1);
  EXPECT_FALSE(dense_mask(conv).defined());
  EXPECT_TRUE(to_dense(conv, real).equal(real));
}

}  // namespace
}  // namespace gibbon::train
