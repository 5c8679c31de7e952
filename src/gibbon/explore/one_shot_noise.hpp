#pragma once

#include "gibbon/explore/run_config.hpp"
#include "gibbon/sim/simulator.hpp"
#include "gibbon/space/search_space.hpp"
#include "gibbon/train/supernet.hpp"

namespace gibbon::explore {

/// What the converters of a design's chip are expected to add to its layers, fitted or not as the
/// run scores it, if the run measures one-shot accuracies with it (supernet.one_shot_noise). None
/// otherwise, and where chips of `simulator` are exact.
train::LayerNoise one_shot_noise(const RunConfig& config, const sim::Simulator& simulator,
                                 const space::Design& design);

}  // namespace gibbon::explore
