#pragma once

#include <cstddef>

/// Inner loops on dense row-major float matrices, compiled for several instruction sets, the best
/// of which is chosen at start-up. Every element's sum runs over k in ascending order and without
/// fused operations, so that a result depends on its own row alone and has the same bits with every
/// instruction set. All thread-safe.
namespace gibbon::predict {

/// The left factor of add_product: element (m, k) is data[m * row_stride + k * column_stride], so
/// that a transposed matrix needs no copy.
struct LeftFactor {
  const float* data;
  std::size_t row_stride;
  std::size_t column_stride;
};

/// c[m, n] += a[m, k] * b[k, n]; b and c contiguous.
void add_product(std::size_t m, std::size_t n, std::size_t k, LeftFactor a, const float* b,
                 float* c);

/// One LSTM step of `rows` sequences (Hochreiter, Schmidhuber 1997, with forget gate).
/// gates: rows x 4*hidden, in order input, forget, candidate, output; sums on entry, activations
/// on return. The others rows x hidden; previous_cell may be null (zeros).
struct LstmCell {
  float* gates;
  const float* previous_cell;
  float* cell;
  float* tanh_cell;
  float* output;
};
void lstm_cell(std::size_t rows, std::size_t hidden, const LstmCell& cell);

/// Its gradient. d_output and d_cell (rows x hidden): of the loss by this step's output and cell;
/// on return d_cell is by the previous cell. gates, cells as lstm_cell left them; d_gates by the
/// sums before activation.
struct LstmCellGradient {
  const float* gates;
  const float* previous_cell;
  const float* tanh_cell;
  const float* d_output;
  float* d_cell;
  float* d_gates;
};
void lstm_cell_gradient(std::size_t rows, std::size_t hidden, const LstmCellGradient& cell);

/// One Adam step (Kingma, Ba 2015) with decoupled weight decay (Loshchilov, Hutter 2019).
struct AdamStep {
  float rate;          ///< with the bias correction of both moments taken in
  float first_decay;   ///< beta 1
  float second_decay;  ///< beta 2
  float epsilon;
  float weight_decay;  ///< share of the weight taken off
};
void adam_step(std::size_t count, const AdamStep& step, const float* gradient, float* first,
               float* second, float* weights);

}  // namespace gibbon::predict
