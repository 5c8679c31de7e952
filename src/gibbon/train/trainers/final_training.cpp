#include <ATen/ATen.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "gibbon/base/error.hpp"
#include "gibbon/nn/starting_weights.hpp"
#include "gibbon/sim/crossbar_calibration.hpp"
#include "gibbon/train/trainer.hpp"
#include "gibbon/train/trainers/batch_source.hpp"
#include "gibbon/train/trainers/final_options.hpp"
#include "gibbon/train/trainers/guarded.hpp"
#include "gibbon/train/trainers/optimizer.hpp"
#include "gibbon/train/trainers/pim_forward.hpp"
#include "gibbon/train/trainers/shared_weights.hpp"
#include "gibbon/train/trainers/teacher.hpp"
#include "gibbon/train/trainers/trained_path.hpp"
#include "gibbon/train/trainers/training_loop.hpp"
#include "gibbon/train/trainers/weight_average.hpp"

namespace gibbon::train {

namespace {

constexpr const char* kStage = "final training";
constexpr int kRecalibrationImages = 2048;

/// Where the parts of a training begin, in steps.
struct Timetable {
  std::int64_t float_end = 0;       ///< before it weights of few bits are in single precision
  std::int64_t pim_begin = 0;       ///< from here on the forward pass is the crossbars'
  std::int64_t first_averaged = 0;  ///< from here on weights are averaged
  std::int64_t end = 0;
  std::int64_t schedule = 0;  ///< length of the learning rate's schedule
};

std::int64_t steps_of(double epochs, const data::ImageSet& images,
                      const FinalTrainOptions& options) {
  return std::llround(epochs *
                      static_cast<double>(steps_per_epoch(images, options.base.batch_size)));
}

Timetable timetable_of(const data::ImageSet& images, const FinalTrainOptions& options) {
  Timetable times;
  times.end = std::max<std::int64_t>(1, steps_of(options.epochs, images, options));
  const std::int64_t pim_steps = options.pim ? steps_of(options.pim->epochs, images, options) : 0;
  times.pim_begin = times.end - std::min(times.end, pim_steps);
  times.float_end =
      std::min<std::int64_t>(times.pim_begin, steps_in(options.float_share, times.end));
  times.first_averaged = times.end - steps_in(options.average_share, times.end);
  times.schedule =
      options.average_rate > 0 && options.average_share > 0
          ? schedule_falling_to(options.average_rate, times.first_averaged, options.base)
          : times.end;
  return times;
}

/// One network's training, from its first step to the batch norms of its last. Options are right
/// and outlive it, as does all that it is given.
class FinalTraining {
 public:
  FinalTraining(const nn::Network& network, const data::ImageSet& images,
                const std::optional<nn::TrainedNetwork>& start, const FinalTrainOptions& options,
                base::Progress& progress)
      : images_(images),
        options_(options),
        progress_(progress),
        times_(timetable_of(images, options)),
        weights_(network, options.base),
        path_(path_from(network, start)),
        source_(images, options.base, 0, times_.end, {options.skip_easy, options.plain_share}) {
    if (!options.distillation) return;
    const Session session(options.base.threads, options.base.device, Precision::kFloat32);
    teacher_.emplace(*options.distillation, images, session);
  }

  nn::TrainedNetwork run() {
    train(0, times_.float_end, Arithmetic{.float_few_bits = true});
    train(times_.float_end, times_.pim_begin, Arithmetic{});
    const bool is_done = times_.pim_begin == times_.end;
    if (is_done) average_.put_into(path_);
    recalibrate();
    if (!options_.pim) return to_trained(path_);
    const nn::TrainedNetwork fitted = fit_to_crossbars(/*ranges=*/true);
    return is_done ? fitted : train_on_crossbars(fitted);
  }

 private:
  struct Arithmetic {
    bool float_few_bits = false;
    PimForward* crossbars = nullptr;
  };

  Path path_from(const nn::Network& network, const std::optional<nn::TrainedNetwork>& start) {
    if (start) weights_.assign(nn::with_weights_of(network, *start));
    return weights_.path(network, true);
  }

  void train(std::int64_t first, std::int64_t last, const Arithmetic& arithmetic) {
    if (first == last) return;
    const Session session(options_.base.threads, options_.base.device, options_.base.precision);
    const LoopPlan plan{.stage = kStage,
                        .first_step = first,
                        .steps = last - first,
                        .total_steps = times_.end,
                        .schedule_steps = times_.schedule,
                        .statistics = Statistics::kTracked,
                        .quantize = options_.quantization_aware,
                        .conv_kernels = session.conv_kernels(),
                        .crossbars = arithmetic.crossbars,
                        .float_few_bits = arithmetic.float_few_bits,
                        .teacher = teacher_ ? &*teacher_ : nullptr,
                        .average = &average_,
                        .first_averaged = times_.first_averaged};
    train_paths([&](std::uint64_t) -> Path& { return path_; }, source_, options_.base, plan,
                progress_);
  }

  void recalibrate() {
    const Session session(options_.base.threads, options_.base.device, Precision::kFloat32);
    calibrate(path_, images_.first(kRecalibrationImages), session);
  }

  sim::AccuracyOptions crossbar_options() const {
    sim::AccuracyOptions accuracy = options_.pim->accuracy;
    accuracy.threads = options_.base.threads;
    return accuracy;
  }

  nn::TrainedNetwork fit_to_crossbars(bool ranges) const {
    sim::CalibrationOptions fit{crossbar_options()};
    fit.ranges = ranges;
    const int images = std::min(options_.pim->calibration_images, images_.count());
    return sim::calibrate_to_crossbars(to_trained(path_), options_.pim->hardware,
                                       data::make_batch(images_, 0, images), fit);
  }

  nn::TrainedNetwork train_on_crossbars(const nn::TrainedNetwork& fitted) {
    take_statistics(fitted, path_);
    PimForward crossbars(path_.network, *options_.pim, crossbar_options(), options_.base.seed);
    train(times_.pim_begin, times_.end, Arithmetic{.crossbars = &crossbars});
    average_.put_into(path_);
    return fit_to_crossbars(/*ranges=*/false);  // the weights have learnt to live with those
  }

  const data::ImageSet& images_;
  const FinalTrainOptions& options_;
  base::Progress& progress_;
  const Timetable times_;
  SharedWeights weights_;
  Path path_;
  BatchSource source_;
  std::optional<Teacher> teacher_;
  WeightAverage average_;
};

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

PimPass pim_pass_of(std::string_view word) {
  if (word == "exact") return PimPass::kExact;
  if (word == "fitted") return PimPass::kFitted;
  throw base::Error(fmt::format("unknown pim pass '{}'; allowed are exact, fitted", word));
}

nn::TrainedNetwork train_network(const nn::Network& network, const data::ImageSet& images,
                                 const std::optional<nn::TrainedNetwork>& start,
                                 const FinalTrainOptions& options, base::Progress& progress) {
  require_images(network, images, kStage);
  require_final_options(network, options);
  return guarded(kStage,
                 [&] { return FinalTraining(network, images, start, options, progress).run(); });
}

double quantized_accuracy(const nn::TrainedNetwork& trained, const data::ImageSet& images,
                          int threads) {
  return accuracy_alone("quantised accuracy", trained, images, threads, true);
}

double float_accuracy(const nn::TrainedNetwork& trained, const data::ImageSet& images,
                      int threads) {
  return accuracy_alone("accuracy in single precision", trained, images, threads, false);
}

}  // namespace gibbon::train
