#include "gibbon/train/trainers/winograd_conv.hpp"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>
#include <oneapi/dnnl/dnnl.hpp>

#include <algorithm>

#include "gibbon/train/trainers/onednn.hpp"

#if DNNL_VERSION_MAJOR != 2
#error "oneDNN 2 is needed: version 3 has no Winograd kernels"
#endif

namespace gibbon::train {

namespace {

using dnnl::memory;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr std::int64_t kFewestChannels = 32;  // below, changing layouts costs what it saves
constexpr std::int64_t kSmallestSide = 4;     // a tile's
constexpr auto kTogether = at::MemoryFormat::ChannelsLast;

/// Input [n, in, h, w], kernel [out, in, 3, 3], output [n, out, h, w].
struct Sizes {
  memory::dims input;
  memory::dims kernel;

  Sizes(const at::Tensor& images, const at::Tensor& weights)
      : input(images.sizes().vec()), kernel(weights.sizes().vec()) {}

  memory::dims output() const { return {input[0], kernel[0], input[2], input[3]}; }
};

memory::desc any_layout(const memory::dims& sizes) {
  return {sizes, memory::data_type::f32, memory::format_tag::any};
}

const memory::dims kStep = {1, 1};  // stride, and padding on each side

/// Empty where oneDNN has no such kernel.
dnnl::convolution_forward::primitive_desc forward_kernel(const Sizes& sizes) {
  const dnnl::convolution_forward::desc what(dnnl::prop_kind::forward_training,
                                             dnnl::algorithm::convolution_winograd,
                                             any_layout(sizes.input), any_layout(sizes.kernel),
                                             any_layout(sizes.output()), kStep, kStep, kStep);
  return {what, processor(), true};
}

/// Of dnnl::convolution_backward_data or convolution_backward_weights; empty as above.
template <typename Backward>
typename Backward::primitive_desc backward_kernel(const Sizes& sizes) {
  const typename Backward::desc what(dnnl::algorithm::convolution_winograd, any_layout(sizes.input),
                                     any_layout(sizes.kernel), any_layout(sizes.output()), kStep,
                                     kStep, kStep);
  return {what, processor(), forward_kernel(sizes), true};
}

/// A tensor in a layout of oneDNN's.
class Laid {
 public:
  explicit Laid(const memory::desc& layout)
      : buffer_(
            at::empty({static_cast<std::int64_t>(layout.get_size() / sizeof(float))}, at::kFloat)),
        memory_(layout, processor(), buffer_.data_ptr()) {}

  /// `tensor` is in the layout that `tag` names.
  Laid(const at::Tensor& tensor, memory::format_tag tag)
      : buffer_(tensor),
        memory_({tensor.sizes().vec(), memory::data_type::f32, tag}, processor(),
                buffer_.data_ptr()) {}

  /// In another layout; the same buffer if it is this one.
  Laid in(const memory::desc& layout) const {
    if (memory_.get_desc() == layout) return *this;
    Laid result(layout);
    copy_to(result);
    return result;
  }
  void copy_to(const Laid& other) const {
    execute(dnnl::reorder(memory_, other.memory_),
            {{DNNL_ARG_FROM, memory_}, {DNNL_ARG_TO, other.memory_}});
  }

  const memory& view() const { return memory_; }

