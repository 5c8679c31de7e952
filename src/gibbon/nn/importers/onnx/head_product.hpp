#pragma once

#include <optional>

#include "gibbon/nn/importers/onnx/view.hpp"

namespace gibbon::nn::onnx {

/// A matrix product of two tensors, each a view of a sequence, that nn::MatMul computes.
struct HeadProduct {
  bool transposed = false;  ///< as nn::MatMul has it
  std::int64_t heads = 1;
  View result;  ///< of nn::MatMul's output
};

/// [.., T, d] x [.., d, U], of queries and keys, or [.., T, U] x [.., U, d], of scores and values,
/// where all other dimensions are the same heads in both. Nothing where they are no such product.
std::optional<HeadProduct> match_head_product(const View& first, const View& second);

}  // namespace gibbon::nn::onnx
