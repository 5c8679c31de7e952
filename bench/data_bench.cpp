#include <benchmark/benchmark.h>

#include <numeric>
#include <vector>

#include "gibbon/base/rng.hpp"
#include "gibbon/data/augmentation.hpp"

namespace gibbon::data {
namespace {

/// One batch of CIFAR-10's size through every change, on one thread.
void augment_cifar_batch(benchmark::State& state) {
  ImageSet images;
  images.channels = 3;
  images.height = images.width = 32;
  base::Rng rng(1);
  images.labels.assign(128, 0);
  for (int i = 0; i < 128 * 3 * 32 * 32; ++i) {
    images.pixels.push_back(static_cast<std::uint8_t>(rng.below(256)));
  }
  AugmentationOptions options;
  options.crop_padding = 4;
  options.flip = data::Mirroring::kRandom;
  options.cutout = 16;
  std::vector<int> indices(128);
  std::iota(indices.begin(), indices.end(), 0);
  std::uint64_t epoch = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(augmented_batch(images, indices, options, 1, epoch++, 1));
  }
  state.SetItemsProcessed(state.iterations() * 128);
}
BENCHMARK(augment_cifar_batch)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace gibbon::data

BENCHMARK_MAIN();
