#include <ATen/ATen.h>

#include <algorithm>

#include "gibbon/train/trainers/output_noise.hpp"

namespace gibbon::train {

namespace {

constexpr std::int64_t kNumbers = std::int64_t{1} << 20;

at::Tensor normal_numbers(std::uint64_t seed) {
  base::Rng rng = base::Rng::forked(seed, "output noise");
  at::Tensor numbers = at::empty({kNumbers}, at::kFloat);
  float* values = numbers.data_ptr<float>();
  std::generate_n(values, kNumbers, [&] { return static_cast<float>(rng.normal()); });
  return numbers;
}

/// All values of a dense tensor, in the order of its memory.
at::Tensor flat(const at::Tensor& values) {
  return values.is_contiguous() ? values.view(-1) : values.permute({0, 2, 3, 1}).view(-1);
}

}  // namespace

OutputNoise::OutputNoise(std::uint64_t seed, const std::string& device)
    : place_(base::Rng::forked(seed, "place of noise")),
      numbers_(normal_numbers(seed).to(at::Device(device))) {}

void OutputNoise::add_to(const at::Tensor& output, double deviation) {
  const at::Tensor values = flat(output.detach());
  auto place = static_cast<std::int64_t>(place_.below(kNumbers));
  for (std::int64_t done = 0; done < values.numel();) {
    const std::int64_t count = std::min(values.numel() - done, kNumbers - place);
    values.narrow(0, done, count).add_(numbers_.narrow(0, place, count), deviation);
    done += count;
    place = 0;
  }
}

}  // namespace gibbon::train
