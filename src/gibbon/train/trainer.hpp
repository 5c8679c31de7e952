#pragma once

#include <memory>
#include <optional>

#include "gibbon/train/supernet.hpp"

namespace gibbon::train {

struct FinalTrainOptions {
  TrainOptions base;
  double epochs = 2;
  /// Quantisation-aware from the first step (weights, activations and layer outputs).
  bool quantization_aware = true;
};

/// Trains one network alone, from given weights or from scratch. The result is ready for a
/// crossbar simulation. A stop request ends the training after the step under way.
nn::TrainedNetwork train_network(const nn::Network& network, const data::ImageSet& images,
                                 const std::optional<nn::TrainedNetwork>& start,
                                 const FinalTrainOptions& options, base::Progress& progress);

/// Top-1 percent of a trained network in libtorch's arithmetic, quantised, without crossbars.
double quantized_accuracy(const nn::TrainedNetwork& trained, const data::ImageSet& images,
                          int threads);

}  // namespace gibbon::train
