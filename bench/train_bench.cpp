// Training rate (images a second) on one thread of every choice of a space, as the real loop trains
// it, beside plain libtorch: the same network written with its own operations, as real grouped
// convolutions and four padded parts for a symmetric 2x2 kernel. Arguments: kernel, groups; for the
// plain network also whether it fakes quantisation with plain operations and whether channels lie
// together; for ours whether block tails are computed in one function or layer after layer.
// random_paths: as a supernet trains, every block's channels, kernel and groups drawn anew each
// step. tail_step: a block's tail alone. conv_step: a 3x3 convolution alone, forward and backward,
// by libtorch in float32 (kernels: 0), by Winograd's kernels (1), by bfloat16_conv.hpp (2), by
// libtorch's own operations in bfloat16 (3) or by bfloat16_winograd.hpp (4). Where the argument
// "bfloat16" is 1, steps run in that precision; both are for processors with AMX. Rates are of the
// process's CPU time. Compare in one process:
//   --benchmark_enable_random_interleaving=true --benchmark_repetitions=5
#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <benchmark/benchmark.h>

#include <optional>
#include <string>
#include <vector>

#include "gibbon/base/rng.hpp"
#include "gibbon/train/supernet.hpp"
#include "gibbon/train/trainers/batch_source.hpp"
#include "gibbon/train/trainers/bfloat16_conv.hpp"
#include "gibbon/train/trainers/bfloat16_winograd.hpp"
#include "gibbon/train/trainers/block_tail.hpp"
#include "gibbon/train/trainers/fake_quantizer.hpp"
#include "gibbon/train/trainers/shared_weights.hpp"
#include "gibbon/train/trainers/training_loop.hpp"
#include "gibbon/train/trainers/winograd_conv.hpp"

