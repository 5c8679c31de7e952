#pragma once

#include "gibbon/data/batch.hpp"
#include "gibbon/hw/hardware_config.hpp"
#include "gibbon/nn/trained_network.hpp"
#include "gibbon/sim/accuracy_simulator.hpp"

namespace gibbon::sim {

/// What a calibration fits to the crossbars (docs/models/accuracy.md).
struct CalibrationOptions {
  AccuracyOptions accuracy;
  /// Mean and variance of every batch norm: those of what the crossbars before it give.
  bool norms = true;
  /// Output range of every Conv and Linear, from which its converters' range follows: of a few
  /// multiples of the stored one, that whose outputs correlate best with those of an ideal
  /// converter on the same inputs. Ties go to the stored one.
  bool ranges = true;
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
