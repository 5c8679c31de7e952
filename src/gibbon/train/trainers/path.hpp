#pragma once

// For the .cpp files of this module, after <ATen/ATen.h>: no header names libtorch itself.

#include <memory>
#include <vector>

#include "gibbon/nn/network.hpp"
#include "gibbon/train/trainers/epitome_weight.hpp"
#include "gibbon/train/trainers/layer_plan.hpp"

namespace gibbon::train {

/// The tensors of one layer of a network under execution. Which are defined depends on its type.
struct LayerTensors {
  at::Tensor weight;  ///< dense kernel of a Conv (dense_weight.hpp), matrix of a Linear
  /// Of a Conv whose `weight` is its epitome's dense kernel; null otherwise.
  std::shared_ptr<const EpitomeWeight> epitome;
  at::Tensor mask;         ///< of a Conv's dense kernel; undefined where all of it is used
  at::Tensor gamma, beta;  ///< BatchNorm and LayerNorm; of a Bias beta
  at::Tensor running_mean, running_variance;  ///< BatchNorm
  at::Tensor class_token, positions;  ///< Tokens: [channels] or undefined, [tokens, channels]
  double epsilon = 1e-5;
  double output_range = -1.0;  ///< negative until it is measured
  bool weight_is_quantized = false;
  double output_noise = 0;  ///< LayerNoise's
};

/// A tensor that a training step changes: the gradient is taken of `value`, which shares its memory
/// with the whole weight, as `momentum` does.
struct TrainedTensor {
  at::Tensor value;
  at::Tensor momentum;
  bool decays = true;          ///< weights do, all else does not
  bool scale_is_free = false;  ///< LayerPlan's
  at::Tensor mask;             ///< 1 where the path uses it; undefined where it uses all
};

/// A network with its tensors, ready to execute.
struct Path {
  nn::Network network;
  std::vector<LayerPlan> plans;
  std::vector<LayerTensors> layers;
  std::vector<TrainedTensor> trained;
};

}  // namespace gibbon::train
