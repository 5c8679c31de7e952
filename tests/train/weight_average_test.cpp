#include <ATen/ATen.h>

#include <gtest/gtest.h>

#include "gibbon/train/trainers/weight_average.hpp"
#include "train/test_networks.hpp"

namespace gibbon::train {
namespace {

Path path_of(const std::vector<at::Tensor>& values) {
  Path path{testing::mixed_network(), {}, {}, {}};
  for (const at::Tensor& value : values) path.trained.emplace_back().value = value;
  return path;
}

// (1 + 4 + 1) / 3 = 2 and (2 + 2 + 5) / 3 = 3; (7 + 0 + -1) / 3 = 2.
TEST(WeightAverage, IsTheMeanOfAllStepsForEachTensor) {
  Path path = path_of({at::tensor({1.0F, 2.0F}), at::tensor({7.0F})});
  WeightAverage average;
  average.add(path);
  path.trained[0].value.copy_(at::tensor({4.0F, 2.0F}));
  path.trained[1].value.fill_(0.0F);
  average.add(path);
  path.trained[0].value.copy_(at::tensor({1.0F, 5.0F}));
  path.trained[1].value.fill_(-1.0F);
  average.add(path);
  const at::Tensor shared = path.trained[0].value;  // whose memory the weights are
  average.put_into(path);
  EXPECT_TRUE(at::allclose(shared, at::tensor({2.0F, 3.0F})));
  EXPECT_TRUE(at::allclose(path.trained[1].value, at::tensor({2.0F})));
}

TEST(WeightAverage, OfNothingLeavesThePathAsItIs) {
  Path path = path_of({at::tensor({1.0F, 2.0F})});
  WeightAverage().put_into(path);
  EXPECT_TRUE(path.trained[0].value.equal(at::tensor({1.0F, 2.0F})));
}

}  // namespace
}  // namespace gibbon::train
