#pragma once

// For the .cpp files of this module, after <ATen/ATen.h>: no header names libtorch itself.

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "gibbon/nn/trained_network.hpp"
#include "gibbon/train/trainers/path.hpp"

namespace gibbon::train {

/// The weights and momenta of every layer name, at their greatest sizes. path() may be called by
/// several threads at a time, while nothing trains.
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
  mutable std::mutex cache_mutex_;
  mutable std::map<std::string, at::Tensor> masks_;  ///< by the convolution's geometry
  mutable std::map<std::string, std::shared_ptr<const EpitomeWeight>> epitome_weights_;
};

}  // namespace gibbon::train
