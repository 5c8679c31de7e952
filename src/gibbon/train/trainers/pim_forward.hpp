#pragma once

// For the .cpp files of this module, after <ATen/ATen.h>: no header names libtorch itself.

#include <memory>
#include <vector>

#include "gibbon/train/trainer.hpp"
#include "gibbon/train/trainers/path.hpp"

namespace gibbon::train {

/// What crossbars make of the outputs of Conv and Linear layers while a network trains. The weights
/// are those of the moment, the kernels those of the crossbar simulation. Not thread-safe; the
/// values depend on the seed and the calls before, not on the number of threads.
class PimForward {
 public:
  PimForward(const nn::Network& network, const PimTraining& pim,
             const sim::AccuracyOptions& accuracy, std::uint64_t seed);
  ~PimForward();

  /// Overwrites `output`, the quantised output of layer `index` of `path` for `input`, with that of
  /// its crossbars. Only the values change: the gradient stays that of the ideal layer.
  /// `input_range`: value of the highest level of the grid on which the layer reads.
  void replace(const Path& path, std::size_t index, double input_range, const at::Tensor& input,
               const at::Tensor& output);

 private:
  struct Fit;

  at::Tensor simulate(const Path& path, std::size_t index, double input_range,
                      const at::Tensor& input, const at::Tensor& output);
  void refit(const at::Tensor& ideal, const at::Tensor& simulated, Fit& fit) const;
  at::Tensor approximate(std::size_t index, const at::Tensor& output);

  hw::HardwareConfig hardware_;
  PimPass pass_;
  sim::AccuracyOptions accuracy_;
  nn::TrainedNetwork trained_;  ///< the states of the layers as they were last simulated
  std::vector<Fit> fits_;       ///< kFitted: one a layer
  at::Generator noise_;
};

}  // namespace gibbon::train
