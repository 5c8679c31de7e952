#include "gibbon/predict/predictors/lstm_network.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "gibbon/predict/kernels.hpp"

namespace gibbon::predict {

/// Where each parameter array begins.
struct LstmNetwork::Layout {
  explicit Layout(const LstmShape& shape)
      : hidden(static_cast<std::size_t>(shape.hidden)),
        features(shape.features()),
        outputs(static_cast<std::size_t>(shape.outputs)) {
    table = take(static_cast<std::size_t>(shape.tokens) * hidden);
    value_weights = take(static_cast<std::size_t>(shape.columns) * hidden);
    input_bias = take(hidden);
    input_weights = take(hidden * 4 * hidden);
    recurrent_weights = take(hidden * 4 * hidden);
    gate_bias = take(4 * hidden);
    first_weights = take(features * hidden);
    first_bias = take(hidden);
    second_weights = take(hidden * hidden);
    second_bias = take(hidden);
    last_weights = take(hidden * outputs);
    last_bias = take(outputs);
  }

  std::size_t hidden, features, outputs;
  std::size_t total = 0;
  std::size_t table, value_weights, input_bias, input_weights, recurrent_weights, gate_bias;
  std::size_t first_weights, first_bias, second_weights, second_bias, last_weights, last_bias;

 private:
  std::size_t take(std::size_t count) {
    const std::size_t begin = total;
    total += count;
    return begin;
  }
};

namespace {

void fill(std::vector<float>& parameters, std::size_t begin, std::size_t count, double deviation,
          base::Rng& rng) {
  for (std::size_t i = 0; i < count; ++i) {
    parameters[begin + i] = static_cast<float>(deviation * rng.normal());
  }
}

/// rows x columns to columns x rows.
std::vector<float> transposed(const float* matrix, std::size_t rows, std::size_t columns) {
  std::vector<float> result(rows * columns);
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < columns; ++c) result[c * rows + r] = matrix[r * columns + c];
  }
  return result;
}

LeftFactor plain(const float* data, std::size_t columns) {
  return {data, columns, 1};
}
LeftFactor flipped(const float* data, std::size_t columns) {
  return {data, 1, columns};
}

/// `rows` copies of a row.
void repeat(const float* row, std::size_t width, std::size_t rows, std::vector<float>& out) {
  out.resize(rows * width);
  for (std::size_t r = 0; r < rows; ++r) std::copy_n(row, width, out.data() + r * width);
}

void relu(std::vector<float>& values) {
  for (float& value : values) value = value > 0 ? value : 0;
}

/// Zeroes the gradient where a relu's result is 0.
void mask(const std::vector<float>& result, std::vector<float>& gradient) {
  for (std::size_t i = 0; i < result.size(); ++i) gradient[i] = result[i] > 0 ? gradient[i] : 0;
}

void add_column_sums(const std::vector<float>& matrix, std::size_t columns, float* sums) {
  for (std::size_t begin = 0; begin < matrix.size(); begin += columns) {
    for (std::size_t c = 0; c < columns; ++c) sums[c] += matrix[begin + c];
  }
}

/// One dense layer's gradient: of its weights and bias added, of its input returned.
std::vector<float> dense_gradient(std::size_t count, std::size_t in, std::size_t out,
                                  const std::vector<float>& input,
                                  const std::vector<float>& d_output, const float* weights,
                                  float* d_weights, float* d_bias) {
  add_product(in, out, count, flipped(input.data(), in), d_output.data(), d_weights);
  add_column_sums(d_output, out, d_bias);
  std::vector<float> d_input(count * in, 0.0F);
  const std::vector<float> weights_flipped = transposed(weights, in, out);
  add_product(count, in, out, plain(d_output.data(), out), weights_flipped.data(), d_input.data());
  return d_input;
}

