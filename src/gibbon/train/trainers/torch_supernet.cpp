#include <ATen/ATen.h>
#include <torch/serialize.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <mutex>
#include <optional>
#include <sstream>

#include "gibbon/base/error.hpp"
#include "gibbon/base/file.hpp"
#include "gibbon/nn/starting_weights.hpp"
#include "gibbon/sim/crossbar_calibration.hpp"
#include "gibbon/train/small_crops.hpp"
#include "gibbon/train/supernet.hpp"
#include "gibbon/train/trainer.hpp"
#include "gibbon/train/trainers/batch_source.hpp"
#include "gibbon/train/trainers/optimizer.hpp"
#include "gibbon/train/trainers/output_noise.hpp"
#include "gibbon/train/trainers/pim_forward.hpp"
#include "gibbon/train/trainers/shared_weights.hpp"
#include "gibbon/train/trainers/teacher.hpp"
#include "gibbon/train/trainers/trained_path.hpp"
#include "gibbon/train/trainers/training_loop.hpp"
#include "gibbon/train/trainers/weight_average.hpp"

namespace gibbon::train {

namespace {

constexpr int kRecalibrationImages = 2048;

/// libtorch's messages carry a stack trace: the first line says what is wrong.
template <typename Work>
auto guarded(const char* purpose, const Work& work) {
  try {
    return work();
  } catch (const c10::Error& error) {
    const std::string message = error.what_without_backtrace();
    throw base::Error(fmt::format("{}: {}", purpose, message.substr(0, message.find('\n'))));
  }
}

class TorchSupernet final : public Supernet {
 public:
  TorchSupernet(const nn::Network& largest, const TrainOptions& options)
      : largest_(largest), options_(options), weights_(largest, options) {}

  void start_from(const nn::TrainedNetwork& trained) override {
    guarded("supernet", [&] { weights_.assign(nn::with_weights_of(largest_, trained)); });
  }

  double train(const data::ImageSet& images, const PathSampler& sampler, std::int64_t first_step,
               std::int64_t steps, std::int64_t total_steps, base::Progress& progress) override {
    return guarded("supernet training", [&] {
      const Session session(options_.threads, options_.device, options_.precision);
      require_images(largest_, images, "supernet training");
      require_small_crops(largest_, options_.small_crops);
      std::optional<Path> path;
      const PathForStep path_for_step = [&](std::uint64_t step) -> Path& {
        path = weights_.path(sampler(step), true);
        return *path;
      };
      const LoopPlan plan{.stage = "supernet",
                          .first_step = first_step,
                          .steps = steps,
                          .total_steps = total_steps,
                          .schedule_steps = total_steps,
                          .conv_kernels = session.conv_kernels()};
      BatchSource source(images, options_, first_step, total_steps);
      const LoopResult result = train_paths(path_for_step, source, options_, plan, progress);
      next_step_ = first_step + result.steps_done;
      return result.mean_loss;
    });
  }

  nn::TrainedNetwork extract(const nn::Network& network, const data::ImageSet& calibration,
                             int threads, const LayerNoise& noise) const override {
    return guarded("supernet extraction", [&] {
      require_images(network, calibration, "calibration");
      const Session session(threads, options_.device, Precision::kFloat32);
      Path path = weights_.path(network, false);
      std::optional<OutputNoise> numbers = disturb(path, noise);
      calibrate(path, calibration, session, numbers ? &*numbers : nullptr);
      return to_trained(path);
    });
  }

  double one_shot_accuracy(const nn::TrainedNetwork& trained, const data::ImageSet& images,
                           int threads, const LayerNoise& noise) const override {
    return guarded("one-shot accuracy", [&] {
      require_images(trained.network, images, "one-shot accuracy");
      const Session session(threads, options_.device, Precision::kFloat32);
      Path path = frozen_path(trained, options_.device);
      std::optional<OutputNoise> numbers = disturb(path, noise);
      return accuracy(path, images, session, true, numbers ? &*numbers : nullptr);
    });
  }

  void save(const std::filesystem::path& path) const override {
    guarded("supernet", [&] {
      torch::serialize::OutputArchive archive;
      for (const auto& [name, tensor] : weights_.tensors()) archive.write(name, tensor.cpu());
      archive.write("next_step", at::tensor(next_step_, at::kLong));
      std::ostringstream stream;
      archive.save_to(stream);
      base::write_file_atomically(path, stream.str());
    });
  }

