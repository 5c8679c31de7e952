#pragma once

namespace at {
class Tensor;
}

namespace gibbon::train {

/// Stochastic gradient descent with Nesterov's momentum (Sutskever et al., ICML 2013, as libtorch
/// writes it): g = gradient + decay * value; m = momentum * m + g; value -= rate * (g + momentum *
/// m).
struct SgdStep {
  double rate = 0;
  double momentum = 0;
  double decay = 0;
  /// Of the values' norm that the gradient's may have before it is scaled down to it; 0: any.
  /// Adaptive gradient clipping of a whole tensor (Brock et al., NFNets, arXiv 2102.06171).
  double largest_share = 0;
};

/// Changes `value` and `momentum`; `gradient` is float32 and of their sizes, and may be
/// overwritten. On a processor, where all three lie in memory in one order, in two passes over
/// them, with the same bits for any number of threads; else operation by operation.
void sgd_step(at::Tensor& value, at::Tensor& momentum, at::Tensor gradient, const SgdStep& step);

/// Operation by operation, which reads and writes them more than twice as often.
void plain_sgd_step(at::Tensor& value, at::Tensor& momentum, at::Tensor gradient,
                    const SgdStep& step);

}  // namespace gibbon::train
