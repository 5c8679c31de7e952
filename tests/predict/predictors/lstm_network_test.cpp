#include "gibbon/predict/predictors/lstm_network.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "predict/toy_space.hpp"

namespace gibbon::predict {
namespace {

using testing::ToySpace;

constexpr int kOutputs = 5;

/// The header's equations once more, one sequence and one number at a time, in double precision.
class PlainNetwork {
 public:
  PlainNetwork(const SequenceEncoder& encoder, const LstmShape& shape)
      : encoder_(encoder), shape_(shape), hidden_(static_cast<std::size_t>(shape.hidden)) {}

  std::vector<double> outputs(const Sequence& sequence, const std::vector<double>& parameters) {
    next_ = parameters.data();
    const double* table = take(static_cast<std::size_t>(shape_.tokens) * hidden_);
    const double* value_weights = take(static_cast<std::size_t>(shape_.columns) * hidden_);
    const double* input_bias = take(hidden_);
    const double* input_weights = take(4 * hidden_ * hidden_);
    const double* recurrent_weights = take(4 * hidden_ * hidden_);
    const double* gate_bias = take(4 * hidden_);
    std::vector<double> h(hidden_, 0.0);
    std::vector<double> c(hidden_, 0.0);
    std::vector<double> features(2 * hidden_ + 1, 0.0);
    for (int step = 0; step < sequence.steps; ++step) {
      std::vector<double> x(input_bias, input_bias + hidden_);
      for (int column = 0; column < shape_.columns; ++column) {
        const std::int32_t token =
            sequence.tokens[static_cast<std::size_t>(step * shape_.columns + column)];
        for (std::size_t j = 0; j < hidden_; ++j) {
          x[j] += table[static_cast<std::size_t>(token) * hidden_ + j] +
                  encoder_.token_value(token) *
                      value_weights[static_cast<std::size_t>(column) * hidden_ + j];
        }
      }
      for (double& one : x) one = std::max(one, 0.0);
      std::vector<double> a(gate_bias, gate_bias + 4 * hidden_);
      for (std::size_t k = 0; k < hidden_; ++k) {
        for (std::size_t r = 0; r < 4 * hidden_; ++r) {
          a[r] += x[k] * input_weights[k * 4 * hidden_ + r] +
                  h[k] * recurrent_weights[k * 4 * hidden_ + r];
        }
      }
      for (std::size_t j = 0; j < hidden_; ++j) {
        const double input = 1 / (1 + std::exp(-a[j]));
        const double forget = 1 / (1 + std::exp(-a[hidden_ + j]));
        const double output = 1 / (1 + std::exp(-a[3 * hidden_ + j]));
        c[j] = forget * c[j] + input * std::tanh(a[2 * hidden_ + j]);
        h[j] = output * std::tanh(c[j]);
        features[j] += h[j] / sequence.steps;
      }
    }
    const double ratio = static_cast<double>(sequence.steps) / shape_.max_steps;
    for (std::size_t j = 0; j < hidden_; ++j) features[hidden_ + j] = features[j] * ratio;
    features[2 * hidden_] = ratio;
    const std::vector<double> first = dense(features, hidden_, true);
    const std::vector<double> second = dense(first, hidden_, true);
    return dense(second, static_cast<std::size_t>(shape_.outputs), false);
  }

 private:
  const double* take(std::size_t count) {
    const double* begin = next_;
    next_ += count;
    return begin;
  }

  std::vector<double> dense(const std::vector<double>& in, std::size_t width, bool relu) {
    const double* weights = take(in.size() * width);
    const double* bias = take(width);
    std::vector<double> out(bias, bias + width);
    for (std::size_t k = 0; k < in.size(); ++k) {
      for (std::size_t j = 0; j < width; ++j) out[j] += in[k] * weights[k * width + j];
    }
    if (relu) {
      for (double& one : out) one = std::max(one, 0.0);
    }
    return out;
  }

  const SequenceEncoder& encoder_;
  LstmShape shape_;
  std::size_t hidden_;
  const double* next_ = nullptr;
};

class LstmNetworkTest : public ::testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    base::Rng rng(3);
    for (int i = 0; i < 9; ++i) sequences_.push_back(encoder_.encode(space_.draw(rng)));
    for (const Sequence& sequence : sequences_) batch_.push_back(&sequence);
    // Biases are 0 at first, where an error in them would not show.
    for (float& parameter : network_.parameters()) {
      parameter += static_cast<float>(0.1 * rng.normal());
    }
  }

  ToySpace space_{5};
  SequenceEncoder encoder_{space_};
  LstmNetwork network_{encoder_, GetParam(), kOutputs, base::Rng(7)};
  std::vector<Sequence> sequences_;
  std::vector<const Sequence*> batch_;
};