 private:
  at::Tensor buffer_;
  memory memory_;
};

Laid images(const at::Tensor& tensor) {
  return {tensor.contiguous(kTogether), memory::format_tag::nhwc};
}
Laid weights(const at::Tensor& tensor) {
  return {tensor.contiguous(kTogether), memory::format_tag::ohwi};
}

at::Tensor to_images(const Laid& laid, const memory::dims& sizes) {
  at::Tensor result = at::empty(sizes, at::TensorOptions(at::kFloat).memory_format(kTogether));
  laid.copy_to(images(result));
  return result;
}

/// What the forward pass leaves for the backward pass.
struct Saved : torch::CustomClassHolder {
  Saved(Sizes sizes_of, Laid input_of, at::Tensor kernel_of)
      : sizes(std::move(sizes_of)), input(std::move(input_of)), kernel(std::move(kernel_of)) {}
  Sizes sizes;
  Laid input;
  at::Tensor kernel;
};

struct WinogradConv : public torch::autograd::Function<WinogradConv> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& input,
                            const at::Tensor& kernel) {
    const Sizes sizes(input, kernel);
    const auto how = forward_kernel(sizes);
    const Laid source = images(input).in(how.src_desc());
    const Laid output(how.dst_desc());
    execute(dnnl::convolution_forward(how),
            {{DNNL_ARG_SRC, source.view()},
             {DNNL_ARG_WEIGHTS, weights(kernel).in(how.weights_desc()).view()},
             {DNNL_ARG_DST, output.view()}});
    context->saved_data["saved"] =
        c10::IValue::make_capsule(c10::make_intrusive<Saved>(sizes, source, kernel.detach()));
    return to_images(output, sizes.output());
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto held = context->saved_data.at("saved").toCapsule();
    const auto& saved = *static_cast<const Saved*>(held.get());
    const auto how = backward_kernel<dnnl::convolution_backward_weights>(saved.sizes);
    const Laid gradient = images(gradients.front().to(at::kFloat)).in(how.diff_dst_desc());
    at::Tensor to_input;
    if (context->needs_input_grad(0)) to_input = input_gradient(saved, gradient);
    return {to_input, kernel_gradient(saved, gradient)};
  }

  static at::Tensor input_gradient(const Saved& saved, const Laid& gradient) {
    const auto how = backward_kernel<dnnl::convolution_backward_data>(saved.sizes);
    const Laid result(how.diff_src_desc());
    execute(dnnl::convolution_backward_data(how),
            {{DNNL_ARG_DIFF_DST, gradient.in(how.diff_dst_desc()).view()},
             {DNNL_ARG_WEIGHTS, weights(saved.kernel).in(how.weights_desc()).view()},
             {DNNL_ARG_DIFF_SRC, result.view()}});
    return to_images(result, saved.sizes.input);
  }

  static at::Tensor kernel_gradient(const Saved& saved, const Laid& gradient) {
    const auto how = backward_kernel<dnnl::convolution_backward_weights>(saved.sizes);
    const Laid laid(how.diff_weights_desc());
    execute(dnnl::convolution_backward_weights(how),
            {{DNNL_ARG_SRC, saved.input.in(how.src_desc()).view()},
             {DNNL_ARG_DIFF_DST, gradient.in(how.diff_dst_desc()).view()},
             {DNNL_ARG_DIFF_WEIGHTS, laid.view()}});
    at::Tensor result = at::empty_like(saved.kernel, kTogether);
    laid.copy_to(weights(result));
    return result;
  }
};

}  // namespace

bool has_winograd_shape(const at::Tensor& input, const at::Tensor& kernel, int stride,
                        int padding) {
  if (stride != 1 || padding != 1 || kernel.size(2) != 3 || kernel.size(3) != 3) return false;
  if (!input.is_cpu() || !input.is_contiguous(kTogether)) return false;
  return input.scalar_type() == at::kFloat && kernel.scalar_type() == at::kFloat;
}

bool has_winograd_kernel(const at::Tensor& input, const at::Tensor& kernel, int stride,
                         int padding) {
  if (!has_winograd_shape(input, kernel, stride, padding)) return false;
  if (std::min(input.size(1), kernel.size(0)) < kFewestChannels) return false;
  if (std::min(input.size(2), input.size(3)) < kSmallestSide) return false;
  const Sizes sizes(input, kernel);
  return forward_kernel(sizes) && backward_kernel<dnnl::convolution_backward_data>(sizes) &&
         backward_kernel<dnnl::convolution_backward_weights>(sizes);
}

at::Tensor winograd_conv(const at::Tensor& input, const at::Tensor& kernel) {
  return WinogradConv::apply(input, kernel);
}

}  // namespace gibbon::train
