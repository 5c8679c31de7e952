#pragma once

// For the tests of Winograd's kernels, after <ATen/ATen.h>, <ATen/Parallel.h> and
// <torch/csrc/autograd/function.h>: 3x3 convolutions of stride 1 and what holds for all of them.

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace gibbon::train::testing {

struct ConvSizes {
  std::int64_t count, in, out, height, width;
};

/// `weights` are those of the outputs in the sum whose gradients are taken.
struct ConvTensors {
  at::Tensor input, kernel, weights;
};

/// `make(shape)` gives the values.
template <typename Make>
ConvTensors conv_tensors(const ConvSizes& c, const Make& make) {
  return {make({c.count, c.in, c.height, c.width})
              .contiguous(at::MemoryFormat::ChannelsLast)
              .set_requires_grad(true),
          make({c.out, c.in, 3, 3}).set_requires_grad(true),
          make({c.count, c.out, c.height, c.width})};
}

inline ConvTensors normal_tensors(const ConvSizes& c) {
  at::Generator generator = at::detail::createCPUGenerator(11);
  return conv_tensors(c,
                      [&](std::vector<std::int64_t> shape) { return at::randn(shape, generator); });
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

/// libtorch's own convolution.
inline at::Tensor direct(const at::Tensor& input, const at::Tensor& kernel) {
  return at::conv2d(input, kernel, {}, 1, 1);
}

/// Relative to the norm of `b`.
inline double difference(const at::Tensor& a, const at::Tensor& b) {
  return ((a - b).norm() / b.norm()).item<double>();
}

/// The kernel's gradient is the same whether or not the input's is wanted.
template <typename Convolution>
void expect_kernel_gradient_alone(const Convolution& convolution) {
  const ConvTensors t = normal_tensors({2, 32, 32, 8, 8});
  const at::Tensor expected = results(t, convolution)[2].clone();
  t.kernel.mutable_grad() = at::Tensor();
  (convolution(t.input.detach(), t.kernel) * t.weights).sum().backward();
  EXPECT_TRUE(at::equal(t.kernel.grad(), expected));
}

/// With one thread and with two.
template <typename Convolution>
void expect_repeats(const Convolution& convolution) {
  const int threads = at::get_num_threads();
  for (const int count : {1, 2}) {
    at::set_num_threads(count);
    const ConvTensors t = normal_tensors({4, 48, 64, 16, 16});
    const auto first = results(t, convolution);
    const auto second = results(t, convolution);
    for (std::size_t i = 0; i < first.size(); ++i) EXPECT_TRUE(at::equal(first[i], second[i])) << i;
  }
  at::set_num_threads(threads);
}

}  // namespace gibbon::train::testing
