#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "gibbon/base/rng.hpp"
#include "gibbon/predict/encoding.hpp"

namespace gibbon::predict {

/// The sizes of an LSTM network and where its parameters lie in one flat vector.
///
/// For a sequence of T steps with tokens k(t, c), one a column c, and H = hidden:
///   x_t  = relu(input_bias + sum_c (table[k] + value(k) * value_weights[c]))       (H)
///   a_t  = gate_bias + x_t input_weights + h_(t-1) recurrent_weights               (4 H)
///   i, f, o = sigmoid, g = tanh of a_t's quarters in the order i, f, g, o
///   c_t  = f c_(t-1) + i g,  h_t = o tanh(c_t)
///   m    = mean of h_t over the T steps,  r = T / max_steps
///   y    = three-layer perceptron (H, H, outputs; relu) of (m, m r, r)
/// m is the paper's feature; m r (the sum over the steps, scaled) and r tell how many blocks there
/// are, which a mean forgets and which latency, energy and area add up over.
struct LstmShape {
  int tokens = 0;
  int columns = 0;
  int max_steps = 1;
  int hidden = 0;
  int outputs = 0;

  std::size_t features() const { return 2 * static_cast<std::size_t>(hidden) + 1; }
  std::size_t parameters() const;
};

/// Work space of one forward and backward pass; reused, one for each thread.
struct LstmPass {
  std::vector<std::size_t> order;         ///< sequences by falling length
  std::vector<std::size_t> rows_of_step;  ///< how many of them reach the step
  std::vector<float> inputs, gates, cells, tanh_cells, hiddens;  ///< step by step, row by row
  std::vector<float> features, first, second, outputs;           ///< a row for each sequence
};

/// The network with hand-written gradients. A sequence's outputs do not depend on the others in
/// the batch. const functions are thread-safe.
class LstmNetwork {
 public:
  /// Keeps a reference to the encoder, for its tokens' values.
  LstmNetwork(const SequenceEncoder& encoder, int hidden, int outputs, base::Rng rng);

  const LstmShape& shape() const { return shape_; }
  const std::vector<float>& parameters() const { return parameters_; }
  std::vector<float>& parameters() { return parameters_; }

  /// Outputs, batch x outputs, in the order of the batch. Not empty.
  std::vector<float> forward(std::span<const Sequence* const> batch, LstmPass& pass) const;

  /// The loss's gradient by the parameters, from its gradient by the outputs of the latest
  /// forward() with this pass and batch; added to `gradient` (the parameters' size).
  void add_gradient(std::span<const Sequence* const> batch, std::span<const float> d_outputs,
                    LstmPass& pass, std::vector<float>& gradient) const;

  /// Changes the last layer so that output i becomes scale[i] * output i + shift[i].
  void rescale_outputs(std::span<const double> scale, std::span<const double> shift);

 private:
  struct Layout;
  void embed(std::span<const Sequence* const> batch, LstmPass& pass) const;
  void run_steps(LstmPass& pass) const;
  void pool(std::span<const Sequence* const> batch, LstmPass& pass) const;
  void regress(std::size_t count, LstmPass& pass) const;
  std::vector<float> regressor_gradient(std::span<const Sequence* const> batch,
                                        std::span<const float> d_outputs, const LstmPass& pass,
                                        std::vector<float>& gradient) const;
  std::vector<float> steps_gradient(const std::vector<float>& d_hiddens, const LstmPass& pass,
                                    std::vector<float>& gradient) const;
  void embedding_gradient(std::span<const Sequence* const> batch, const std::vector<float>& d_gates,
                          const LstmPass& pass, std::vector<float>& gradient) const;

  const SequenceEncoder& encoder_;
  LstmShape shape_;
  std::vector<float> parameters_;
};

}  // namespace gibbon::predict
