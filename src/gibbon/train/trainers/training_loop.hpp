#pragma once

// For the .cpp files of this module, after <ATen/ATen.h>: no header names libtorch itself.

#include <functional>

#include "gibbon/train/supernet.hpp"
#include "gibbon/train/trainers/graph_runner.hpp"

namespace gibbon::train {

/// Sets libtorch's threads and, while it lives, the arithmetic that the options ask for. Throws
/// base::Error for a device or precision that this machine or build does not have.
class Session {
 public:
  Session(int threads, const std::string& device, Precision precision);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  const std::string& device() const { return device_; }
  /// The fastest ones for this arithmetic.
  ConvKernels conv_kernels() const {
    if (cuda_) return ConvKernels::kLibtorch;
    if (autocast_) return ConvKernels::kBfloat16;
    return mixed_ ? ConvKernels::kMixed : ConvKernels::kFloat32;
  }

 private:
  std::string device_;
  bool autocast_ = false;
  bool mixed_ = false;
  bool cuda_ = false;
};

/// The path that step `step` trains; it must stay valid until the next call.
using PathForStep = std::function<Path&(std::uint64_t step)>;

class BatchSource;
class OutputNoise;
class Teacher;
class WeightAverage;

struct LoopPlan {
  std::string stage;  ///< of the progress reports
  std::int64_t first_step = 0;
  std::int64_t steps = 0;
  std::int64_t total_steps = 0;     ///< with those before and after these
  std::int64_t schedule_steps = 0;  ///< of the learning rate's schedule
  Statistics statistics = Statistics::kBatch;
  bool quantize = true;
  ConvKernels conv_kernels = ConvKernels::kLibtorch;
  PimForward* crossbars = nullptr;  ///< RunOptions::crossbars
  bool float_few_bits = false;      ///< RunOptions::float_few_bits
  bool fused_tails = true;
  const Teacher* teacher = nullptr;  ///< whose answers are learnt beside the labels; null: none
  /// Takes the weights behind each step from `first_averaged` on, where rates stop falling; null:
  /// none does.
  WeightAverage* average = nullptr;
  std::int64_t first_averaged = 0;
};

struct LoopResult {
  double mean_loss = 0.0;
  std::int64_t steps_done = 0;
};

/// Stochastic gradient descent with Nesterov momentum on the tensors of each step's path; others
/// keep their values, momenta and decay. Points of the curves "loss" and "learning_rate" at each
/// step. Throws base::Error if the loss stops being finite.
/// The next batch of `source` is that of plan.first_step.
LoopResult train_paths(const PathForStep& path_for_step, BatchSource& source,
                       const TrainOptions& options, const LoopPlan& plan, base::Progress& progress);

/// Measures batch norm statistics and output ranges of `path` on images, in batches. `noise`:
/// RunOptions'.
void calibrate(Path& path, const data::ImageSet& images, const Session& session,
               OutputNoise* noise = nullptr);

/// Logits [batch, classes] of all images in their order, batch by batch, with kept statistics and
/// ranges: on the processor, in single precision.
void for_each_batch(
    Path& path, const data::ImageSet& images, const Session& session, bool quantize,
    const std::function<void(const at::Tensor& logits, const data::ImageBatch& batch)>& use,
    OutputNoise* noise = nullptr);

/// Top-1 percent with kept statistics and ranges, quantised or not; ties go to the lowest class.
double accuracy(Path& path, const data::ImageSet& images, const Session& session,
                bool quantize = true, OutputNoise* noise = nullptr);

/// Throws base::Error if the images do not fit the network or a label has no class.
void require_images(const nn::Network& network, const data::ImageSet& images, const char* purpose);

/// Throws base::Error naming the option that is out of range.
void require_options(const TrainOptions& options);

}  // namespace gibbon::train
