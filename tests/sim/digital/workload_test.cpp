#include "gibbon/sim/digital/workload.hpp"

#include <gtest/gtest.h>

#include "gibbon/nn/vision_transformer.hpp"
#include "sim/small_networks.hpp"

namespace gibbon::sim {
namespace {

using testing_support::conv;
using testing_support::network;

const WorkloadStep& step_of(const nn::Network& net, const std::vector<WorkloadStep>& steps,
                            const std::string& name) {
  for (const WorkloadStep& step : steps) {
    if (net.layers()[static_cast<std::size_t>(step.network_index)].name == name) return step;
  }
  throw std::out_of_range(name);
}

TEST(DigitalWorkload, AttentionOfViTB) {
  const nn::Network vit = nn::make_vision_transformer({});
  const std::vector<WorkloadStep> steps = digital_workload(vit);
  // patch, tokens, 12 blocks of 14 layers, norm, head; select_token is free.
  EXPECT_EQ(steps.size(), 2u + 12 * 14 + 2);

  const WorkloadStep& query = step_of(vit, steps, "b1.query");
  EXPECT_EQ(query.matrix, (MatrixProduct{1, 197, 768, 768, 8, 8, false}));
  EXPECT_EQ(query.input_bytes, 197 * 768);
  const WorkloadStep& scores = step_of(vit, steps, "b1.scores");
  EXPECT_EQ(scores.matrix, (MatrixProduct{12, 197, 64, 197, 8, 8, true}));
  EXPECT_EQ(scores.output_bytes, 12 * 197 * 197);
  EXPECT_EQ(scores.sources.size(), 2u);
  EXPECT_EQ(step_of(vit, steps, "b1.context").matrix,
            (MatrixProduct{12, 197, 197, 64, 8, 8, true}));
  EXPECT_EQ(step_of(vit, steps, "b1.softmax").vector_ops, 8.0 * 12 * 197 * 197);
  EXPECT_EQ(step_of(vit, steps, "b1.gelu").vector_ops, 6.0 * 197 * 3072);
  EXPECT_EQ(step_of(vit, steps, "b1.norm1").vector_ops, 8.0 * 197 * 768);
  EXPECT_EQ(step_of(vit, steps, "b1.add1").vector_ops, 197.0 * 768);
  EXPECT_EQ(step_of(vit, steps, "head").matrix.m, 1);
  // The image of 9 bits: 3 x 224 x 224 x 9 / 8 bytes.
  EXPECT_EQ(step_of(vit, steps, "patch").input_bytes, 169344);
}

TEST(DigitalWorkload, MultiplyAccumulatesAreTheNetworks) {
  const nn::Network vit = nn::make_vision_transformer({});
  double macs = 0;
  for (const WorkloadStep& step : digital_workload(vit)) macs += step.matrix.macs();
  EXPECT_EQ(macs, static_cast<double>(vit.mac_count()));
}

TEST(DigitalWorkload, BiasesAreFree) {
  nn::VisionTransformer biased;
  biased.biases = true;
  const std::vector<WorkloadStep> with = digital_workload(nn::make_vision_transformer(biased));
  const std::vector<WorkloadStep> without = digital_workload(nn::make_vision_transformer({}));
  ASSERT_EQ(with.size(), without.size());
  for (std::size_t i = 0; i < with.size(); ++i) {
    EXPECT_EQ(with[i].matrix, without[i].matrix) << i;
    EXPECT_EQ(with[i].sources, without[i].sources) << i;
    EXPECT_EQ(with[i].input_bytes, without[i].input_bytes) << i;
    EXPECT_EQ(with[i].output_bytes, without[i].output_bytes) << i;
    EXPECT_EQ(with[i].vector_ops, without[i].vector_ops) << i;
  }
}

TEST(DigitalWorkload, GroupsPoolsAndFreeLayers) {
  nn::BatchNorm norm;
  norm.features = 8;
  norm.output_bits = 6;
  nn::Pool pool;
  pool.mode = nn::PoolMode::kGlobalAverage;
  const nn::Network net = network({4, 8, 8}, {{"c", conv(4, 8, 3, 1, 1, 2), {-1}},
                                              {"bn", norm, {0}},
                                              {"relu", nn::Relu{}, {1}},
                                              {"cat", nn::Concat{}, {2, 0}},
                                              {"p", pool, {3}}});
  const std::vector<WorkloadStep> steps = digital_workload(net);
  ASSERT_EQ(steps.size(), 2u);
  EXPECT_EQ(steps[0].matrix, (MatrixProduct{2, 64, 18, 4, 9, 9, false}));
  EXPECT_EQ(steps[1].vector_ops, 16 * 64);
  EXPECT_EQ(steps[1].sources, (std::vector<int>{0, 0}));
  // The concat reads 6 and 9 bits: 9 hold both.
  EXPECT_EQ(steps[1].input_bytes, 16 * 64 * 9 / 8.0);
}

}  // namespace
}  // namespace gibbon::sim
