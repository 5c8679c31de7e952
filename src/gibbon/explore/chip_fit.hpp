#pragma once

#include "gibbon/data/dataset.hpp"
#include "gibbon/explore/run_config.hpp"
#include "gibbon/hw/hardware_config.hpp"
#include "gibbon/nn/trained_network.hpp"
#include "gibbon/sim/simulator.hpp"

namespace gibbon::explore {

/// The network as a search scores it: with batch norms and output ranges fitted to its chip's
/// crossbars (sim::calibrate_to_crossbars, NormFit::kMatch) on the first simulation.fit_images of
/// `images`, a quarter of them for the ranges. As it is where that is 0 or where the chip of
/// `simulator` is exact.
nn::TrainedNetwork fitted_to_chip(const RunConfig& config, const sim::Simulator& simulator,
                                  nn::TrainedNetwork trained, const hw::HardwareConfig& hardware,
                                  const data::ImageSet& images);

}  // namespace gibbon::explore
