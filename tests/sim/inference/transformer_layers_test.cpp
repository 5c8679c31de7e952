#include "gibbon/sim/inference/transformer_layers.hpp"

#include <gmock/gmock.h>

#include <cmath>

#include "error_of.hpp"
#include "gibbon/base/rng.hpp"

namespace gibbon::sim {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatNear;

constexpr int kIn = nn::kNetworkInput;

nn::Network single(const nn::Shape& input, nn::LayerParameters layer, std::vector<int> inputs) {
  nn::NetworkDescription description;
  description.name = "single";
  description.input = input;
  description.layers = {{"l", std::move(layer), std::move(inputs)}};
  return nn::Network(description);
}

Tensor tensor_of(int images, const nn::Shape& shape, std::vector<float> values) {
  Tensor tensor(images, shape);
  tensor.values = std::move(values);
  return tensor;
}

std::vector<float> run(const nn::Network& network, const nn::LayerState& state,
                       std::vector<const Tensor*> inputs) {
  return run_transformer_layer(network, 0, state, inputs).values;
}

/// Two images of 2 x 1 pixels and 2 channels. Class token (5, 6); token t adds 10 t to channel 0
/// and 100 t to channel 1.
TEST(TransformerInference, TokensByHand) {
  const nn::Shape shape{2, 2, 1};
  nn::LayerState state;
  state.weight = {0, 0, 10, 100, 20, 200};
  state.gamma = {5, 6};
  const Tensor images = tensor_of(2, shape, {1, 2, 3, 4, 0, 0, 0, 0});
  EXPECT_THAT(run(single(shape, nn::Tokens{true}, {kIn}), state, {&images}),
              ElementsAre(5, 11, 22, 6, 103, 204, 5, 10, 20, 6, 100, 200));
  EXPECT_THAT(run(single(shape, nn::SelectToken{1}, {kIn}), state, {&images}),
              ElementsAre(2, 4, 0, 0));
}

/// Channels 1 and 3 of token 0: mean 2, deviation 1; 2 and 2 of token 1: no deviation.
TEST(TransformerInference, LayerNormByHand) {
  const nn::Shape shape{2, 2, 1};
  nn::LayerState state;
  state.gamma = {2, 2};
  state.beta = {10, 20};
  state.epsilon = 1e-12;
  const Tensor tokens = tensor_of(1, shape, {1, 2, 3, 2});
  EXPECT_THAT(run(single(shape, nn::LayerNorm{2, {}}, {kIn}), state, {&tokens}),
              ElementsAre(FloatNear(8, 1e-5F), 10, FloatNear(22, 1e-5F), 20));
  // 3 bits over a range of 9: steps of 3, at most 9.
  state.output_range = 9;
  EXPECT_THAT(run(single(shape, nn::LayerNorm{2, 3}, {kIn}), state, {&tokens}),
              ElementsAre(9, 9, 9, 9));
}

/// e^0 : e^ln3 = 1 : 3 in the first group, equal in the second.
TEST(TransformerInference, SoftmaxByHand) {
  const nn::Shape shape{4, 1, 1};
  const Tensor scores = tensor_of(1, shape, {0, std::log(3.0F), 50, 50});
  EXPECT_THAT(run(single(shape, nn::Softmax{2}, {kIn}), {}, {&scores}),
              ElementsAre(FloatNear(0.25F, 1e-6F), FloatNear(0.75F, 1e-6F), 0.5F, 0.5F));
}

/// The normal distribution's cumulative function at 1 is 0.841345 (tables).
TEST(TransformerInference, GeluByHand) {
  const nn::Shape shape{3, 1, 1};
  const Tensor values = tensor_of(1, shape, {0, 1, -1});
  EXPECT_THAT(run(single(shape, nn::Gelu{}, {kIn}), {}, {&values}),
              ElementsAre(0, FloatNear(0.841345F, 1e-6F), FloatNear(-0.158655F, 1e-6F)));
}

/// One head of two features, two tokens: a = (1, 2), (3, 4); b = (5, 6), (7, 8).
TEST(TransformerInference, ProductsByHand) {
  const nn::Shape shape{2, 2, 1};
  const Tensor a = tensor_of(1, shape, {1, 3, 2, 4});
  const Tensor b = tensor_of(1, shape, {5, 7, 6, 8});
  nn::LayerState state;
  state.output_range = 127;  // 8 bits: steps of 1
  // Scores of token 0: 1 5 + 2 6 = 17 with b's first, 1 7 + 2 8 = 23 with its second; of token 1
  // 3 5 + 4 6 = 39 and 3 7 + 4 8 = 53. Channel 0 has the first one's.
  EXPECT_THAT(run(single(shape, nn::MatMul{1, true, 1, 8}, {kIn, kIn}), state, {&a, &b}),
              ElementsAre(17, 39, 23, 53));
  // A half of that, to whole numbers, ties to even.
  EXPECT_THAT(run(single(shape, nn::MatMul{1, true, 0.5, 8}, {kIn, kIn}), state, {&a, &b}),
              ElementsAre(8, 20, 12, 26));
  // Shares: token 0 takes all of b's first, token 1 all of its second; 1.4 is cut to 1.
  const Tensor shares = tensor_of(1, shape, {1.4F, 0, 0, 1});
  EXPECT_THAT(run(single(shape, nn::MatMul{1, false, 1, 8}, {kIn, kIn}), state, {&shares, &b}),
              ElementsAre(5, 7, 6, 8));
}

/// Against the sum as the layer defines it, with several heads, images and unequal lengths.
TEST(TransformerInference, HeadsAreThoseOfPlainSums) {
  constexpr int kHeads = 3, kFeatures = 4, kTokens = 5;
  base::Rng rng(7);
  const nn::Shape shape{kHeads * kFeatures, kTokens, 1};
  Tensor a(2, shape), b(2, shape);
  for (float& value : a.values) value = static_cast<float>(rng.normal());
  for (float& value : b.values) value = static_cast<float>(rng.normal());
  nn::LayerState state;
  state.output_range = 32767;
  const nn::Network network = single(shape, nn::MatMul{kHeads, true, 1000, 16}, {kIn, kIn});
  const std::vector<float> scores = run(network, state, {&a, &b});
  const auto value = [&](const Tensor& tensor, int image, int channel, int token) {
    const int index = (image * shape.channels + channel) * kTokens + token;
    return tensor.values[static_cast<std::size_t>(index)];
  };
  for (int image = 0; image < 2; ++image) {
    for (int head = 0; head < kHeads; ++head) {
      for (int u = 0; u < kTokens; ++u) {
        for (int t = 0; t < kTokens; ++t) {
          double sum = 0;
          for (int d = 0; d < kFeatures; ++d) {
            const int channel = head * kFeatures + d;
            sum += value(a, image, channel, t) * value(b, image, channel, u);
          }
          const int index = (image * kHeads * kTokens + head * kTokens + u) * kTokens + t;
          EXPECT_NEAR(scores[static_cast<std::size_t>(index)], 1000 * sum, 0.51);
        }
      }
    }
  }
}

std::string refusal(const nn::Shape& shape, nn::LayerParameters layer, const nn::LayerState& state,
                    std::vector<int> inputs = {kIn}) {
  const nn::Network network = single(shape, std::move(layer), std::move(inputs));
  return test::error_of([&] { check_transformer_state(network, 0, state); });
}

TEST(TransformerInference, SaysWhatAStateLacks) {
  const nn::Shape shape{2, 2, 1};
  nn::LayerState state;
  EXPECT_EQ(refusal(shape, nn::Tokens{true}, state),
            "layer 'l': has 0 values of positions, needs 6");
  state.weight.resize(6);
  EXPECT_EQ(refusal(shape, nn::Tokens{true}, state),
            "layer 'l': its class token has 0 values, needs 2");
  state.gamma.resize(2);
  EXPECT_EQ(refusal(shape, nn::Tokens{true}, state), "no error");
  EXPECT_EQ(refusal(shape, nn::LayerNorm{2, {}}, state),
            "layer 'l': gamma and beta need 2 values each");
  state.beta.resize(2);
  EXPECT_EQ(refusal(shape, nn::LayerNorm{2, {}}, state), "no error");
  const std::string range =
      "layer 'l': its output range is -1, it must be positive (has the network been trained with "
      "quantisation?)";
  EXPECT_EQ(refusal(shape, nn::LayerNorm{2, 8}, state), range);
  EXPECT_EQ(refusal(shape, nn::MatMul{1, true}, state, {kIn, kIn}), range);
  state.output_range = 1;
  EXPECT_EQ(refusal(shape, nn::MatMul{1, true}, state, {kIn, kIn}), "no error");
  EXPECT_EQ(refusal(shape, nn::Gelu{}, {}), "no error");
}

}  // namespace
}  // namespace gibbon::sim
