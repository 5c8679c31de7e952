#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include "gibbon/train/trainers/pim_forward.hpp"

#include <algorithm>

#include "gibbon/sim/inference/network_runner.hpp"
#include "gibbon/train/trainers/quantization_kernels.hpp"
#include "gibbon/train/trainers/trained_path.hpp"

namespace gibbon::train {

namespace {

constexpr std::int64_t kFitImages = 16;
constexpr int kStepsPerFit = 20;
constexpr double kSmallestVariance = 1e-12;

/// Over all but the channels.
std::vector<std::int64_t> other_dimensions(const at::Tensor& values) {
  return values.dim() == 4 ? std::vector<std::int64_t>{0, 2, 3} : std::vector<std::int64_t>{0};
}

const float* values_of(const at::Tensor& tensor) {
  return tensor.data_ptr<float>();
}

}  // namespace

/// crossbar output = scale * ideal output + shift + deviation * a standard normal number.
struct PimForward::Fit {
  int age = kStepsPerFit;
  at::Tensor scale, shift, deviation;
};

PimForward::PimForward(const nn::Network& network, const PimTraining& pim,
                       const sim::AccuracyOptions& accuracy, std::uint64_t seed)
    : hardware_(pim.hardware),
      pass_(pim.pass),
      accuracy_(accuracy),
      trained_{network, std::vector<nn::LayerState>(network.layers().size())},
      fits_(network.layers().size()),
      noise_(at::detail::createCPUGenerator(seed)) {}

PimForward::~PimForward() = default;

void PimForward::replace(const Path& path, std::size_t index, double input_range,
                         const at::Tensor& input, const at::Tensor& output) {
  const c10::NoGradGuard no_grad;
  if (pass_ == PimPass::kExact) {
    output.detach().copy_(simulate(path, index, input_range, input, output));
    return;
  }
  Fit& fit = fits_[index];
  if (fit.age == kStepsPerFit) {
    const std::int64_t images = std::min(kFitImages, output.size(0));
    const at::Tensor ideal = output.narrow(0, 0, images);
    const at::Tensor simulated =
        simulate(path, index, input_range, input.narrow(0, 0, images), ideal);
    refit(ideal.to(at::kCPU, at::kFloat), simulated, fit);
    fit.age = 0;
  }
  ++fit.age;
  output.detach().copy_(approximate(index, output));
}

at::Tensor PimForward::simulate(const Path& path, std::size_t index, double input_range,
                                const at::Tensor& input, const at::Tensor& output) {
  nn::LayerState& state = trained_.states[index];
  const int bits = path.plans[index].input_bits;
  describe_weight(path.network.layers()[index], path.layers[index], state);
  state.input = {bits, input_range / quantizer_grid(bits, 1.0F).threshold};
  state.output_range = path.layers[index].output_range;
  const auto kernel =
      sim::make_layer_kernel(trained_, static_cast<int>(index), hardware_, accuracy_);
  const at::Tensor read =
      input.detach().to(at::kCPU, at::kFloat).contiguous(at::MemoryFormat::Contiguous);
  at::Tensor result = at::empty(output.sizes(), at::kFloat);
  const std::int64_t images = read.size(0);
  sim::run_on_threads(*kernel, values_of(read), static_cast<std::size_t>(read.numel() / images),
                      static_cast<int>(images), result.data_ptr<float>(),
                      static_cast<std::size_t>(result.numel() / images), accuracy_.threads);
  return result;
}

void PimForward::refit(const at::Tensor& ideal, const at::Tensor& simulated, Fit& fit) const {
  const std::vector<std::int64_t> others = other_dimensions(ideal);
  const at::Tensor x = ideal - ideal.mean(others, true);
  const at::Tensor y = simulated - simulated.mean(others, true);
  const at::Tensor variance = x.square().mean(others, true).clamp_min(kSmallestVariance);
  fit.scale = (x * y).mean(others, true) / variance;
  fit.shift = simulated.mean(others, true) - fit.scale * ideal.mean(others, true);
  fit.deviation = (y - fit.scale * x).square().mean(others, true).sqrt();
}

at::Tensor PimForward::approximate(std::size_t index, const at::Tensor& output) {
  const Fit& fit = fits_[index];
  const at::Tensor noise = at::randn(output.sizes(), noise_, at::kFloat);
  const at::Tensor made = output.detach().to(at::kCPU, at::kFloat) * fit.scale + fit.shift;
  return made + fit.deviation * noise;
}

}  // namespace gibbon::train
