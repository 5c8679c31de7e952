#include "gibbon/train/trainers/block_tail.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/function.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "gibbon/train/trainers/fake_quantizer.hpp"
#include "gibbon/train/trainers/graph_runner.hpp"
#include "gibbon/train/trainers/shared_weights.hpp"
#include "train/test_networks.hpp"

namespace gibbon::train {
namespace {

constexpr auto kTogether = at::MemoryFormat::ChannelsLast;

struct Case {
  std::vector<std::int64_t> shape;
  bool shortcut = true;
  bool rectified = false;
  double mean = 0.1;
};

struct Tensors {
  at::Tensor output, shortcut, gamma, beta, running_mean, running_variance, weights;
};

Tensors make_tensors(const Case& which) {
  at::Generator generator = at::detail::createCPUGenerator(7);
  const std::int64_t channels = which.shape[1];
  const auto normal = [&](at::IntArrayRef shape) { return at::randn(shape, generator); };
  const auto leaf = [](const at::Tensor& tensor) { return tensor.set_requires_grad(true); };
  Tensors t;
  t.output = leaf((normal(which.shape) * 0.7 + which.mean).contiguous(kTogether));
  if (which.shortcut) t.shortcut = leaf((normal(which.shape) * 0.4).contiguous(kTogether));
  t.gamma = leaf(normal({channels}) * 0.3 + 0.5);
  t.beta = leaf(normal({channels}) * 0.1);
  t.running_mean = normal({channels});
  t.running_variance = at::rand({channels}, generator);
  t.weights = normal(which.shape).contiguous(kTogether);
  return t;
}

BlockTail settings(const Case& which) {
  BlockTail tail;
  tail.output = quantizer_grid(9, static_cast<float>(1.3 + which.mean));
  tail.activation = which.rectified ? rectifying_grid(9, 1.0F) : quantizer_grid(9, 1.0F);
  return tail;
}

at::Tensor layer_after_layer(const Tensors& t, const BlockTail& tail) {
  const at::Tensor output = fake_quantize(t.output * 1, tail.output, ClampGradient::kZero, true);
  at::Tensor sum = at::batch_norm(output, t.gamma, t.beta, t.running_mean, t.running_variance, true,
                                  tail.momentum, tail.epsilon, true);
  if (t.shortcut.defined()) sum = sum + t.shortcut;
  return fake_quantize(sum, tail.activation, ClampGradient::kZero, true);
}

at::Tensor fused(const Tensors& t, const BlockTail& tail) {
  return block_tail(t.output * 1, t.shortcut, t.gamma, t.beta, t.running_mean, t.running_variance,
                    tail);
}

/// Rounding may take a value to the next level, 1/255 away; of a few thousand hardly one.
void expect_same_but_for_few_levels(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor difference = (a - b).abs();
  EXPECT_LE(difference.max().item<double>(), 1.0 / 255 + 1e-6);
  EXPECT_LE(difference.gt(1e-6).sum().item<double>(), 1e-3 * static_cast<double>(a.numel()));
}

void expect_close(const at::Tensor& a, const at::Tensor& b, const char* what) {
  const double scale = std::max(1.0, b.abs().max().item<double>());
  EXPECT_LE((a - b).abs().max().item<double>(), 1e-5 * scale) << what;
}

class BlockTailCases : public ::testing::TestWithParam<Case> {};

TEST_P(BlockTailCases, EqualsLayerAfterLayer) {
  const Tensors one = make_tensors(GetParam());
  const Tensors other = make_tensors(GetParam());
  const at::Tensor whole = fused(one, settings(GetParam()));
  const at::Tensor plain = layer_after_layer(other, settings(GetParam()));
  expect_same_but_for_few_levels(whole, plain);
  (whole * one.weights).sum().backward();
  (plain * other.weights).sum().backward();
  expect_close(one.output.grad(), other.output.grad(), "output");
  EXPECT_GT(one.output.grad().abs().max().item<double>(), 0.1);
  if (GetParam().shortcut) {
    EXPECT_TRUE(one.shortcut.grad().equal(other.shortcut.grad()));
  }
  expect_close(one.gamma.grad(), other.gamma.grad(), "gamma");
  expect_close(one.beta.grad(), other.beta.grad(), "beta");
  expect_close(one.running_mean, other.running_mean, "running mean");
  expect_close(one.running_variance, other.running_variance, "running variance");
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, BlockTailCases,
    ::testing::Values(Case{{3, 24, 5, 7}}, Case{{3, 24, 5, 7}, false},
                      Case{{3, 24, 5, 7}, true, true}, Case{{3, 24, 5, 7}, false, true},
                      Case{{4, 24, 61, 67}},                  // 13 chunks, the last one short
                      Case{{3, 48, 5, 7}, false, true, 5.0},  // mean of 7 deviations
                      Case{{2, 600, 9, 7}},                   // more channels than a row is wide
                      Case{{5, 1, 9, 11}}, Case{{6, 7, 1, 1}, false}));

TEST(BlockTail, GivesTheSameBitsForEachNumberOfThreads) {
  const int before = at::get_num_threads();
  std::vector<Tensors> runs;
  std::vector<at::Tensor> outputs;
  for (const int threads : {1, 2, 3}) {
    at::set_num_threads(threads);
    const Case which{{4, 24, 61, 67}, true, true};
    runs.push_back(make_tensors(which));
    outputs.push_back(fused(runs.back(), settings(which)));
    (outputs.back() * runs.back().weights).sum().backward();
  }
  at::set_num_threads(before);
  for (const std::size_t run : {1U, 2U}) {
    EXPECT_TRUE(outputs[run].equal(outputs[0]));
    EXPECT_TRUE(runs[run].output.grad().equal(runs[0].output.grad()));
    EXPECT_TRUE(runs[run].shortcut.grad().equal(runs[0].shortcut.grad()));
    EXPECT_TRUE(runs[run].gamma.grad().equal(runs[0].gamma.grad()));
    EXPECT_TRUE(runs[run].beta.grad().equal(runs[0].beta.grad()));
    EXPECT_TRUE(runs[run].running_mean.equal(runs[0].running_mean));
    EXPECT_TRUE(runs[run].running_variance.equal(runs[0].running_variance));
  }
}

TEST(BlockTail, OverwritesTheOutputAndTakesAnyLayoutOfShortcutAndGradient) {
  const Case which{{3, 24, 5, 7}};
  Tensors t = make_tensors(which);
  const at::Tensor output = t.output * 1;
  const at::Tensor expected = fused(t, settings(which));
  t.shortcut = t.shortcut.detach().contiguous().set_requires_grad(true);
  const at::Tensor result =
      block_tail(output, t.shortcut, t.gamma, t.beta, {}, {}, settings(which));
  EXPECT_EQ(result.data_ptr(), output.data_ptr());
  EXPECT_TRUE(result.equal(expected));
  (result * t.weights.contiguous()).mean({2, 3}).sum().backward();
  const at::Tensor inside = result.detach().abs().lt(1.0 - 0.5 / 255);
  const at::Tensor passed = t.weights * inside / 35;
  expect_close(t.shortcut.grad() * inside, passed, "shortcut");
}

TEST(BlockTail, HasAKernelForFloatsWhoseChannelsLieTogether) {
  const at::Tensor output = at::zeros({3, 24, 5, 7}).contiguous(kTogether);
  EXPECT_TRUE(has_block_tail_kernel(output));
  EXPECT_FALSE(has_block_tail_kernel(output.contiguous()));
  EXPECT_FALSE(has_block_tail_kernel(output.to(at::kBFloat16)));
  EXPECT_FALSE(has_block_tail_kernel(output.to(at::kDouble)));
  EXPECT_FALSE(has_block_tail_kernel(at::zeros({3, 24})));
  EXPECT_FALSE(has_block_tail_kernel(at::zeros({1, 24, 1, 1}))) << "no variance of one pixel";
  EXPECT_TRUE(has_block_tail_kernel(at::zeros({2, 24, 1, 1})));
}

int count_tails(const at::Tensor& result) {
  std::vector<torch::autograd::Node*> open{result.grad_fn().get()};
  std::set<torch::autograd::Node*> seen;
  int tails = 0;
  while (!open.empty()) {
    torch::autograd::Node* node = open.back();
    open.pop_back();
    if (node == nullptr || !seen.insert(node).second) continue;
    tails += node->name().find("Tail") != std::string::npos ? 1 : 0;
    for (const torch::autograd::Edge& edge : node->next_edges())
      open.push_back(edge.function.get());
  }
  return tails;
}

struct NetworkRun {
  at::Tensor logits;
  Path path;
};

nn::Network residual() {
  return testing::block_network({3, 12, 12}, 8, {{8, 3, 2, 9}, {16, 2, 1, 7}, {24, 1, 1, 9}}, {1},
                                4);
}

/// Two blocks whose convolutions are pooled before they are normalised.
nn::Network pooled() {
  using namespace nn;
  NetworkDescription d;
  d.name = "pooled";
  d.input = {3, 12, 12};
  d.num_classes = 4;
  d.layers = {{"a", Conv{3, 16, 3, 1, 1}, {kNetworkInput}},
              {"a.pool", Pool{PoolMode::kMax, 2, 2}, {0}},
              {"a.bn", BatchNorm{16, {}}, {1}},
              {"a.relu", Relu{}, {2}},
              {"a.act", HardTanh{7, 4.0}, {3}},
              {"b", Conv{16, 24, 3, 1, 1}, {4}},
              {"b.pool", Pool{PoolMode::kMax, 3, 2, 1}, {5}},
              {"b.bn", BatchNorm{24, {}}, {6}},
              {"b.act", HardTanh{9, 1.0}, {7}},
              {"pool", Pool{PoolMode::kGlobalAverage, 3, 3}, {8}},
              {"flatten", Flatten{}, {9}},
              {"fc", Linear{24, 4}, {10}}};
  return Network(d);
}

NetworkRun run(const at::Tensor& images, RunOptions options, bool fused_tails,
               const nn::Network& network = residual()) {
  options.fused_tails = fused_tails;
  NetworkRun result{{}, SharedWeights(network, TrainOptions{.seed = 3}).path(network, true)};
  result.logits = run_network(result.path, images, options);
  if (options.statistics != Statistics::kFrozen) result.logits.square().sum().backward();
  return result;
}

at::Tensor random_images() {
  at::Generator generator = at::detail::createCPUGenerator(1);
  return at::rand({16, 3, 12, 12}, generator).contiguous(kTogether);
}

/// All that a run computes, by name.
std::map<std::string, at::Tensor> results(const NetworkRun& run) {
  std::map<std::string, at::Tensor> all{{"logits", run.logits.detach()}};
  for (std::size_t i = 0; i < run.path.trained.size(); ++i) {
    all["gradient " + std::to_string(i)] = run.path.trained[i].value.grad();
  }
  for (std::size_t i = 0; i < run.path.layers.size(); ++i) {
    const LayerTensors& layer = run.path.layers[i];
    all["range " + std::to_string(i)] = at::full({1}, layer.output_range);
    if (!layer.running_mean.defined()) continue;
    all["mean " + std::to_string(i)] = layer.running_mean;
    all["variance " + std::to_string(i)] = layer.running_variance;
  }
  return all;
}

using Distances = std::map<std::string, double>;

Distances distances(const NetworkRun& a, const NetworkRun& b) {
  const std::map<std::string, at::Tensor> others = results(b);
  Distances all;
  for (const auto& [name, value] : results(a)) {
    all[name] = (value - others.at(name)).norm().item<double>();
  }
  return all;
}

/// How far rounding carries: the largest distances of runs layer after layer whose images differ in
/// the sixth digit. A value that another last digit takes to the next level moves all behind it.
Distances rounding_noise(const NetworkRun& plain, const RunOptions& options,
                         const nn::Network& network) {
  Distances largest;
  for (const std::uint64_t seed : {11U, 12U, 13U, 14U, 15U, 16U}) {
    at::Generator generator = at::detail::createCPUGenerator(seed);
    const at::Tensor images = random_images();
    images.add_(at::randn(images.sizes(), generator), 1e-6);
    for (const auto& [name, distance] : distances(run(images, options, false, network), plain)) {
      largest[name] = std::max(largest[name], distance);
    }
  }
  return largest;
}

/// `rounding`: of a value's size, what float32 may lose beside the noise.
void expect_same_with_and_without(const nn::Network& network, int tails, double rounding) {
  for (const Statistics statistics : {Statistics::kTracked, Statistics::kBatch}) {
    const RunOptions options{statistics, 0, true, ConvKernels::kFloat32};
    const NetworkRun fused = run(random_images(), options, true, network);
    const NetworkRun plain = run(random_images(), options, false, network);
    EXPECT_EQ(count_tails(fused.logits), tails);
    EXPECT_EQ(count_tails(plain.logits), 0);
    const Distances noise = rounding_noise(plain, options, network);
    const std::map<std::string, at::Tensor> values = results(plain);
    for (const auto& [name, distance] : distances(fused, plain)) {
      const double size = values.at(name).norm().item<double>();
      EXPECT_LE(distance, 1.5 * noise.at(name) + rounding * size) << name;
      EXPECT_LE(noise.at(name), 0.25 * size) << name << ": the test could not fail";
    }
  }
}

TEST(BlockTail, NetworkGivesTheSameWithAndWithoutItUpToRounding) {
  expect_same_with_and_without(residual(), 4, 1e-6);
}

TEST(BlockTail, PooledNetworkGivesTheSameWithAndWithoutItUpToRounding) {
  expect_same_with_and_without(pooled(), 2, 1e-5);
}

TEST(BlockTail, OnePooledImageIsNormalisedLayerAfterLayer) {
  const RunOptions options{Statistics::kTracked, 0, true, ConvKernels::kFloat32};
  EXPECT_EQ(count_tails(run(random_images().narrow(0, 0, 1), options, true, pooled()).logits), 0);
  EXPECT_EQ(count_tails(run(random_images().narrow(0, 0, 2), options, true, pooled()).logits), 2);
}

TEST(BlockTail, NetworkRunsLayerAfterLayerWhereItDoesNotApply) {
  const auto tails = [](const RunOptions& options) {
    return count_tails(run(random_images(), options, true).logits);
  };
  EXPECT_EQ(tails({Statistics::kCalibrate, 0, true, ConvKernels::kFloat32}), 0);
  EXPECT_EQ(tails({Statistics::kFrozen, 0, true, ConvKernels::kFloat32}), 0);
  EXPECT_EQ(tails({Statistics::kTracked, 0, false, ConvKernels::kFloat32}), 0);
  const RunOptions plain{Statistics::kCalibrate, 0, true, ConvKernels::kFloat32};
  EXPECT_TRUE(
      run(random_images(), plain, true).logits.equal(run(random_images(), plain, false).logits));
}

}  // namespace
}  // namespace gibbon::train
