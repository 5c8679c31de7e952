#include "gibbon/predict/kernels.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>

// Sanitizers' runtimes are not up yet when the loader picks a clone.
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define GIBBON_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define GIBBON_CLONES
#endif
#define GIBBON_INLINE inline __attribute__((always_inline))

namespace gibbon::predict {
namespace {

constexpr std::size_t kLanes = 16;
typedef float Lanes __attribute__((vector_size(kLanes * sizeof(float))));

/// A block of kRows x (kWide * kLanes) of the product, held in registers.
template <std::size_t kRows, std::size_t kWide>
GIBBON_INLINE void product_block(std::size_t n, std::size_t k, LeftFactor a, const float* b,
                                 float* c) {
  Lanes sums[kRows][kWide];
  for (std::size_t r = 0; r < kRows; ++r) {
    std::memcpy(sums[r], c + r * n, sizeof(sums[r]));
  }
  for (std::size_t i = 0; i < k; ++i) {
    Lanes right[kWide];
    std::memcpy(right, b + i * n, sizeof(right));
    for (std::size_t r = 0; r < kRows; ++r) {
      const float left = a.data[r * a.row_stride + i * a.column_stride];
      for (std::size_t w = 0; w < kWide; ++w) sums[r][w] += left * right[w];
    }
  }
  for (std::size_t r = 0; r < kRows; ++r) {
    std::memcpy(c + r * n, sums[r], sizeof(sums[r]));
  }
}

/// The columns that fill no vector.
GIBBON_INLINE void product_rest(std::size_t rows, std::size_t columns, std::size_t n, std::size_t k,
                                LeftFactor a, const float* b, float* c) {
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t j = 0; j < columns; ++j) {
      float sum = c[r * n + j];
      for (std::size_t i = 0; i < k; ++i) {
        sum += a.data[r * a.row_stride + i * a.column_stride] * b[i * n + j];
      }
      c[r * n + j] = sum;
    }
  }
}

template <std::size_t kWide>
GIBBON_INLINE void product_panel(std::size_t m, std::size_t n, std::size_t k, LeftFactor a,
                                 const float* b, float* c) {
  constexpr std::size_t kRows = 4;
  std::size_t row = 0;
  for (; row + kRows <= m; row += kRows) {
    product_block<kRows, kWide>(n, k, a, b, c + row * n);
    a.data += kRows * a.row_stride;
  }
  for (; row < m; ++row) {
    product_block<1, kWide>(n, k, a, b, c + row * n);
    a.data += a.row_stride;
  }
}

/// e^x to about 1e-7 relative, on |x| <= 87 (Cephes' expf: reduction by ln 2 and a polynomial),
/// without a branch or a call, so that loops over it are vectorised.
GIBBON_INLINE float exponential(float x) {
  constexpr float kRounder = 12582912.0F;  // 1.5 * 2^23: adding it rounds to an integer
  x = x < -87.0F ? -87.0F : x;
  x = x > 87.0F ? 87.0F : x;
  const float n = (x * 1.44269504F + kRounder) - kRounder;
  const float r = (x - n * 0.693359375F) + n * 2.12194440e-4F;
  float p = 1.9875691500e-4F;
  p = p * r + 1.3981999507e-3F;
  p = p * r + 8.3334519073e-3F;
  p = p * r + 4.1665795894e-2F;
  p = p * r + 1.6666665459e-1F;
  p = p * r + 5.0000001201e-1F;
  const float reduced = (p * r * r + r) + 1.0F;
  return reduced * std::bit_cast<float>((static_cast<std::int32_t>(n) + 127) << 23);
}

GIBBON_INLINE float sigmoid(float x) {
  return 1.0F / (1.0F + exponential(-x));
}
GIBBON_INLINE float hyperbolic_tangent(float x) {
  return 2.0F / (1.0F + exponential(-2.0F * x)) - 1.0F;
}

/// One row, as restricted pointers so that the loop is vectorised.
GIBBON_INLINE void cell_row(std::size_t hidden, float* __restrict__ gates,
                            const float* __restrict__ previous, float* __restrict__ cell,
                            float* __restrict__ tanh_cell, float* __restrict__ output) {
  for (std::size_t j = 0; j < hidden; ++j) {
    const float input = sigmoid(gates[j]);
    const float forget = sigmoid(gates[hidden + j]);
    const float candidate = hyperbolic_tangent(gates[2 * hidden + j]);
    const float out = sigmoid(gates[3 * hidden + j]);
    const float before = previous == nullptr ? 0.0F : previous[j];
    const float now = forget * before + input * candidate;
    const float squashed = hyperbolic_tangent(now);
    gates[j] = input;
    gates[hidden + j] = forget;
    gates[2 * hidden + j] = candidate;
    gates[3 * hidden + j] = out;
    cell[j] = now;
    tanh_cell[j] = squashed;
    output[j] = out * squashed;
  }
}

