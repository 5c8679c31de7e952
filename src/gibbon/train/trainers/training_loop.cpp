#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/autocast_mode.h>
#include <torch/version.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "gibbon/base/error.hpp"
#include "gibbon/base/processor.hpp"
#include "gibbon/data/batch.hpp"
#include "gibbon/train/trainers/batch_source.hpp"
#include "gibbon/train/trainers/optimizer.hpp"
#include "gibbon/train/trainers/teacher.hpp"
#include "gibbon/train/trainers/training_loop.hpp"
#include "gibbon/train/trainers/weight_average.hpp"

namespace gibbon::train {

namespace {

constexpr int kEvaluationBatch = 128;

/// On a processor only tiles multiply bfloat16 faster than float32 (decision 0001: x2.7 with, x0.85
/// with AVX512 alone).
bool bfloat16_is_fast() {
  return base::processor_has_tiles(base::TileProducts::kBfloat16);
}

/// Without the cache of cast weights: it would keep a trained layer's first ones for all steps.
void set_autocast(bool cuda, bool enabled) {
  at::autocast::set_autocast_cache_enabled(!enabled);
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4)
  const at::DeviceType type = cuda ? at::kCUDA : at::kCPU;
  if (enabled) at::autocast::set_autocast_dtype(type, at::kBFloat16);
  at::autocast::set_autocast_enabled(type, enabled);
#else
  if (cuda) {
    if (enabled) at::autocast::set_autocast_gpu_dtype(at::kBFloat16);
    at::autocast::set_enabled(enabled);
  } else {
    if (enabled) at::autocast::set_autocast_cpu_dtype(at::kBFloat16);
    at::autocast::set_cpu_enabled(enabled);
  }
#endif
  if (!enabled) at::autocast::clear_cache();
}

/// A tensor on `device` whose channels lie together. One channel gets the strides of that layout
/// too, which libtorch would else take for the other one and carry through the whole network.
at::Tensor to_images(data::ImageBatch& batch, const std::string& device) {
  const at::Tensor borrowed = at::from_blob(
      batch.pixels.data(), {batch.count, batch.channels, batch.height, batch.width}, at::kFloat);
  const at::Tensor owned = borrowed.contiguous(at::MemoryFormat::ChannelsLast)
                               .to(at::Device(device), at::kFloat, false, batch.channels == 1);
  if (batch.channels != 1) return owned.is_alias_of(borrowed) ? owned.clone() : owned;
  const std::int64_t plane = static_cast<std::int64_t>(batch.height) * batch.width;
  return owned.as_strided({batch.count, 1, batch.height, batch.width}, {plane, 1, batch.width, 1});
}

at::Tensor to_labels(const data::ImageBatch& batch, const std::string& device) {
  return at::tensor(batch.labels, at::kInt).to(at::Device(device), at::kLong);
}

/// The losses of the batch's images by their labels.
std::vector<float> to_losses(const at::Tensor& losses) {
  const at::Tensor kept = losses.detach().to(at::kCPU, at::kFloat).contiguous();
  const float* values = kept.data_ptr<float>();
  return {values, values + kept.numel()};
}

struct StepResult {
  double loss = 0;                  ///< what was descended
  std::vector<float> label_losses;  ///< by image of the batch
};

StepResult train_step(Path& path, BatchSource::Batch& batch, Rates rates,
                      const TrainOptions& options, const LoopPlan& plan) {
  const at::Tensor images = to_images(batch.images, options.device);
  const at::Tensor labels = to_labels(batch.images, options.device);
  const at::Tensor logits = run_network(path, images,
                                        {plan.statistics, 0, plan.quantize, plan.conv_kernels,
                                         plan.crossbars, plan.float_few_bits, plan.fused_tails})
                                .to(at::kFloat);
  const at::Tensor label_losses = at::cross_entropy_loss(logits, labels, {}, at::Reduction::None,
                                                         -100, options.label_smoothing);
  at::Tensor loss = label_losses.mean();
  if (plan.teacher != nullptr) loss = plan.teacher->loss(loss, logits, batch.indices);
  loss.backward();
  const c10::NoGradGuard no_grad;
  const bool bfloat16 = plan.conv_kernels != ConvKernels::kFloat32;
  for (TrainedTensor& tensor : path.trained) update(tensor, rates, options, bfloat16);
  return {loss.item<double>(), to_losses(label_losses)};
}

}  // namespace

namespace {

/// Throws base::Error for one that libtorch, Gibbon or this machine does not have.
at::Device device_from(const std::string& name) {
  const auto parsed = [&] {
    try {
      return at::Device(name);
    } catch (const c10::Error&) {
      throw base::Error(
          fmt::format("device '{}' is not known; allowed are cpu, cuda, cuda:N", name));
    }
  }();
  if (!parsed.is_cpu() && !parsed.is_cuda()) {
    throw base::Error(
        fmt::format("device '{}' is not supported; allowed are cpu, cuda, cuda:N", name));
  }
  if (parsed.is_cuda() && !at::hasCUDA()) {
    throw base::Error(
        fmt::format("device '{}': no CUDA device, or libtorch was built without CUDA", name));
  }
  return parsed;
}

}  // namespace

void require_device(const std::string& device) {
  device_from(device);
}

Session::Session(int threads, const std::string& device, Precision precision) : device_(device) {
  if (at::get_num_threads() != threads) at::set_num_threads(threads);
  cuda_ = device_from(device).is_cuda();
  autocast_ = precision == Precision::kBfloat16 ||
              (precision == Precision::kAuto && (cuda_ || bfloat16_is_fast()));
  mixed_ =
      precision == Precision::kAuto && !autocast_ && base::processor_has_fast_bfloat16_vectors();
  if (autocast_) set_autocast(cuda_, true);
}

