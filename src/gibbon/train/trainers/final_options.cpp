#include <ATen/ATen.h>

#include "gibbon/train/trainers/final_options.hpp"

#include <fmt/format.h>

#include "gibbon/base/error.hpp"
#include "gibbon/train/small_crops.hpp"
#include "gibbon/train/trainers/training_loop.hpp"

namespace gibbon::train {

namespace {

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

}  // namespace

void require_final_options(const nn::Network& network, const FinalTrainOptions& options) {
  require_options(options.base);
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
}

}  // namespace gibbon::train
