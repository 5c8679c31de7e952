#include "gibbon/base/cholesky.hpp"

#include <cmath>

namespace gibbon::base {

void cholesky_factorize(std::vector<double>& matrix, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) {
    double* row = matrix.data() + i * size;
    for (std::size_t j = 0; j <= i; ++j) {
      const double* other = matrix.data() + j * size;
      double sum = row[j];
      for (std::size_t k = 0; k < j; ++k) sum -= row[k] * other[k];
      row[j] = i == j ? std::sqrt(sum) : sum / other[j];
    }
  }
}

void cholesky_solve(const std::vector<double>& lower, std::size_t size, std::vector<double>& right,
                    std::size_t columns) {
  const auto eliminate = [&](std::size_t from, std::size_t into, double factor) {
    for (std::size_t c = 0; c < columns; ++c) {
      right[into * columns + c] -= factor * right[from * columns + c];
    }
  };
  const auto divide = [&](std::size_t row) {
    for (std::size_t c = 0; c < columns; ++c) right[row * columns + c] /= lower[row * size + row];
  };
  for (std::size_t i = 0; i < size; ++i) {
    for (std::size_t k = 0; k < i; ++k) eliminate(k, i, lower[i * size + k]);
    divide(i);
  }
  for (std::size_t i = size; i-- > 0;) {
    divide(i);
    for (std::size_t k = 0; k < i; ++k) eliminate(i, k, lower[i * size + k]);
  }
}

}  // namespace gibbon::base
