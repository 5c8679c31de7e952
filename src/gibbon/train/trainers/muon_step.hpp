#pragma once

namespace at {
class Tensor;
}

namespace gibbon::train {

/// Muon (Jordan et al., https://kellerjordan.github.io/posts/muon/, 2024): momentum that is made
/// orthogonal before it is taken. m = momentum * m + gradient; O = the nearest matrix to gradient +
/// momentum * m whose rows (or columns, where those are fewer) are orthonormal; the value turns
/// by `rate` times O, in units of its own root mean square singular value, and keeps its norm:
/// value' = value - rate * |value| / sqrt(rank) * O; value = value' * |value| / |value'|.
struct MuonStep {
  double rate = 0;
  double momentum = 0.9;
  bool bfloat16 = false;  ///< its products of matrices; else float32
};

/// Changes `value` and `momentum`, kernels [outputs, inputs, height, width], each a matrix of one
/// row an output; `gradient` is of their sizes. For kernels whose scale changes no output of the
/// network (LayerPlan::scale_is_free). A gradient of zeros turns nothing.
void muon_step(at::Tensor& value, at::Tensor& momentum, const at::Tensor& gradient,
               const MuonStep& step);

/// Nearly the nearest semi-orthogonal matrix to `matrix`, of two dimensions: singular values come
/// to 0.6 to 1.3 where they were at least a tenth of the norm; smaller ones grow less. By three
/// steps of the Newton-Schulz iteration with the coefficients of the page above.
at::Tensor orthogonalized(const at::Tensor& matrix, bool bfloat16);

}  // namespace gibbon::train