/// Sequences by falling length, so that those alive at a step are the first rows.
void arrange(std::span<const Sequence* const> batch, LstmPass& pass) {
  pass.order.resize(batch.size());
  std::iota(pass.order.begin(), pass.order.end(), std::size_t{0});
  std::stable_sort(pass.order.begin(), pass.order.end(),
                   [&](std::size_t a, std::size_t b) { return batch[a]->steps > batch[b]->steps; });
  const auto longest = static_cast<std::size_t>(batch[pass.order.front()]->steps);
  pass.rows_of_step.assign(longest, 0);
  for (const Sequence* sequence : batch) {
    for (int step = 0; step < sequence->steps; ++step) {
      ++pass.rows_of_step[static_cast<std::size_t>(step)];
    }
  }
}

std::size_t total_rows(const LstmPass& pass) {
  return std::accumulate(pass.rows_of_step.begin(), pass.rows_of_step.end(), std::size_t{0});
}

/// Calls use(row of x, sequence's rank, its tokens of the step), step by step.
template <typename Use>
void for_each_row(std::span<const Sequence* const> batch, const LstmPass& pass, std::size_t columns,
                  Use&& use) {
  std::size_t row = 0;
  for (std::size_t step = 0; step < pass.rows_of_step.size(); ++step) {
    for (std::size_t rank = 0; rank < pass.rows_of_step[step]; ++rank, ++row) {
      use(row, rank, batch[pass.order[rank]]->tokens.data() + step * columns);
    }
  }
}

}  // namespace

LstmNetwork::LstmNetwork(const SequenceEncoder& encoder, int hidden, int outputs, base::Rng rng)
    : encoder_(encoder),
      shape_{.tokens = encoder.tokens(),
             .columns = encoder.columns(),
             .max_steps = encoder.max_steps(),
             .hidden = hidden,
             .outputs = outputs},
      parameters_(shape_.parameters(), 0.0F) {
  const Layout at(shape_);
  const double wide = static_cast<double>(at.hidden);
  // x_t is a sum over the columns of a token's and a value's part: variance about 1 in all.
  const double part = 1 / std::sqrt(2.0 * shape_.columns);
  fill(parameters_, at.table, at.input_bias - at.table, part, rng);
  fill(parameters_, at.input_weights, at.gate_bias - at.input_weights, 1 / std::sqrt(wide), rng);
  // Remembering at first lets gradients reach the early blocks (Gers et al. 2000).
  std::fill_n(parameters_.begin() + static_cast<std::ptrdiff_t>(at.gate_bias + at.hidden),
              at.hidden, 1.0F);
  // h is about a fifth of a unit wide, so that He's rule is scaled up for the features.
  fill(parameters_, at.first_weights, at.features * at.hidden,
       3 * std::sqrt(2.0 / static_cast<double>(at.features)), rng);
  fill(parameters_, at.second_weights, at.hidden * at.hidden, std::sqrt(2.0 / wide), rng);
  fill(parameters_, at.last_weights, at.hidden * at.outputs, 0.3 / std::sqrt(wide), rng);
}

std::vector<float> LstmNetwork::forward(std::span<const Sequence* const> batch,
                                        LstmPass& pass) const {
  arrange(batch, pass);
  embed(batch, pass);
  run_steps(pass);
  pool(batch, pass);
  regress(batch.size(), pass);
  const auto outputs = static_cast<std::size_t>(shape_.outputs);
  std::vector<float> result(pass.outputs.size());
  for (std::size_t rank = 0; rank < batch.size(); ++rank) {
    std::copy_n(pass.outputs.data() + rank * outputs, outputs,
                result.data() + pass.order[rank] * outputs);
  }
  return result;
}