namespace {

using namespace gibbon;

constexpr int kBatch = 128;
constexpr int kSide = 32;
constexpr int kChannels[] = {48, 48, 64, 64, 96, 96};  // blocks 2 and 4 have stride 2
constexpr int kSteps = 4;                              // of the training loop, an iteration
constexpr int kStem = 48;

bool strides(int block) {
  return block == 2 || block == 4;
}

struct Choice {
  int kernel = 3;
  int groups = 1;
  int channels = 48;
};

std::vector<Choice> same_choices(int kernel, int groups) {
  std::vector<Choice> choices;
  for (const int channels : kChannels) choices.push_back({kernel, groups, channels});
  return choices;
}

std::vector<Choice> random_choices(std::uint64_t step) {
  base::Rng rng = base::Rng::forked(1, "choices", step);
  std::vector<Choice> choices;
  for (const int channels : kChannels) {
    const int narrower = 16 * static_cast<int>(rng.below(3));
    choices.push_back({3 - static_cast<int>(rng.below(3)), 1 << rng.below(5), channels - narrower});
  }
  return choices;
}

nn::Network make_network(const std::vector<Choice>& choices) {
  nn::NetworkDescription description;
  description.name = "bench";
  description.input = {3, kSide, kSide};
  description.num_classes = 10;
  int last = nn::kNetworkInput;
  const auto add = [&](std::string name, nn::LayerParameters parameters, std::vector<int> inputs) {
    description.layers.push_back({std::move(name), std::move(parameters), std::move(inputs)});
    last = static_cast<int>(description.layers.size()) - 1;
  };
  const auto conv = [&](int in, int out, int k, int g, int stride) {
    nn::Conv layer{in, out, k, stride, k / 2, g};
    if (k == 2) {
      layer.padding = 0;
      layer.padding_mode = nn::PaddingMode::kSymmetric;
    }
    return layer;
  };
  add("stem.conv", conv(3, kStem, 3, 1, 1), {last});
  add("stem.bn", nn::BatchNorm{kStem, {}}, {last});
  add("stem.tanh", nn::HardTanh{9}, {last});
  int channels = kStem;
  for (int block = 0; block < static_cast<int>(choices.size()); ++block) {
    const std::string name = std::to_string(block);
    const int shortcut = last;
    const auto [kernel, groups, out] = choices[static_cast<std::size_t>(block)];
    add(name + ".conv", conv(channels, out, kernel, groups, strides(block) ? 2 : 1), {last});
    add(name + ".bn", nn::BatchNorm{out, {}}, {last});
    if (!strides(block)) add(name + ".add", nn::Add{out, 9}, {last, shortcut});
    add(name + ".tanh", nn::HardTanh{9}, {last});
    channels = out;
  }
  add("pool", nn::Pool{nn::PoolMode::kGlobalAverage, 1, 1, 0, 9}, {last});
  add("flatten", nn::Flatten{}, {last});
  add("fc", nn::Linear{channels, 10}, {last});
  return nn::Network(description);
}

data::ImageSet random_images() {
  base::Rng rng(1);
  data::ImageSet images{3, kSide, kSide, {}, {}};
  for (int i = 0; i < 4 * kBatch; ++i) {
    images.labels.push_back(static_cast<int>(rng.below(10)));
    for (int p = 0; p < 3 * kSide * kSide; ++p) {
      images.pixels.push_back(static_cast<std::uint8_t>(rng.below(256)));
    }
  }
  return images;
}

/// The training loop over the networks that `sampler` draws.
void train(benchmark::State& state, const train::PathSampler& sampler, bool fused, bool bfloat16) {
  const data::ImageSet images = random_images();
  train::TrainOptions options;
  options.batch_size = kBatch;
  const train::Session session(1, "cpu",
                               bfloat16 ? train::Precision::kBfloat16 : train::Precision::kFloat32);
  const train::SharedWeights weights(make_network(same_choices(3, 1)), {.seed = 1});
  std::optional<train::Path> path;
  base::SilentProgress progress;
  const train::LoopPlan plan{.stage = "bench",
                             .steps = kSteps,
                             .total_steps = 1000,
                             .schedule_steps = 1000,
                             .conv_kernels = session.conv_kernels(),
                             .fused_tails = fused};
  for (auto _ : state) {
    train::BatchSource source(images, options, plan.first_step, plan.total_steps);
    train::train_paths(
        [&](std::uint64_t step) -> train::Path& {
          path = weights.path(sampler(step), true);
          return *path;
        },
        source, options, plan, progress);
  }
  state.SetItemsProcessed(kSteps * kBatch * state.iterations());
}

enum BenchedConv { kDirect, kWinograd, kBfloat16, kPlainBfloat16, kBfloat16Winograd };

at::Tensor convolve(std::int64_t kernels, const at::Tensor& input, const at::Tensor& kernel,
                    int stride) {
  if (kernels == kWinograd) return train::winograd_conv(input, kernel);
  if (kernels == kBfloat16) return train::bfloat16_conv(input, kernel, stride, 1);
  if (kernels == kBfloat16Winograd) return train::bfloat16_winograd(input, kernel);
  if (kernels == kDirect) return at::conv2d(input, kernel, {}, stride, 1);
  return at::conv2d(input.to(at::kBFloat16), kernel.to(at::kBFloat16), {}, stride, 1)
      .to(at::kFloat);
}

/// Arguments: channels, side of the input, BenchedConv, stride.
void conv_step(benchmark::State& state) {
  const std::int64_t channels = state.range(0);
  const auto stride = static_cast<int>(state.range(3));
  at::set_num_threads(1);
  const auto images = [&](std::int64_t side) {
    return at::randn({kBatch / 2, channels, side, side}).contiguous(at::MemoryFormat::ChannelsLast);
  };
  const at::Tensor input = images(state.range(1)).set_requires_grad(true);
  const at::Tensor kernel = at::randn({channels, channels, 3, 3}).set_requires_grad(true);
  const at::Tensor gradient = images(state.range(1) / stride);
  if (state.range(2) == kWinograd && !train::has_winograd_kernel(input, kernel, stride, 1)) {
    state.SkipWithError("no Winograd kernels for this");
    return;
  }
  for (auto _ : state) {
    convolve(state.range(2), input, kernel, stride).backward(gradient);
  }
  state.SetItemsProcessed(state.iterations() * gradient.size(0));
}

/// Arguments: kernel, groups, fused, bfloat16.
void supernet_step(benchmark::State& state) {
  const nn::Network network = make_network(
      same_choices(static_cast<int>(state.range(0)), static_cast<int>(state.range(1))));
  train(
      state, [&](std::uint64_t) { return network; }, state.range(2) != 0, state.range(3) != 0);
}

/// Arguments: fused, bfloat16.
void random_paths(benchmark::State& state) {
  train(
      state, [](std::uint64_t step) { return make_network(random_choices(step)); },
      state.range(0) != 0, state.range(1) != 0);
}

class PlainNetwork {
 public:
  PlainNetwork(int kernel, int groups, bool quantized, bool channels_last)
      : kernel_(kernel), groups_(groups), quantized_(quantized) {
    const auto format =
        channels_last ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous;
    int in = kStem;
    add(at::randn({kStem, 3, 3, 3}) * 0.2, format);
    for (const int out : kChannels) {
      add(at::randn({out, in / groups, kernel, kernel}) * 0.05, format);
      in = out;
    }
    weights_.push_back((at::randn({10, in}) * 0.1).set_requires_grad(true));
    images_ = at::rand({kBatch, 3, kSide, kSide}).contiguous(format);
    labels_ = at::randint(10, {kBatch}, at::kLong);
  }

