#include "gibbon/train/trainers/muon_step.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

namespace gibbon::train {

namespace {

constexpr int kIterations = 3;
constexpr double kSmallestNorm = 1e-12;

/// One row an output; without a copy where the channels of `kernels` lie together.
at::Tensor rows_of(const at::Tensor& kernels) {
  return kernels.permute({0, 2, 3, 1}).reshape({kernels.size(0), -1});
}

at::Tensor kernels_of(const at::Tensor& rows, const at::Tensor& like) {
  return rows.reshape({like.size(0), like.size(2), like.size(3), like.size(1)})
      .permute({0, 3, 1, 2});
}

/// In float32 as a convolution: oneDNN has fast ones for every processor, and libtorch's products
/// are those of the BLAS that is installed.
at::Tensor product(const at::Tensor& left, const at::Tensor& right) {
  if (!left.is_cpu() || left.scalar_type() == at::kBFloat16) return at::mm(left, right);
  const at::Tensor pixels = right.contiguous().view({1, right.size(0), 1, right.size(1)});
  const at::Tensor kernels = left.contiguous().view({left.size(0), left.size(1), 1, 1});
  return at::conv2d(pixels, kernels).view({left.size(0), right.size(1)});
}

}  // namespace

void muon_step(at::Tensor& value, at::Tensor& momentum, const at::Tensor& gradient,
               const MuonStep& step) {
  momentum.mul_(step.momentum).add_(gradient);
  const at::Tensor turn = rows_of(gradient.add(momentum, step.momentum));
  const double norm = value.norm().item<double>();
  const double rank = static_cast<double>(std::min(turn.size(0), turn.size(1)));
  value.sub_(kernels_of(orthogonalized(turn, step.bfloat16), value),
             step.rate * norm / std::sqrt(rank));
  const double longer = value.norm().item<double>();
  if (longer > 0) value.mul_(norm / longer);
}

at::Tensor orthogonalized(const at::Tensor& matrix, bool bfloat16) {
  const bool is_tall = matrix.size(0) > matrix.size(1);
  at::Tensor x = is_tall ? matrix.t() : matrix;
  x = (x / (x.norm() + kSmallestNorm)).to(bfloat16 ? at::kBFloat16 : at::kFloat).contiguous();
  for (int i = 0; i < kIterations; ++i) {
    const at::Tensor squares = product(x, x.t());
    const at::Tensor factor = -4.7750 * squares + 2.0315 * product(squares, squares);
    x = 3.4445 * x + product(factor, x);
  }
  return (is_tall ? x.t() : x).to(at::kFloat);
}

}  // namespace gibbon::train