void LstmNetwork::embed(std::span<const Sequence* const> batch, LstmPass& pass) const {
  const Layout at(shape_);
  const auto columns = static_cast<std::size_t>(shape_.columns);
  // A token's whole share of x, once a pass instead of once a step.
  std::vector<float> shares(parameters_.begin(),
                            parameters_.begin() + static_cast<std::ptrdiff_t>(at.value_weights));
  for (std::int32_t token = 0; token < shape_.tokens; ++token) {
    const float value = encoder_.token_value(token);
    float* share = shares.data() + static_cast<std::size_t>(token) * at.hidden;
    const float* weights = parameters_.data() + at.value_weights +
                           static_cast<std::size_t>(encoder_.token_column(token)) * at.hidden;
    for (std::size_t j = 0; j < at.hidden; ++j) share[j] += value * weights[j];
  }
  repeat(parameters_.data() + at.input_bias, at.hidden, total_rows(pass), pass.inputs);
  for_each_row(batch, pass, columns, [&](std::size_t row, std::size_t, const std::int32_t* tokens) {
    float* x = pass.inputs.data() + row * at.hidden;
    for (std::size_t c = 0; c < columns; ++c) {
      const float* share = shares.data() + static_cast<std::size_t>(tokens[c]) * at.hidden;
      for (std::size_t j = 0; j < at.hidden; ++j) x[j] += share[j];
    }
  });
  relu(pass.inputs);
}

void LstmNetwork::run_steps(LstmPass& pass) const {
  const Layout at(shape_);
  const std::size_t hidden = at.hidden;
  const std::size_t rows = total_rows(pass);
  const float* parameters = parameters_.data();
  repeat(parameters + at.gate_bias, 4 * hidden, rows, pass.gates);
  add_product(rows, 4 * hidden, hidden, plain(pass.inputs.data(), hidden),
              parameters + at.input_weights, pass.gates.data());
  pass.cells.resize(rows * hidden);
  pass.tanh_cells.resize(rows * hidden);
  pass.hiddens.resize(rows * hidden);
  std::size_t begin = 0;
  std::size_t previous = 0;
  for (std::size_t step = 0; step < pass.rows_of_step.size(); ++step) {
    const std::size_t alive = pass.rows_of_step[step];
    float* gates = pass.gates.data() + begin * 4 * hidden;
    if (step > 0) {
      add_product(alive, 4 * hidden, hidden, plain(pass.hiddens.data() + previous * hidden, hidden),
                  parameters + at.recurrent_weights, gates);
    }
    lstm_cell(alive, hidden,
              {.gates = gates,
               .previous_cell = step > 0 ? pass.cells.data() + previous * hidden : nullptr,
               .cell = pass.cells.data() + begin * hidden,
               .tanh_cell = pass.tanh_cells.data() + begin * hidden,
               .output = pass.hiddens.data() + begin * hidden});
    previous = begin;
    begin += alive;
  }
}

void LstmNetwork::pool(std::span<const Sequence* const> batch, LstmPass& pass) const {
  const Layout at(shape_);
  pass.features.assign(batch.size() * at.features, 0.0F);
  const auto columns = static_cast<std::size_t>(shape_.columns);
  for_each_row(batch, pass, columns, [&](std::size_t row, std::size_t rank, const std::int32_t*) {
    float* mean = pass.features.data() + rank * at.features;
    const float* h = pass.hiddens.data() + row * at.hidden;
    for (std::size_t j = 0; j < at.hidden; ++j) mean[j] += h[j];
  });
  for (std::size_t rank = 0; rank < batch.size(); ++rank) {
    const auto steps = static_cast<float>(batch[pass.order[rank]]->steps);
    const float ratio = steps / static_cast<float>(shape_.max_steps);
    float* features = pass.features.data() + rank * at.features;
    for (std::size_t j = 0; j < at.hidden; ++j) {
      features[j] /= steps;
      features[at.hidden + j] = features[j] * ratio;
    }
    features[2 * at.hidden] = ratio;
  }
}