  void load(const std::filesystem::path& path) override {
    const std::string content = base::read_file(path);
    const std::map<std::string, at::Tensor> own = weights_.tensors();
    std::map<std::string, at::Tensor> read;
    at::Tensor next_step;
    try {
      std::istringstream stream(content);
      torch::serialize::InputArchive archive;
      archive.load_from(stream);
      for (const auto& [name, tensor] : own) {
        if (!archive.try_read(name, read[name])) {
          throw base::Error(fmt::format("{}: holds no '{}'", path.string(), name));
        }
      }
      archive.read("next_step", next_step);
    } catch (const c10::Error&) {
      throw base::Error(
          fmt::format("{}: is not a supernet of this program, or is damaged", path.string()));
    }
    for (const auto& [name, tensor] : own) {
      if (read[name].sizes() == tensor.sizes()) continue;
      throw base::Error(fmt::format("{}: '{}' has the shape [{}], this space needs [{}]",
                                    path.string(), name, fmt::join(read[name].sizes(), ", "),
                                    fmt::join(tensor.sizes(), ", ")));
    }
    for (const auto& [name, tensor] : own) at::Tensor(tensor).copy_(read[name]);
    next_step_ = next_step.item<std::int64_t>();
  }

  std::int64_t next_step() const override { return next_step_; }

 private:
  /// Gives the path its deviations; the numbers that they scale, none without noise.
  std::optional<OutputNoise> disturb(Path& path, const LayerNoise& noise) const {
    if (noise.empty()) return std::nullopt;
    if (noise.size() != path.layers.size()) {
      throw base::Error(fmt::format("network '{}' has {} layers, noise is given for {}",
                                    path.network.description().name, path.layers.size(),
                                    noise.size()));
    }
    for (std::size_t layer = 0; layer < noise.size(); ++layer) {
      path.layers[layer].output_noise = noise[layer];
    }
    std::call_once(drawn_, [&] { numbers_.emplace(options_.seed, options_.device); });
    return numbers_;
  }