  void step() {
    at::Tensor x = activation(norm(0, at::conv2d(images_, weight(0), {}, 1, 1)));
    for (int block = 0; block < static_cast<int>(std::size(kChannels)); ++block) {
      at::Tensor y = norm(block + 1, output(convolution(x, block)));
      if (!strides(block)) {
        y = y + x;
      }
      x = activation(y);
    }
    const at::Tensor logits = at::linear(x.mean({2, 3}), weights_.back());
    at::cross_entropy_loss(logits, labels_).backward();
    const c10::NoGradGuard no_grad;
    for (auto* tensors : {&weights_, &gammas_, &betas_}) {
      for (at::Tensor& tensor : *tensors) {
        tensor.add_(tensor.grad(), -0.01);
        tensor.mutable_grad() = at::Tensor();
      }
    }
  }

 private:
  void add(const at::Tensor& weight, at::MemoryFormat format) {
    weights_.push_back(weight.contiguous(format).set_requires_grad(true));
    gammas_.push_back(at::ones({weight.size(0)}).set_requires_grad(true));
    betas_.push_back(at::zeros({weight.size(0)}).set_requires_grad(true));
  }

  at::Tensor weight(int index) const {
    const at::Tensor& w = weights_[static_cast<std::size_t>(index)];
    if (!quantized_) return w;
    const at::Tensor range = w.detach().abs().max();
    return w + ((w / range * 255).round() * range / 255 - w).detach();
  }

  at::Tensor convolution(const at::Tensor& x, int block) const {
    const int stride = strides(block) ? 2 : 1;
    const at::Tensor w = weight(block + 1);
    if (kernel_ != 2) return at::conv2d(x, w, {}, stride, kernel_ / 2, 1, groups_);
    const std::int64_t quarter = x.size(1) / 4;
    std::vector<at::Tensor> parts;
    const std::int64_t pads[4][4] = {{1, 0, 1, 0}, {0, 1, 1, 0}, {1, 0, 0, 1}, {0, 1, 0, 1}};
    for (int corner = 0; corner < 4; ++corner) {
      parts.push_back(at::constant_pad_nd(x.narrow(1, corner * quarter, quarter), pads[corner]));
    }
    const std::int64_t padding = 0;
    return at::conv2d(at::cat(parts, 1), w, {}, stride, padding, 1, groups_);
  }

  at::Tensor norm(int index, const at::Tensor& x) const {
    const auto i = static_cast<std::size_t>(index);
    return at::batch_norm(x, gammas_[i], betas_[i], {}, {}, true, 0.1, 1e-5, true);
  }

  at::Tensor output(const at::Tensor& y) const {
    if (!quantized_) return y;
    const at::Tensor still = y.detach();
    const at::Tensor range = 3 * still.std() + still.mean().abs();
    return y + ((still / range * 255).round().clamp(-255, 255) * range / 255 - still);
  }

  at::Tensor activation(const at::Tensor& x) const {
    const at::Tensor y = at::hardtanh(x);
    if (!quantized_) return y;
    return y + ((y * 255).round() / 255 - y).detach();
  }

