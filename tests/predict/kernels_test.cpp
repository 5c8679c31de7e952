#include "gibbon/predict/kernels.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "gibbon/base/rng.hpp"

namespace gibbon::predict {
namespace {

std::vector<float> random_matrix(std::size_t count, base::Rng& rng) {
  std::vector<float> matrix(count);
  for (float& value : matrix) value = static_cast<float>(rng.normal());
  return matrix;
}

TEST(AddProduct, HandCalculated) {
  // [1 2; 3 4] [5; 6] = [17; 39], added to [100; 200].
  const std::vector<float> a = {1, 2, 3, 4};
  const std::vector<float> b = {5, 6};
  std::vector<float> c = {100, 200};
  add_product(2, 1, 2, {a.data(), 2, 1}, b.data(), c.data());
  EXPECT_EQ(c, (std::vector<float>{117, 239}));
  // Its transpose: [1 3; 2 4] [5; 6] = [23; 34].
  std::vector<float> d = {0, 0};
  add_product(2, 1, 2, {a.data(), 1, 2}, b.data(), d.data());
  EXPECT_EQ(d, (std::vector<float>{23, 34}));
}

TEST(AddProduct, AgreesWithPlainSumsAtTheEdgesOfItsBlocks) {
  base::Rng rng(1);
  for (const std::size_t m : {1, 3, 4, 5, 8}) {
    for (const std::size_t n : {1, 15, 16, 17, 31, 32, 33, 48, 65}) {
      for (const std::size_t k : {0, 1, 7}) {
        const std::vector<float> a = random_matrix(m * k, rng);
        const std::vector<float> b = random_matrix(k * n, rng);
        std::vector<float> c = random_matrix(m * n, rng);
        std::vector<double> expected(c.begin(), c.end());
        for (std::size_t i = 0; i < m; ++i) {
          for (std::size_t j = 0; j < n; ++j) {
            for (std::size_t l = 0; l < k; ++l) {
              expected[i * n + j] += static_cast<double>(a[i * k + l]) * b[l * n + j];
            }
          }
        }
        add_product(m, n, k, {a.data(), k, 1}, b.data(), c.data());
        for (std::size_t i = 0; i < c.size(); ++i) {
          ASSERT_NEAR(c[i], expected[i], 1e-5) << m << ' ' << n << ' ' << k;
        }
      }
    }
  }
}

/// Activations of one cell with all four sums equal to x.
std::vector<float> gates_of(float x, float& cell, float& tanh_cell, float& output) {
  std::vector<float> gates(4, x);
  const float previous = 0.5F;
  lstm_cell(1, 1, {gates.data(), &previous, &cell, &tanh_cell, &output});
  return gates;
}

TEST(LstmCell, ActivationsAgreeWithTheLibraryOverTheWholeRange) {
  for (double x = -100; x <= 100; x += 0.37) {
    float cell = 0;
    float tanh_cell = 0;
    float output = 0;
    const auto rounded = static_cast<float>(x);
    const std::vector<float> gates = gates_of(rounded, cell, tanh_cell, output);
    const double sigmoid = 1 / (1 + std::exp(-static_cast<double>(rounded)));
    const double candidate = std::tanh(static_cast<double>(rounded));
    for (const std::size_t gate : {0, 1, 3}) EXPECT_NEAR(gates[gate], sigmoid, 3e-7);
    EXPECT_NEAR(gates[2], candidate, 5e-7);
    const double expected = sigmoid * 0.5 + sigmoid * candidate;
    EXPECT_NEAR(cell, expected, 1e-6);
    EXPECT_NEAR(tanh_cell, std::tanh(expected), 1e-6);
    EXPECT_NEAR(output, sigmoid * std::tanh(expected), 1e-6);
  }
}

TEST(AdamStep, HandCalculated) {
  // g = 2, first 1 -> 1 + 0.1 (2 - 1) = 1.1, second 4 -> 4 + 0.5 (4 - 4) = 4,
  // weight 3 - 0.2 * 1.1 / (2 + 0.2) - 0.01 * 3 = 3 - 0.1 - 0.03.
  const float gradient = 2;
  float first = 1;
  float second = 4;
  float weight = 3;
  adam_step(1,
            {.rate = 0.2F,
             .first_decay = 0.9F,
             .second_decay = 0.5F,
             .epsilon = 0.2F,
             .weight_decay = 0.01F},
            &gradient, &first, &second, &weight);
  EXPECT_FLOAT_EQ(first, 1.1F);
  EXPECT_FLOAT_EQ(second, 4);
  EXPECT_FLOAT_EQ(weight, 2.87F);
}

}  // namespace
}  // namespace gibbon::predict
