#pragma once

#include "gibbon/nn/layer.hpp"

namespace at {
class Tensor;
}

namespace gibbon::train {

/// The layers of transformers in libtorch's operations. Sequences are [images, channels, tokens, 1]
/// (nn/layer.hpp), channels together in memory. Differentiable, thread-safe. Norms and softmax give
/// float32.

/// An image's positions [images, channels, height, width] as tokens, `class_token` [channels]
/// before them unless it is undefined, with `positions` [tokens, channels] added.
at::Tensor make_tokens(const at::Tensor& values, const at::Tensor& class_token,
                       const at::Tensor& positions);

at::Tensor layer_norm(const at::Tensor& values, const at::Tensor& gamma, const at::Tensor& beta,
                      double epsilon);

at::Tensor grouped_softmax(const at::Tensor& values, const nn::Softmax& softmax);

/// nn::MatMul of two sequences, not quantised.
at::Tensor head_product(const at::Tensor& first, const at::Tensor& second,
                        const nn::MatMul& product);

}  // namespace gibbon::train