Session::~Session() {
  if (autocast_) set_autocast(cuda_, false);
}

LoopResult train_paths(const PathForStep& path_for_step, BatchSource& source,
                       const TrainOptions& options, const LoopPlan& plan,
                       base::Progress& progress) {
  LoopResult result;
  double loss_sum = 0.0;
  while (result.steps_done < plan.steps && !progress.stop_requested()) {
    const std::int64_t step = plan.first_step + result.steps_done;
    const bool is_averaged = plan.average != nullptr && step >= plan.first_averaged;
    const Rates rates =
        rates_at(is_averaged ? plan.first_averaged : step, plan.schedule_steps, options);
    BatchSource::Batch batch = source.next();
    Path& path = path_for_step(static_cast<std::uint64_t>(step));
    StepResult done = train_step(path, batch, rates, options, plan);
    if (is_averaged) plan.average->add(path);
    source.learn(std::move(batch.indices), std::move(done.label_losses));
    const double loss = done.loss;
    if (!std::isfinite(loss)) {
      throw base::Error(fmt::format(
          "{}: the loss is no longer finite after step {}; lower the learning rate ({})",
          plan.stage, step, options.learning_rate));
    }
    loss_sum += loss;
    ++result.steps_done;
    progress.point("loss", step, loss);
    progress.point("learning_rate", step, rates.descent);
    base::ProgressUpdate update;
    update.stage = plan.stage;
    update.done = step + 1;
    update.total = plan.total_steps;
    progress.update(update);
  }
  result.mean_loss = loss_sum / static_cast<double>(std::max<std::int64_t>(1, result.steps_done));
  return result;
}

void calibrate(Path& path, const data::ImageSet& images, const Session& session,
               OutputNoise* noise) {
  const c10::NoGradGuard no_grad;
  RunOptions options{Statistics::kCalibrate, 0, true, session.conv_kernels()};
  options.noise = noise;
  for (int first = 0; first < images.count(); first += kEvaluationBatch) {
    const int count = std::min(kEvaluationBatch, images.count() - first);
    if (count < kEvaluationBatch && first > 0) break;  // a few images would weigh as a whole batch
    data::ImageBatch batch = data::make_batch(images, first, count);
    run_network(path, to_images(batch, session.device()), options);
    ++options.calibrated_batches;
  }
}

void for_each_batch(
    Path& path, const data::ImageSet& images, const Session& session, bool quantize,
    const std::function<void(const at::Tensor& logits, const data::ImageBatch& batch)>& use,
    OutputNoise* noise) {
  const c10::NoGradGuard no_grad;
  RunOptions options{Statistics::kFrozen, 0, quantize, session.conv_kernels()};
  options.noise = noise;
  for (int first = 0; first < images.count(); first += kEvaluationBatch) {
    data::ImageBatch batch =
        data::make_batch(images, first, std::min(kEvaluationBatch, images.count() - first));
    const at::Tensor logits = run_network(path, to_images(batch, session.device()), options)
                                  .to(at::kCPU, at::kFloat)
                                  .contiguous();
    use(logits, batch);
  }
}

double accuracy(Path& path, const data::ImageSet& images, const Session& session, bool quantize,
                OutputNoise* noise) {
  std::int64_t correct = 0;
  const auto count = [&](const at::Tensor& logits, const data::ImageBatch& batch) {
    const float* row = logits.data_ptr<float>();
    for (const std::int32_t label : batch.labels) {
      correct += std::max_element(row, row + logits.size(1)) - row == label ? 1 : 0;
      row += logits.size(1);
    }
  };
  for_each_batch(path, images, session, quantize, count, noise);
  return 100.0 * static_cast<double>(correct) / std::max(1, images.count());
}

void require_images(const nn::Network& network, const data::ImageSet& images, const char* purpose) {
  const nn::Shape& input = network.input();
  nn::require_value_for_each_class(network);
  if (images.count() == 0) throw base::Error(fmt::format("{}: there are no images", purpose));
  if (nn::Shape{images.channels, images.height, images.width} != input) {
    throw base::Error(fmt::format("{}: images are {}x{}x{}, network '{}' takes {}x{}x{}", purpose,
                                  images.channels, images.height, images.width,
                                  network.description().name, input.channels, input.height,
                                  input.width));
  }
  const int classes = network.description().num_classes;
  for (const std::int32_t label : images.labels) {
    if (label >= 0 && label < classes) continue;
    throw base::Error(fmt::format("{}: label {} is outside the {} classes of network '{}'", purpose,
                                  label, classes, network.description().name));
  }
}

void require_options(const TrainOptions& options) {
  const auto require = [](bool holds, const char* name, double value, const char* allowed) {
    if (holds) return;
    throw base::Error(fmt::format("training option {} is {}, allowed is {}", name, value, allowed));
  };
  require(options.threads >= 1, "threads", options.threads, ">= 1");
  require(options.batch_size >= 2, "batch_size", options.batch_size, ">= 2");
  require(options.learning_rate > 0, "learning_rate", options.learning_rate, "> 0");
  require(options.muon_rate >= 0 && options.muon_rate < 1, "muon_rate", options.muon_rate,
          "[0, 1)");
  require(options.momentum >= 0 && options.momentum < 1, "momentum", options.momentum, "[0, 1)");
  require(options.weight_decay >= 0, "weight_decay", options.weight_decay, ">= 0");
  require(options.label_smoothing >= 0 && options.label_smoothing < 1, "label_smoothing",
          options.label_smoothing, "[0, 1)");
  const double share = options.small_crops.share;
  require(share >= 0 && share <= 1, "small_crops.share", share, "[0, 1]");
  device_from(options.device);
}

}  // namespace gibbon::train
