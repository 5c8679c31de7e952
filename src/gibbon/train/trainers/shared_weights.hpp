#pragma once

// For the .cpp files of this module, after <ATen/ATen.h>: no header names libtorch itself.

#include <map>
#include <string>
#include <vector>

#include "gibbon/nn/trained_network.hpp"
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
};

/// A tensor that a training step changes: the gradient is taken of `value`, which shares its memory
/// with the whole weight, as `momentum` does.
struct TrainedTensor {
  at::Tensor value;
  at::Tensor momentum;
  bool decays = true;  ///< batch norm's scale and shift do not
};

/// A network with its tensors, ready to execute.
struct Path {
  nn::Network network;
  std::vector<LayerPlan> plans;
  std::vector<LayerTensors> layers;
  std::vector<TrainedTensor> trained;
};

/// The weights and momenta of every layer name, at their greatest sizes. Not thread-safe, but for
/// concurrent calls of path() with trainable = false.
class SharedWeights {
 public:
  /// Kaiming-normal weights, each tensor drawn from its own stream of the options' seed.
  SharedWeights(const nn::Network& largest, const TrainOptions& options);

  /// The slices that `network` uses: channels from the front, 1x1 the centre tap, symmetric 2x2 and
  /// groups by masks. Throws base::Error naming the layer that does not fit.
  Path path(const nn::Network& network, bool trainable) const;

  /// Starts from a trained network of the same shape; an epitome from the nearest one to its
  /// convolution's weight.
  void assign(const nn::TrainedNetwork& trained);

  /// Every tensor by its name ("s1.conv.weight", "s1.conv.weight.momentum"), in a fixed order.
  std::map<std::string, at::Tensor> tensors() const;

  const std::string& device() const { return device_; }

 private:
  struct Parameter {
    at::Tensor value;
    at::Tensor momentum;
  };

  void add(const std::string& name, at::Tensor value);
  void add_transformer_layer(const nn::Layer& layer, const nn::Shape& output, std::uint64_t seed);
  const Parameter& parameter(const nn::Layer& layer, const char* which) const;
  at::Tensor mask_of(const nn::Conv& conv) const;
  std::shared_ptr<const EpitomeWeight> epitome_of(const nn::Conv& conv) const;

  std::string device_;
  EpitomeScales scales_;
  std::map<std::string, Parameter> parameters_;
  std::map<std::string, nn::Conv> epitomes_;  ///< the largest network's convolutions that have one
  std::shared_ptr<std::map<std::string, at::Tensor>> masks_;  ///< by the convolution's geometry
  std::shared_ptr<std::map<std::string, std::shared_ptr<const EpitomeWeight>>> epitome_weights_;
};

/// The tensors of a trained network, weights quantised or real, statistics and ranges as they are
/// stored. Throws base::Error naming a layer whose arrays have the wrong size.
Path frozen_path(const nn::TrainedNetwork& trained, const std::string& device,
                 bool quantize = true);

/// Writes the real weights of a Conv or Linear and their grid into `state`.
void describe_weight(const nn::Layer& layer, const LayerTensors& tensors, nn::LayerState& state);

/// Copies batch norms' running statistics and output ranges into a path of the same network.
void take_statistics(const nn::TrainedNetwork& trained, Path& path);

/// The trained network that a path stands for: real weights, statistics, ranges and grids.
nn::TrainedNetwork to_trained(const Path& path);

}  // namespace gibbon::train
