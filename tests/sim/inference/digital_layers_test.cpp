#include "gibbon/sim/inference/digital_layers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gibbon::sim {
namespace {

using ::testing::ElementsAre;

Tensor tensor_of(const nn::Shape& shape, std::vector<float> values) {
  Tensor tensor;
  tensor.images = static_cast<int>(static_cast<long>(values.size()) / shape.elements());
  tensor.shape = shape;
  tensor.values = std::move(values);
  return tensor;
}

TEST(QuantizeInPlace, RoundsOnTheGridAndClampsAtTheRange) {
  std::vector<float> values{0.1F, 1, -1, 1.7F, 5, -5};  // 3 bits, range 2: steps of 2/3
  quantize_in_place(values, 3, 2);
  EXPECT_THAT(values, ElementsAre(0, 4.0F / 3, -4.0F / 3, 2, 2, -2));
  std::vector<float> ties{0.5F, 1.5F, -0.5F};  // range 3: steps of 1, half to even
  quantize_in_place(ties, 3, 3);
  EXPECT_THAT(ties, ElementsAre(0, 2, 0));
}

TEST(MovedRange, FollowsThreeStandardDeviationsPlusMean) {
  // Values 1, 3: mean 2, standard deviation sqrt(2); m = 3 * 1.41421356 + 2 = 6.2426407.
  const std::vector<float> values{1, 3};
  EXPECT_FLOAT_EQ(static_cast<float>(moved_range(-1, values)), 6.2426407F);
  // 0.707 * 10 + 0.293 * 6.2426407 = 8.8990937
  EXPECT_FLOAT_EQ(static_cast<float>(moved_range(10, values)), 8.8990937F);
}

TEST(BatchNorm, ScalesAndShifts) {
  nn::LayerState state;
  state.gamma = {2, 1};
  state.beta = {1, 0};
  state.running_mean = {3, 0};
  state.running_variance = {4, 1};
  state.epsilon = 0;
  state.output_range = 3;
  // Channel 0: 2 / sqrt(4) = 1, shift 1 - 3 = -2; channel 1 unchanged.
  Tensor tensor = tensor_of({2, 1, 2}, {3, 4.25F, 0.25F, -7});
  run_batch_norm({2, {}}, state, false, tensor);
  EXPECT_THAT(tensor.values, ElementsAre(1, 2.25F, 0.25F, -7));
  // 3 bits, range 3: to integers within 3.
  run_batch_norm({2, 3}, state, false, tensor);
  EXPECT_THAT(tensor.values, ElementsAre(-1, 0, 0, -3));
}

TEST(Bias, IsAddedToEachChannelOfEachImage) {
  nn::LayerState state;
  state.beta = {0.5F, -2};
  Tensor tensor = tensor_of({2, 1, 2}, {1, 2, 3, 4, 5, 6, 7, 8});
  run_bias({2, {}}, state, false, tensor);
  EXPECT_THAT(tensor.values, ElementsAre(1.5F, 2.5F, 1, 2, 5.5F, 6.5F, 5, 6));
  // 3 bits, range 3: to integers within 3, the half to the even one.
  state.output_range = 3;
  state.beta = {0, -4};
  run_bias({2, 3}, state, false, tensor);
  EXPECT_THAT(tensor.values, ElementsAre(2, 2, -3, -2, 3, 3, 1, 2));
}

TEST(BatchNorm, MovesItsRangeWhereAsked) {
  nn::LayerState state;
  state.gamma = {1};
  state.beta = {0};
  state.running_mean = {0};
  state.running_variance = {1};
  state.epsilon = 0;
  state.output_range = 10;
  Tensor tensor = tensor_of({1, 1, 2}, {1, 3});
  run_batch_norm({1, 3}, state, true, tensor);
  // Range 8.8990937 (see MovedRange): 3 / 8.899 * 3 = 1.011 -> 1, back to 8.8990937 / 3.
  EXPECT_EQ(tensor.values[0], 0);
  EXPECT_FLOAT_EQ(tensor.values[1], 8.8990937F / 3);
}

TEST(Activations, ReluAndHardTanh) {
  Tensor tensor = tensor_of({1, 1, 3}, {-1, 0, 2});
  run_relu(tensor);
  EXPECT_THAT(tensor.values, ElementsAre(0, 0, 2));
  // 3 bits: thirds within [-1, 1].
  tensor = tensor_of({1, 1, 5}, {-7, -0.4F, 0.1F, 0.6F, 7});
  run_hardtanh({3}, tensor);
  EXPECT_THAT(tensor.values, ElementsAre(-1, -1.0F / 3, 0, 2.0F / 3, 1));
  // The same to a range of 6: steps of 2.
  tensor = tensor_of({1, 1, 5}, {-7, -1.1F, 0.9F, 3.1F, 7});
  run_hardtanh({3, 6.0}, tensor);
  EXPECT_THAT(tensor.values, ElementsAre(-6, -2, 0, 4, 6));
}

TEST(Pool, MaximumIgnoresPaddingAndAverageCountsIt) {
  const Tensor input = tensor_of({1, 2, 2}, {-1, -2, -3, -4});
  const nn::Shape output{1, 2, 2};
  EXPECT_THAT(run_pool({nn::PoolMode::kMax, 2, 2, 1}, output, input).values,
              ElementsAre(-1, -2, -3, -4));
  EXPECT_THAT(run_pool({nn::PoolMode::kAverage, 2, 2, 1}, output, input).values,
              ElementsAre(-0.25F, -0.5F, -0.75F, -1));
  EXPECT_THAT(run_pool({nn::PoolMode::kAverage, 2, 2, 0}, {1, 1, 1}, input).values,
              ElementsAre(-2.5F));
  EXPECT_THAT(run_pool({nn::PoolMode::kGlobalAverage, 9, 9, 0}, {1, 1, 1}, input).values,
              ElementsAre(-2.5F));
}

TEST(Add, PadsMissingChannelsWithZeroAndCutsSpareOnes) {
  const Tensor one = tensor_of({1, 1, 2}, {1, 2, 3, 4});              // two images
  const Tensor three = tensor_of({3, 1, 2}, {10, 20, 30, 40, 50, 60,  // channels of image 0
                                             11, 21, 31, 41, 51, 61});
  const std::vector<const Tensor*> inputs{&one, &three};
  const Tensor sum = run_add({2, 1, 2}, inputs);
  EXPECT_THAT(sum.values, ElementsAre(11, 22, 30, 40, 14, 25, 31, 41));
}

TEST(Concat, PutsChannelsOneAfterTheOtherInEveryImage) {
  const Tensor one = tensor_of({1, 1, 2}, {1, 2, 3, 4});  // two images
  const Tensor two = tensor_of({2, 1, 2}, {10, 20, 30, 40, 11, 21, 31, 41});
  const std::vector<const Tensor*> inputs{&two, &one, &two};
  const Tensor joined = run_concat({5, 1, 2}, inputs);
  EXPECT_EQ(joined.images, 2);
  EXPECT_EQ(joined.shape, (nn::Shape{5, 1, 2}));
  EXPECT_THAT(joined.values, ElementsAre(10, 20, 30, 40, 1, 2, 10, 20, 30, 40,  //
                                         11, 21, 31, 41, 3, 4, 11, 21, 31, 41));
}

}  // namespace
}  // namespace gibbon::sim
