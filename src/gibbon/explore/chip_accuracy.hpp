#pragma once

#include "gibbon/data/dataset.hpp"
#include "gibbon/explore/run_config.hpp"
#include "gibbon/hw/hardware_config.hpp"
#include "gibbon/nn/trained_network.hpp"
#include "gibbon/sim/simulator.hpp"

namespace gibbon::explore {

/// Top-1 percent of a trained network on its chip, on the first `limit` images: in libtorch's
/// arithmetic where the chip of `simulator` is exact, else on simulated crossbars; with
/// simulation.draws of so many chips, as said there.
double chip_accuracy(const RunConfig& config, const sim::Simulator& simulator,
                     const nn::TrainedNetwork& trained, const hw::HardwareConfig& hardware,
                     const data::ImageSet& images, int limit);

}  // namespace gibbon::explore