TEST_P(LstmNetworkTest, AgreesWithThePlainTwin) {
  LstmPass pass;
  const std::vector<float> fast = network_.forward(batch_, pass);
  const std::vector<double> parameters(network_.parameters().begin(), network_.parameters().end());
  PlainNetwork plain(encoder_, network_.shape());
  ASSERT_EQ(fast.size(), batch_.size() * kOutputs);
  for (std::size_t i = 0; i < batch_.size(); ++i) {
    const std::vector<double> expected = plain.outputs(sequences_[i], parameters);
    for (std::size_t o = 0; o < kOutputs; ++o) {
      EXPECT_NEAR(fast[i * kOutputs + o], expected[o], 2e-5) << "sequence " << i;
    }
  }
}

TEST_P(LstmNetworkTest, GradientsAgreeWithFiniteDifferencesOfTheTwin) {
  std::vector<float> d_outputs(batch_.size() * kOutputs);
  base::Rng rng(5);
  for (float& d : d_outputs) d = static_cast<float>(rng.normal());
  LstmPass pass;
  network_.forward(batch_, pass);
  std::vector<float> gradient(network_.parameters().size(), 0.0F);
  network_.add_gradient(batch_, d_outputs, pass, gradient);

  std::vector<double> parameters(network_.parameters().begin(), network_.parameters().end());
  PlainNetwork plain(encoder_, network_.shape());
  const auto loss = [&] {
    double sum = 0;
    for (std::size_t i = 0; i < batch_.size(); ++i) {
      const std::vector<double> outputs = plain.outputs(sequences_[i], parameters);
      for (std::size_t o = 0; o < kOutputs; ++o) sum += outputs[o] * d_outputs[i * kOutputs + o];
    }
    return sum;
  };
  constexpr double kStep = 1e-6;
  int nonzero = 0;
  // A prime stride visits every parameter array and every part of it.
  const std::size_t stride = GetParam() > 8 ? 17 : 1;
  for (std::size_t p = 0; p < parameters.size(); p += stride) {
    const double kept = parameters[p];
    parameters[p] = kept + kStep;
    const double above = loss();
    parameters[p] = kept - kStep;
    const double below = loss();
    parameters[p] = kept;
    const double expected = (above - below) / (2 * kStep);
    EXPECT_NEAR(gradient[p], expected, 1e-4 + 1e-4 * std::abs(expected)) << "parameter " << p;
    nonzero += std::abs(expected) > 1e-3 ? 1 : 0;
  }
  EXPECT_GT(nonzero, static_cast<int>(parameters.size() / stride / 8));
}

TEST_P(LstmNetworkTest, AddsToTheGradient) {
  const std::vector<float> d_outputs(batch_.size() * kOutputs, 1.0F);
  LstmPass pass;
  network_.forward(batch_, pass);
  std::vector<float> once(network_.parameters().size(), 0.0F);
  network_.add_gradient(batch_, d_outputs, pass, once);
  std::vector<float> twice = once;
  network_.add_gradient(batch_, d_outputs, pass, twice);
  for (std::size_t p = 0; p < once.size(); ++p) {
    ASSERT_NEAR(twice[p], 2 * once[p], 1e-4 + 1e-4 * std::abs(once[p]));
  }
}

TEST_P(LstmNetworkTest, OutputsOfASequenceDoNotDependOnTheBatch) {
  LstmPass pass;
  const std::vector<float> together = network_.forward(batch_, pass);
  for (std::size_t i = 0; i < batch_.size(); ++i) {
    const std::vector<float> alone = network_.forward({&batch_[i], 1}, pass);
    for (std::size_t o = 0; o < kOutputs; ++o) EXPECT_EQ(alone[o], together[i * kOutputs + o]);
  }
}

TEST_P(LstmNetworkTest, RescalesItsOutputs) {
  LstmPass pass;
  const std::vector<float> before = network_.forward(batch_, pass);
  network_.rescale_outputs(std::vector<double>{2, 1, 1, 1, 0.5},
                           std::vector<double>{-3, 0, 0, 0, 10});
  const std::vector<float> after = network_.forward(batch_, pass);
  for (std::size_t i = 0; i < batch_.size(); ++i) {
    EXPECT_NEAR(after[i * kOutputs], 2 * before[i * kOutputs] - 3, 1e-4);
    EXPECT_EQ(after[i * kOutputs + 1], before[i * kOutputs + 1]);
    EXPECT_NEAR(after[i * kOutputs + 4], before[i * kOutputs + 4] / 2 + 10, 1e-4);
  }
}

// Widths that fill vectors and blocks of rows, and that do not.
INSTANTIATE_TEST_SUITE_P(Hidden, LstmNetworkTest, ::testing::Values(1, 5, 16, 24),
                         [](const auto& instance) { return std::to_string(instance.param); });

}  // namespace
}  // namespace gibbon::predict