GIBBON_INLINE void gradient_row(std::size_t hidden, const float* __restrict__ gates,
                                const float* __restrict__ previous,
                                const float* __restrict__ tanh_cell,
                                const float* __restrict__ d_output, float* __restrict__ d_cell,
                                float* __restrict__ d_gates) {
  for (std::size_t j = 0; j < hidden; ++j) {
    const float input = gates[j];
    const float forget = gates[hidden + j];
    const float candidate = gates[2 * hidden + j];
    const float out = gates[3 * hidden + j];
    const float before = previous == nullptr ? 0.0F : previous[j];
    const float squashed = tanh_cell[j];
    const float d_now = d_cell[j] + d_output[j] * out * (1.0F - squashed * squashed);
    d_gates[j] = d_now * candidate * input * (1.0F - input);
    d_gates[hidden + j] = d_now * before * forget * (1.0F - forget);
    d_gates[2 * hidden + j] = d_now * input * (1.0F - candidate * candidate);
    d_gates[3 * hidden + j] = d_output[j] * squashed * out * (1.0F - out);
    d_cell[j] = d_now * forget;
  }
}

GIBBON_INLINE void adam_loop(std::size_t count, const AdamStep step,
                             const float* __restrict__ gradient, float* __restrict__ first,
                             float* __restrict__ second, float* __restrict__ weights) {
  for (std::size_t i = 0; i < count; ++i) {
    const float g = gradient[i];
    first[i] += (1.0F - step.first_decay) * (g - first[i]);
    second[i] += (1.0F - step.second_decay) * (g * g - second[i]);
    const float scaled = step.rate * first[i] / (std::sqrt(second[i]) + step.epsilon);
    weights[i] -= scaled + step.weight_decay * weights[i];
  }
}

}  // namespace

GIBBON_CLONES
void add_product(std::size_t m, std::size_t n, std::size_t k, LeftFactor a, const float* b,
                 float* c) {
  std::size_t column = 0;
  for (; column + 2 * kLanes <= n; column += 2 * kLanes) {
    product_panel<2>(m, n, k, a, b + column, c + column);
  }
  for (; column + kLanes <= n; column += kLanes) {
    product_panel<1>(m, n, k, a, b + column, c + column);
  }
  product_rest(m, n - column, n, k, a, b + column, c + column);
}

GIBBON_CLONES
void lstm_cell(std::size_t rows, std::size_t hidden, const LstmCell& cell) {
  for (std::size_t row = 0; row < rows; ++row) {
    const std::size_t at = row * hidden;
    float* gates = cell.gates + 4 * at;
    if (cell.previous_cell == nullptr) {
      cell_row(hidden, gates, nullptr, cell.cell + at, cell.tanh_cell + at, cell.output + at);
    } else {
      cell_row(hidden, gates, cell.previous_cell + at, cell.cell + at, cell.tanh_cell + at,
               cell.output + at);
    }
  }
}

GIBBON_CLONES
void lstm_cell_gradient(std::size_t rows, std::size_t hidden, const LstmCellGradient& cell) {
  for (std::size_t row = 0; row < rows; ++row) {
    const std::size_t at = row * hidden;
    const float* previous = cell.previous_cell == nullptr ? nullptr : cell.previous_cell + at;
    if (previous == nullptr) {
      gradient_row(hidden, cell.gates + 4 * at, nullptr, cell.tanh_cell + at, cell.d_output + at,
                   cell.d_cell + at, cell.d_gates + 4 * at);
    } else {
      gradient_row(hidden, cell.gates + 4 * at, previous, cell.tanh_cell + at, cell.d_output + at,
                   cell.d_cell + at, cell.d_gates + 4 * at);
    }
  }
}

GIBBON_CLONES
void adam_step(std::size_t count, const AdamStep& step, const float* gradient, float* first,
               float* second, float* weights) {
  adam_loop(count, step, gradient, first, second, weights);
}

}  // namespace gibbon::predict
