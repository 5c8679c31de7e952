#pragma once

#include <optional>

#include "gibbon/data/dataset.hpp"
#include "gibbon/explore/run_config.hpp"
#include "gibbon/nn/trained_network.hpp"
#include "gibbon/sim/simulator.hpp"
#include "gibbon/space/search_space.hpp"
#include "gibbon/train/supernet.hpp"

namespace gibbon::explore {

/// A design with a supernet's weights, as a run scores it: without crossbars, and on those of its
/// chip. Weights are extracted where they are first asked for, and kept. The arguments that it
/// takes by reference must outlive it. Not thread-safe.
class SharedDesign {
 public:
  SharedDesign(const RunConfig& config, const sim::Simulator& simulator,
               const train::Supernet& supernet, const data::ImageSet& calibration,
               space::Design design, int threads);

  /// Top-1 percent of the quantised network, no crossbar; beside the noise that the chip's
  /// converters are expected to add, fitted or not as the run scores it, if the run asks for it
  /// (supernet.one_shot_noise). Exact chips add none.
  double one_shot_accuracy(const data::ImageSet& images);
  /// chip_accuracy() on all of them, fitted as fitted_to_chip() says.
  double accuracy_on_chip(const data::ImageSet& images);

 private:
  const nn::TrainedNetwork& plain();
  const nn::TrainedNetwork& beside_noise();

  const RunConfig config_;  ///< the run's, with this design's threads
  const sim::Simulator& simulator_;
  const train::Supernet& supernet_;
  const data::ImageSet& calibration_;
  const space::Design design_;
  const train::LayerNoise noise_;
  std::optional<nn::TrainedNetwork> plain_;
  std::optional<nn::TrainedNetwork> beside_noise_;
};

}  // namespace gibbon::explore