  nn::Network largest_;
  TrainOptions options_;
  SharedWeights weights_;
  mutable std::once_flag drawn_;
  mutable std::optional<OutputNoise> numbers_;  ///< drawn at the first use, copied for each
  std::int64_t next_step_ = 0;
};

std::int64_t steps_of(double epochs, const data::ImageSet& images,
                      const FinalTrainOptions& options) {
  return std::llround(epochs *
                      static_cast<double>(steps_per_epoch(images, options.base.batch_size)));
}

void require_share(const char* name, double share, double most = 1) {
  if (share >= 0 && share <= most) return;
  throw base::Error(fmt::format("training option {} is {}, allowed is [0, {}]", name, share, most));
}

void require_pim(const FinalTrainOptions& options) {
  const PimTraining& pim = *options.pim;
  if (!options.quantization_aware) {
    throw base::Error(
        "pim-aware training needs quantisation-aware training: crossbars multiply integers");
  }
  if (!(pim.epochs >= 0 && pim.epochs <= options.epochs)) {
    throw base::Error(fmt::format("training option pim.epochs is {}, allowed is 0 to epochs ({})",
                                  pim.epochs, options.epochs));
  }
  if (pim.calibration_images < 1) {
    throw base::Error(fmt::format("training option pim.calibration_images is {}, allowed is >= 1",
                                  pim.calibration_images));
  }
}

void require_distillation(const nn::Network& student, const Distillation& distillation) {
  const auto require = [](bool holds, const char* name, double value, const char* allowed) {
    if (holds) return;
    throw base::Error(
        fmt::format("training option distillation.{} is {}, allowed is {}", name, value, allowed));
  };
  require(distillation.weight >= 0 && distillation.weight <= 1, "weight", distillation.weight,
          "[0, 1]");
  require(distillation.temperature > 0, "temperature", distillation.temperature, "> 0");
  const int classes = student.description().num_classes;
  const int taught = distillation.teacher.network.description().num_classes;
  if (taught != classes) {
    throw base::Error(fmt::format("teacher '{}' knows {} classes, network '{}' has {}",
                                  distillation.teacher.network.description().name, taught,
                                  student.description().name, classes));
  }
}

sim::AccuracyOptions pim_accuracy(const FinalTrainOptions& options) {
  sim::AccuracyOptions accuracy = options.pim->accuracy;
  accuracy.threads = options.base.threads;
  return accuracy;
}

}  // namespace

std::unique_ptr<Supernet> make_supernet(const nn::Network& largest, const TrainOptions& options) {
  require_options(options);
  return guarded("supernet", [&] {
    const Session session(options.threads, options.device, options.precision);
    return std::make_unique<TorchSupernet>(largest, options);
  });
}

PimPass pim_pass_of(std::string_view word) {
  if (word == "exact") return PimPass::kExact;
  if (word == "fitted") return PimPass::kFitted;
  throw base::Error(fmt::format("unknown pim pass '{}'; allowed are exact, fitted", word));
}

nn::TrainedNetwork train_network(const nn::Network& network, const data::ImageSet& images,
                                 const std::optional<nn::TrainedNetwork>& start,
                                 const FinalTrainOptions& options, base::Progress& progress) {
  constexpr const char* kStage = "final training";
  require_options(options.base);
  require_images(network, images, kStage);
  require_small_crops(network, options.base.small_crops);
  if (!(options.epochs > 0)) {
    throw base::Error(fmt::format("training option epochs is {}, allowed is > 0", options.epochs));
  }
  require_share("float_share", options.float_share);
  require_share("average_share", options.average_share);
  require_share("average_rate", options.average_rate);
  require_share("plain_share", options.plain_share);
  require_share("skip_easy", options.skip_easy, kMostSkipped);
  if (options.pim) require_pim(options);
  if (options.distillation) require_distillation(network, *options.distillation);
  return guarded(kStage, [&] {
    const std::string& device = options.base.device;
    SharedWeights weights(network, options.base);
    if (start) weights.assign(nn::with_weights_of(network, *start));
    Path path = weights.path(network, true);
    const std::int64_t steps = std::max<std::int64_t>(1, steps_of(options.epochs, images, options));
    const std::int64_t pim_steps =
        options.pim ? std::min(steps, steps_of(options.pim->epochs, images, options)) : 0;
    const auto float_steps =
        std::min<std::int64_t>(steps - pim_steps, steps_in(options.float_share, steps));
    std::optional<Teacher> teacher;
    if (options.distillation) {
      const Session session(options.base.threads, device, Precision::kFloat32);
      teacher.emplace(*options.distillation, images, session);
    }
    WeightAverage average;
    const std::int64_t first_averaged = steps - steps_in(options.average_share, steps);
    const std::int64_t schedule_steps =
        options.average_rate > 0 && options.average_share > 0
            ? schedule_falling_to(options.average_rate, first_averaged, options.base)
            : steps;
    BatchSource source(images, options.base, 0, steps, {options.skip_easy, options.plain_share});
    const auto train = [&](std::int64_t first, std::int64_t last, bool float_few_bits,
                           PimForward* crossbars) {
      if (first == last) return;
      const Session session(options.base.threads, device, options.base.precision);
      const LoopPlan plan{.stage = kStage,
                          .first_step = first,
                          .steps = last - first,
                          .total_steps = steps,
                          .schedule_steps = schedule_steps,
                          .statistics = Statistics::kTracked,
                          .quantize = options.quantization_aware,
                          .conv_kernels = session.conv_kernels(),
                          .crossbars = crossbars,
                          .float_few_bits = float_few_bits,
                          .teacher = teacher ? &*teacher : nullptr,
                          .average = &average,
                          .first_averaged = first_averaged};
      train_paths([&](std::uint64_t) -> Path& { return path; }, source, options.base, plan,
                  progress);
    };
    train(0, float_steps, true, nullptr);
    train(float_steps, steps - pim_steps, false, nullptr);
    if (pim_steps == 0) average.put_into(path);
    {
      const Session session(options.base.threads, device, Precision::kFloat32);
      calibrate(path, images.first(kRecalibrationImages), session);
    }
    if (!options.pim) return to_trained(path);

    const data::ImageBatch calibration =
        data::make_batch(images, 0, std::min(options.pim->calibration_images, images.count()));
    sim::CalibrationOptions fit{pim_accuracy(options)};
    nn::TrainedNetwork trained =
        sim::calibrate_to_crossbars(to_trained(path), options.pim->hardware, calibration, fit);
    if (pim_steps == 0) return trained;
    take_statistics(trained, path);
    PimForward crossbars(network, *options.pim, pim_accuracy(options), options.base.seed);
    train(steps - pim_steps, steps, false, &crossbars);
    average.put_into(path);
    fit.ranges = false;  // the weights have learnt to live with those
    return sim::calibrate_to_crossbars(to_trained(path), options.pim->hardware, calibration, fit);
  });
}

namespace {

double accuracy_alone(const char* purpose, const nn::TrainedNetwork& trained,
                      const data::ImageSet& images, int threads, bool quantize) {
  return guarded(purpose, [&] {
    require_images(trained.network, images, purpose);
    const Session session(threads, "cpu", Precision::kFloat32);
    Path path = frozen_path(trained, "cpu", quantize);
    return accuracy(path, images, session, quantize);
  });
}

}  // namespace

double quantized_accuracy(const nn::TrainedNetwork& trained, const data::ImageSet& images,
                          int threads) {
  return accuracy_alone("quantised accuracy", trained, images, threads, true);
}

double float_accuracy(const nn::TrainedNetwork& trained, const data::ImageSet& images,
                      int threads) {
  return accuracy_alone("accuracy in single precision", trained, images, threads, false);
}

}  // namespace gibbon::train