void LstmNetwork::regress(std::size_t count, LstmPass& pass) const {
  const Layout at(shape_);
  const float* parameters = parameters_.data();
  repeat(parameters + at.first_bias, at.hidden, count, pass.first);
  add_product(count, at.hidden, at.features, plain(pass.features.data(), at.features),
              parameters + at.first_weights, pass.first.data());
  relu(pass.first);
  repeat(parameters + at.second_bias, at.hidden, count, pass.second);
  add_product(count, at.hidden, at.hidden, plain(pass.first.data(), at.hidden),
              parameters + at.second_weights, pass.second.data());
  relu(pass.second);
  repeat(parameters + at.last_bias, at.outputs, count, pass.outputs);
  add_product(count, at.outputs, at.hidden, plain(pass.second.data(), at.hidden),
              parameters + at.last_weights, pass.outputs.data());
}

void LstmNetwork::add_gradient(std::span<const Sequence* const> batch,
                               std::span<const float> d_outputs, LstmPass& pass,
                               std::vector<float>& gradient) const {
  const std::vector<float> d_hiddens = regressor_gradient(batch, d_outputs, pass, gradient);
  const std::vector<float> d_gates = steps_gradient(d_hiddens, pass, gradient);
  embedding_gradient(batch, d_gates, pass, gradient);
}

/// The regressor's and the mean's: returns the gradient by every step's output, the same at each
/// step of a sequence; a row for each sequence.
std::vector<float> LstmNetwork::regressor_gradient(std::span<const Sequence* const> batch,
                                                   std::span<const float> d_outputs,
                                                   const LstmPass& pass,
                                                   std::vector<float>& gradient) const {
  const Layout at(shape_);
  const std::size_t hidden = at.hidden;
  const std::size_t count = batch.size();
  const float* parameters = parameters_.data();
  float* g = gradient.data();
  std::vector<float> d_last(d_outputs.size());
  for (std::size_t rank = 0; rank < count; ++rank) {
    std::copy_n(d_outputs.data() + pass.order[rank] * at.outputs, at.outputs,
                d_last.data() + rank * at.outputs);
  }
  std::vector<float> d_second =
      dense_gradient(count, hidden, at.outputs, pass.second, d_last, parameters + at.last_weights,
                     g + at.last_weights, g + at.last_bias);
  mask(pass.second, d_second);
  std::vector<float> d_first =
      dense_gradient(count, hidden, hidden, pass.first, d_second, parameters + at.second_weights,
                     g + at.second_weights, g + at.second_bias);
  mask(pass.first, d_first);
  const std::vector<float> d_features =
      dense_gradient(count, at.features, hidden, pass.features, d_first,
                     parameters + at.first_weights, g + at.first_weights, g + at.first_bias);
  std::vector<float> d_hiddens(count * hidden);
  for (std::size_t rank = 0; rank < count; ++rank) {
    const auto steps = static_cast<float>(batch[pass.order[rank]]->steps);
    const float* d_mean = d_features.data() + rank * at.features;
    for (std::size_t j = 0; j < hidden; ++j) {
      d_hiddens[rank * hidden + j] =
          d_mean[j] / steps + d_mean[hidden + j] / static_cast<float>(shape_.max_steps);
    }
  }
  return d_hiddens;
}