  int kernel_;
  int groups_;
  bool quantized_;
  std::vector<at::Tensor> weights_, gammas_, betas_;
  at::Tensor images_, labels_;
};

void plain_step(benchmark::State& state) {
  at::set_num_threads(1);
  PlainNetwork network(static_cast<int>(state.range(0)), static_cast<int>(state.range(1)),
                       state.range(2) != 0, state.range(3) != 0);
  network.step();
  for (auto _ : state) network.step();
  state.SetItemsProcessed(kBatch * state.iterations());
}

/// Forward and backward behind a convolution of a block. Arguments: channels, side, whether there
/// is a shortcut, fused.
void tail_step(benchmark::State& state) {
  at::set_num_threads(1);
  const std::vector<std::int64_t> shape{kBatch, state.range(0), state.range(1), state.range(1)};
  const auto random = [&] { return at::randn(shape).contiguous(at::MemoryFormat::ChannelsLast); };
  const at::Tensor start = random().set_requires_grad(true);
  const at::Tensor shortcut = state.range(2) != 0 ? random().set_requires_grad(true) : at::Tensor();
  const at::Tensor gamma = at::full({shape[1]}, 0.3).set_requires_grad(true);
  const at::Tensor beta = at::zeros({shape[1]}).set_requires_grad(true);
  const at::Tensor mean = at::zeros({shape[1]});
  const at::Tensor variance = at::ones({shape[1]});
  const at::Tensor gradient = random();
  for (auto _ : state) {
    state.PauseTiming();
    const at::Tensor output = start.clone();
    state.ResumeTiming();
    const train::BlockTail tail{
        train::quantizer_grid(9, static_cast<float>(train::batch_range(output))),
        train::quantizer_grid(9, 1.0F)};
    at::Tensor result;
    if (state.range(3) != 0) {
      result = train::block_tail(output, shortcut, gamma, beta, mean, variance, tail);
    } else {
      const at::Tensor quantized =
          train::fake_quantize(output, tail.output, train::ClampGradient::kZero, true);
      result = at::batch_norm(quantized, gamma, beta, mean, variance, true, tail.momentum,
                              tail.epsilon, true);
      if (shortcut.defined()) result = result + shortcut;
      result = train::fake_quantize(result, tail.activation, train::ClampGradient::kZero, true);
    }
    result.backward(gradient);
    state.PauseTiming();
    for (const at::Tensor& leaf : {start, shortcut, gamma, beta}) {
      if (leaf.defined()) leaf.mutable_grad() = at::Tensor();
    }
    state.ResumeTiming();
  }
  state.SetItemsProcessed(kBatch * state.iterations());
}

void choices(benchmark::internal::Benchmark* benchmark) {
  for (const int fused : {0, 1}) {
    for (const int bfloat16 : {0, 1}) {
      for (const int kernel : {3, 2, 1}) benchmark->Args({kernel, 1, fused, bfloat16});
      for (const int groups : {2, 4, 8, 16}) benchmark->Args({3, groups, fused, bfloat16});
      benchmark->Args({2, 4, fused, bfloat16});
    }
  }
}

BENCHMARK(supernet_step)
    ->ArgNames({"kernel", "groups", "fused", "bfloat16"})
    ->Apply(choices)
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime();
BENCHMARK(random_paths)
    ->ArgNames({"fused", "bfloat16"})
    ->ArgsProduct({{0, 1}, {0, 1}})
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime();
BENCHMARK(plain_step)
    ->ArgNames({"kernel", "groups", "quantized", "together"})
    ->Args({3, 1, 0, 0})
    ->Args({3, 1, 0, 1})
    ->Args({3, 1, 1, 1})
    ->Args({3, 4, 0, 1})
    ->Args({3, 8, 0, 1})
    ->Args({3, 16, 0, 1})
    ->Args({2, 1, 0, 1})
    ->Args({2, 4, 1, 1})
    ->Args({1, 1, 0, 1})
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime();
BENCHMARK(tail_step)
    ->ArgNames({"channels", "side", "shortcut", "fused"})
    ->ArgsProduct({{48}, {32}, {0, 1}, {0, 1}})
    ->ArgsProduct({{96}, {8}, {1}, {0, 1}})
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime();
BENCHMARK(conv_step)
    ->ArgNames({"channels", "side", "kernels", "stride"})
    ->ArgsProduct({{32, 64}, {32}, {0, 1, 2, 3, 4}, {1}})
    ->ArgsProduct({{64, 128}, {16}, {0, 1, 2, 3, 4}, {1}})
    ->ArgsProduct({{256}, {8, 4}, {0, 1, 2, 3, 4}, {1}})
    ->ArgsProduct({{64}, {32, 16}, {0, 2, 3}, {2}})
    ->ArgsProduct({{128, 256}, {16, 8}, {0, 2, 3}, {2}})
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime();

}  // namespace

BENCHMARK_MAIN();
