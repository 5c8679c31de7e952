#include "gibbon/sim/logit_map.hpp"

namespace gibbon::sim {

namespace {

constexpr double kPenalty = 1e-3;

/// Solves M X = B in place for a positive definite M [n, n], B [n, columns]: Gauss, no pivoting
/// (Golub and Van Loan, Matrix Computations, 4th edition, section 4.2).
void solve(std::vector<double>& m, std::vector<double>& b, std::size_t n, std::size_t columns) {
  for (std::size_t pivot = 0; pivot < n; ++pivot) {
    for (std::size_t row = pivot + 1; row < n; ++row) {
      const double factor = m[row * n + pivot] / m[pivot * n + pivot];
      for (std::size_t i = pivot; i < n; ++i) m[row * n + i] -= factor * m[pivot * n + i];
      for (std::size_t i = 0; i < columns; ++i)
        b[row * columns + i] -= factor * b[pivot * columns + i];
    }
  }
  for (std::size_t row = n; row-- > 0;) {
    for (std::size_t i = 0; i < columns; ++i) {
      double& x = b[row * columns + i];
      for (std::size_t k = row + 1; k < n; ++k) x -= m[row * n + k] * b[k * columns + i];
      x /= m[row * n + row];
    }
  }
}

}  // namespace

LogitMap::LogitMap(std::span<const float> from, std::span<const float> to, int classes)
    : classes_(static_cast<std::size_t>(classes)), coefficients_((classes_ + 1) * classes_, 0.0) {
  const std::size_t n = classes_ + 1;
  std::vector<double> squares(n * n, 0.0);
  std::vector<double> features(n, 1.0);  // the last one stays 1
  for (std::size_t first = 0; first < from.size(); first += classes_) {
    for (std::size_t i = 0; i < classes_; ++i) features[i] = from[first + i];
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t k = 0; k < n; ++k) squares[i * n + k] += features[i] * features[k];
      for (std::size_t k = 0; k < classes_; ++k) {
        coefficients_[i * classes_ + k] += features[i] * to[first + k];
      }
    }
  }
  double trace = 0;
  for (std::size_t i = 0; i < n; ++i) trace += squares[i * n + i];
  for (std::size_t i = 0; i < n; ++i)
    squares[i * n + i] += kPenalty * trace / static_cast<double>(n);
  solve(squares, coefficients_, n, classes_);
}

std::vector<float> LogitMap::operator()(std::span<const float> from) const {
  std::vector<float> result;
  for (std::size_t k = 0; k < classes_; ++k) {
    double sum = coefficients_[classes_ * classes_ + k];
    for (std::size_t i = 0; i < classes_; ++i) sum += coefficients_[i * classes_ + k] * from[i];
    result.push_back(static_cast<float>(sum));
  }
  return result;
}

}  // namespace gibbon::sim