/// Back through the steps: returns the gradient by the gates' sums, a row for each row of x.
std::vector<float> LstmNetwork::steps_gradient(const std::vector<float>& d_hiddens,
                                               const LstmPass& pass,
                                               std::vector<float>& gradient) const {
  const Layout at(shape_);
  const std::size_t hidden = at.hidden;
  const std::size_t rows = total_rows(pass);
  const std::vector<float> recurrent_flipped =
      transposed(parameters_.data() + at.recurrent_weights, hidden, 4 * hidden);
  std::vector<float> d_gates(rows * 4 * hidden);
  std::vector<float> d_cell(d_hiddens.size(), 0.0F);
  std::vector<float> d_hidden(d_hiddens.size(), 0.0F);
  std::size_t end = rows;
  for (std::size_t step = pass.rows_of_step.size(); step-- > 0;) {
    const std::size_t alive = pass.rows_of_step[step];
    const std::size_t begin = end - alive;
    const std::size_t previous = step > 0 ? begin - pass.rows_of_step[step - 1] : 0;
    for (std::size_t i = 0; i < alive * hidden; ++i) d_hidden[i] += d_hiddens[i];
    float* d_sums = d_gates.data() + begin * 4 * hidden;
    lstm_cell_gradient(alive, hidden,
                       {.gates = pass.gates.data() + begin * 4 * hidden,
                        .previous_cell = step > 0 ? pass.cells.data() + previous * hidden : nullptr,
                        .tanh_cell = pass.tanh_cells.data() + begin * hidden,
                        .d_output = d_hidden.data(),
                        .d_cell = d_cell.data(),
                        .d_gates = d_sums});
    end = begin;
    if (step == 0) break;
    std::fill_n(d_hidden.begin(), alive * hidden, 0.0F);
    add_product(alive, hidden, 4 * hidden, plain(d_sums, 4 * hidden), recurrent_flipped.data(),
                d_hidden.data());
    add_product(hidden, 4 * hidden, alive, flipped(pass.hiddens.data() + previous * hidden, hidden),
                d_sums, gradient.data() + at.recurrent_weights);
  }
  return d_gates;
}

void LstmNetwork::embedding_gradient(std::span<const Sequence* const> batch,
                                     const std::vector<float>& d_gates, const LstmPass& pass,
                                     std::vector<float>& gradient) const {
  const Layout at(shape_);
  const std::size_t hidden = at.hidden;
  const auto columns = static_cast<std::size_t>(shape_.columns);
  float* g = gradient.data();
  std::vector<float> d_inputs =
      dense_gradient(total_rows(pass), hidden, 4 * hidden, pass.inputs, d_gates,
                     parameters_.data() + at.input_weights, g + at.input_weights, g + at.gate_bias);
  mask(pass.inputs, d_inputs);
  add_column_sums(d_inputs, hidden, g + at.input_bias);
  std::vector<float> d_shares(static_cast<std::size_t>(shape_.tokens) * hidden, 0.0F);
  for_each_row(batch, pass, columns, [&](std::size_t row, std::size_t, const std::int32_t* tokens) {
    const float* d_x = d_inputs.data() + row * hidden;
    for (std::size_t c = 0; c < columns; ++c) {
      float* d_share = d_shares.data() + static_cast<std::size_t>(tokens[c]) * hidden;
      for (std::size_t j = 0; j < hidden; ++j) d_share[j] += d_x[j];
    }
  });
  for (std::int32_t token = 0; token < shape_.tokens; ++token) {
    const float value = encoder_.token_value(token);
    const std::size_t row = static_cast<std::size_t>(token) * hidden;
    float* d_weights =
        g + at.value_weights + static_cast<std::size_t>(encoder_.token_column(token)) * hidden;
    for (std::size_t j = 0; j < hidden; ++j) {
      g[at.table + row + j] += d_shares[row + j];
      d_weights[j] += value * d_shares[row + j];
    }
  }
}

void LstmNetwork::rescale_outputs(std::span<const double> scale, std::span<const double> shift) {
  const Layout at(shape_);
  for (std::size_t i = 0; i < at.outputs; ++i) {
    const auto factor = static_cast<float>(scale[i]);
    for (std::size_t j = 0; j < at.hidden; ++j) {
      parameters_[at.last_weights + j * at.outputs + i] *= factor;
    }
    float& bias = parameters_[at.last_bias + i];
    bias = bias * factor + static_cast<float>(shift[i]);
  }
}

std::size_t LstmShape::parameters() const {
  const auto h = static_cast<std::size_t>(hidden);
  const auto out = static_cast<std::size_t>(outputs);
  return static_cast<std::size_t>(tokens + columns) * h + h + 8 * h * h + 4 * h +
         (features() + 1) * h + (h + 1) * h + (h + 1) * out;
}

}  // namespace gibbon::predict
