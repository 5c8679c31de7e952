#pragma once

#include "gibbon/data/batch.hpp"
#include "gibbon/hw/hardware_config.hpp"
#include "gibbon/nn/trained_network.hpp"
#include "gibbon/sim/accuracy_simulator.hpp"

namespace gibbon::sim {

/// How a calibration fits the mean and variance of every batch norm.
enum class NormFit {
  kKeep,   ///< not at all
  kSet,    ///< to those of what the crossbars before it give; wants some hundred images
  kMatch,  ///< so that each gives, as nearly as a scale and a shift can (least squares over the
           ///< same images), what it would with ideal converters before it. Fine converters change
           ///< nothing, so that a few images do. Not for a network that was trained or fitted on
           ///< crossbars: its norms expect them already
};

/// What a calibration fits to the crossbars (docs/models/accuracy.md).
struct CalibrationOptions {
  AccuracyOptions accuracy;
  NormFit norms = NormFit::kSet;
  /// Output range of every Conv and Linear, from which its converters' range follows: of a few
  /// multiples of the stored one, that whose outputs correlate best with those of an ideal
  /// converter on the same inputs. Ties go to the stored one.
  bool ranges = true;
  int range_images = 0;  ///< the ranges are told from the first so many; 0: from all
};

/// The network fitted to one hardware with training images, without changing a weight: layer by
/// layer, so that each sees what the fitted ones before it give. Input grids stay as they are.
/// The result depends neither on the number of threads nor on the instruction set. Throws
/// base::Error for no images or images of another shape, for mnsim_range_update, and as
/// make_accuracy_simulator does.
nn::TrainedNetwork calibrate_to_crossbars(const nn::TrainedNetwork& trained,
                                          const hw::HardwareConfig& hardware,
                                          const data::ImageBatch& images,
                                          const CalibrationOptions& options);

}  // namespace gibbon::sim
