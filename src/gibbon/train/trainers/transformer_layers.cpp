#include "gibbon/train/trainers/transformer_layers.hpp"

#include <ATen/ATen.h>

namespace gibbon::train {

namespace {

/// [images, tokens, channels] of a sequence, and back.
at::Tensor token_rows(const at::Tensor& sequence) {
  return sequence.permute({0, 2, 3, 1}).flatten(1, 2);
}
at::Tensor to_sequence(const at::Tensor& rows) {
  return rows.unsqueeze(2).permute({0, 3, 1, 2});
}

/// [images, heads, tokens, features] of a sequence, and back.
at::Tensor split_heads(const at::Tensor& sequence, int heads) {
  const at::Tensor rows = token_rows(sequence);
  return rows.reshape({rows.size(0), rows.size(1), heads, rows.size(2) / heads}).transpose(1, 2);
}
at::Tensor join_heads(const at::Tensor& parts) {
  return to_sequence(parts.transpose(1, 2).flatten(2, 3));
}

}  // namespace

at::Tensor make_tokens(const at::Tensor& values, const at::Tensor& class_token,
                       const at::Tensor& positions) {
  at::Tensor rows = token_rows(values);
  if (class_token.defined()) {
    const at::Tensor first = class_token.to(rows.scalar_type()).expand({rows.size(0), 1, -1});
    rows = at::cat({first, rows}, 1);
  }
  return to_sequence(rows + positions);
}

at::Tensor layer_norm(const at::Tensor& values, const at::Tensor& gamma, const at::Tensor& beta,
                      double epsilon) {
  const at::Tensor last = values.permute({0, 2, 3, 1}).to(at::kFloat);
  return at::layer_norm(last, {last.size(3)}, gamma, beta, epsilon).permute({0, 3, 1, 2});
}

at::Tensor grouped_softmax(const at::Tensor& values, const nn::Softmax& softmax) {
  const at::Tensor rows = token_rows(values);
  const at::Tensor groups =
      rows.reshape({rows.size(0), rows.size(1), softmax.groups, rows.size(2) / softmax.groups});
  return to_sequence(at::softmax(groups, -1, at::kFloat).flatten(2, 3));
}

at::Tensor head_product(const at::Tensor& first, const at::Tensor& second,
                        const nn::MatMul& product) {
  const at::Tensor left = split_heads(first, product.heads);
  const at::Tensor right = split_heads(second, product.heads);
  const at::Tensor parts =
      at::matmul(left, product.transposed ? right.transpose(2, 3) : right) * product.scale;
  return join_heads(parts);
}

}  // namespace gibbon::train
