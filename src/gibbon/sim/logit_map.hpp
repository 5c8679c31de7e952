#pragma once

#include <span>
#include <vector>

namespace gibbon::sim {

/// What one network's logits let expect of another's on the same image: the affine map b + A x that
/// is nearest to the examples in the sense of ridge regression (Hoerl and Kennard, Technometrics
/// 12(1), 1970). The penalty is 1/1000 of the mean of the features' sums of squares, b included.
/// Immutable, thread-safe.
class LogitMap {
 public:
  /// `from` and `to`: [examples, classes], row-major, at least one example.
  LogitMap(std::span<const float> from, std::span<const float> to, int classes);

  /// The logits to expect for `from`, [classes].
  std::vector<float> operator()(std::span<const float> from) const;

 private:
  std::size_t classes_;
  std::vector<double> coefficients_;  // [classes + 1, classes]: A transposed, then b
};

}  // namespace gibbon::sim
