#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>

#include "gibbon/base/result.hpp"
#include "gibbon/data/dataset.hpp"
#include "gibbon/explore/run_clock.hpp"
#include "gibbon/explore/run_config.hpp"
#include "gibbon/explore/shared_design.hpp"
#include "gibbon/sim/simulator.hpp"
#include "gibbon/space/evaluation.hpp"
#include "gibbon/space/search_space.hpp"
#include "gibbon/store/run_store.hpp"
#include "gibbon/train/supernet.hpp"

namespace gibbon::explore {

/// Cost, in the metrics of the search; accuracy stays 0.
space::Metrics metrics_of(const sim::Cost& cost);

/// What a whole design is, for evaluation under one set of supernet weights. Cheapest figure first:
/// exact hardware cost, then one-shot accuracy, then the crossbar simulation. Finished evaluations
/// are in the store before they are handed out, and are never made twice. Not thread-safe; works on
/// several designs at a time itself, each on its part of config.threads.
class Evaluator {
 public:
  Evaluator(const RunConfig& config, const space::SearchSpace& space,
            const sim::Simulator& simulator, const data::ImageSet& calibration,
            const data::ImageSet& validation, store::RunStore& store, RunClock& clock);

  /// Names the weights that follow calls use: part of the key of what is stored. Forgets one-shot
  /// accuracies of other weights.
  void use_weights(const train::Supernet& supernet, int iteration);

  /// Exact hardware metrics, or why the design cannot be built.
  base::Result<space::Metrics> hardware(const space::Genome& genome) const;

  /// Percent, of the quantised network on the validation images, no crossbar; beside
  /// the converters' noise if the run asks for it (shared_design.hpp).
  double one_shot_accuracy(const space::Genome& genome);
  /// Works these out side by side, for one_shot_accuracy() to remember. Asks `go_on` behind each,
  /// and returns its last word.
  bool prepare_one_shot(std::span<const space::Genome> genomes, const std::function<bool()>& go_on);

  /// The full evaluations, handed to `take` in the genomes' order until it returns false; a design
  /// that cannot be built comes infeasible, without figures. One that misses a constraint is
  /// simulated like any other, so that the search can follow how far off it is. `predicted`
  /// [genome].
  void evaluate(std::span<const space::Genome> genomes,
                std::span<const std::optional<space::Metrics>> predicted,
                const std::function<bool(space::Evaluation)>& take);

 private:
  space::Evaluation simulate(const space::Genome& genome,
                             const std::optional<space::Metrics>& predicted, int threads);
  SharedDesign shared_design(const space::Genome& genome, int threads) const;
  double one_shot_of(const space::Genome& genome, SharedDesign& design);
  std::optional<double> known_one_shot(const space::Genome& genome) const;
  std::optional<space::Evaluation> known_evaluation(const std::string& key) const;
  std::string key_of(const space::Genome& genome) const;

  const RunConfig& config_;
  const space::SearchSpace& space_;
  const sim::Simulator& simulator_;
  const data::ImageSet& calibration_;
  const data::ImageSet& validation_;
  store::RunStore& store_;
  RunClock& clock_;
  const train::Supernet* supernet_ = nullptr;
  int iteration_ = 0;
  mutable std::mutex mutex_;  // of the store and of what follows, while designs are worked on
  std::unordered_map<space::Genome, double, space::GenomeHash> one_shot_;
};

}  // namespace gibbon::explore
