#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "gibbon/hw/hardware_config.hpp"
#include "gibbon/sim/accuracy_simulator.hpp"
#include "gibbon/train/supernet.hpp"

namespace gibbon::train {

/// The forward pass of pim-aware training.
enum class PimPass {
  kExact,   ///< every image through the simulated crossbars
  kFitted,  ///< now and then a few images; between, a scale, a shift and a noise for each channel
            ///< that were fitted to them
};

/// "exact", "fitted"; throws base::Error for other words.
PimPass pim_pass_of(std::string_view word);

/// Training that knows the crossbars: its last epochs compute Conv and Linear layers as `hardware`
/// does, converters and all, and pass gradients as if they were ideal (straight-through). Before
/// them, batch norms and output ranges are calibrated to the crossbars; the ranges stay as they are
/// then (sim::calibrate_to_crossbars).
struct PimTraining {
  hw::HardwareConfig hardware;
  sim::AccuracyOptions accuracy;  ///< the threads are those of TrainOptions
  double epochs = 1;              ///< of FinalTrainOptions::epochs, the last; at most all of them
  PimPass pass = PimPass::kExact;
  int calibration_images = 256;  ///< the first training images
};

/// Learning from another network's answers beside the labels: small networks gain most.
struct Distillation {
  nn::TrainedNetwork teacher;  ///< takes the same images, knows the same classes
  double weight = 0.7;         ///< of its answers in the loss, 0 to 1; the labels' is the rest
  double temperature = 2;      ///< > 0; softens both answers
};

/// Of the easy images, by an epoch (FinalTrainOptions::skip_easy).
inline constexpr double kMostSkipped = 0.9;

struct FinalTrainOptions {
  TrainOptions base;
  double epochs = 2;
  /// Quantisation-aware (weights, activations and layer outputs).
  bool quantization_aware = true;
  /// Of the steps, the first so many leave weights of 2 and 3 bits in single precision: they learn
  /// faster once they are nearly right (decision 0008). 0 to 1; not in pim-aware steps.
  double float_share = 0;
  /// Of the images whose last loss was below the mean, the share that an epoch leaves out, so that
  /// as many steps are more epochs (decision 0012). 0: none; at most kMostSkipped.
  double skip_easy = 0;
  /// Of the steps, the last so many see images where they are and whole, as a test shows them: no
  /// shift, nothing cut out, and epochs that begin then leave none out (decision 0013).
  double plain_share = 0;  ///< 0 to 1
  /// Of the steps, the last so many: learning rates stop falling there, and the network gets the
  /// mean of its weights over them (stochastic weight averaging, decision 0013).
  double average_share = 0;  ///< 0 to 1
  /// Of their peak: what learning rates fall to until that mean begins. 0: as without it.
  double average_rate = 0;         ///< 0 to 1
  std::optional<PimTraining> pim;  ///< needs quantization_aware
  std::optional<Distillation> distillation;
};

/// Trains one network alone, from given weights or from scratch. The result is ready for a
/// crossbar simulation; with `pim`, its batch norms and ranges are calibrated to the crossbars. A
/// stop request ends the training after the step under way.
nn::TrainedNetwork train_network(const nn::Network& network, const data::ImageSet& images,
                                 const std::optional<nn::TrainedNetwork>& start,
                                 const FinalTrainOptions& options, base::Progress& progress);

/// Top-1 percent of a trained network in libtorch's arithmetic, quantised, without crossbars.
double quantized_accuracy(const nn::TrainedNetwork& trained, const data::ImageSet& images,
                          int threads);
/// The same in single precision: nothing on a grid.
double float_accuracy(const nn::TrainedNetwork& trained, const data::ImageSet& images, int threads);

}  // namespace gibbon::train
