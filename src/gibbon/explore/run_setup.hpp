#pragma once

#include "gibbon/data/dataset.hpp"
#include "gibbon/explore/run_config.hpp"
#include "gibbon/predict/predictor.hpp"
#include "gibbon/search/searcher.hpp"
#include "gibbon/sim/accuracy_simulator.hpp"
#include "gibbon/space/objective.hpp"
#include "gibbon/train/trainer.hpp"

namespace gibbon::explore {

/// The options of each part, from the run's configuration. Each throws base::Error where a name is
/// not known to the part that owns it, with the known ones.
space::Objective make_objective(const ObjectiveConfig& config);
/// The objective with the target's bounds among its constraints.
space::Objective bounded(space::Objective objective, const FinalTarget& target);
sim::AccuracyOptions accuracy_options(const RunConfig& config);
train::TrainOptions supernet_options(const RunConfig& config);
train::FinalTrainOptions final_options(const RunConfig& config, std::uint64_t seed);
/// What one design's training has of its own in place of the others'.
void take_own(const OwnTraining& own, train::FinalTrainOptions& options);
predict::PredictorOptions predictor_options(const RunConfig& config);
search::SearcherOptions searcher_options(const RunConfig& config);

/// The configuration of work that has so many of the run's threads.
RunConfig with_threads(RunConfig config, int threads);
/// What part of the run's threads so many are (RunClock).
double share_of(const RunConfig& config, int threads);

/// Steps of the supernet's training that lie before this iteration's designs; of the whole run with
/// its last iteration.
std::int64_t supernet_steps(const RunConfig& config, std::int64_t iteration);

/// The training split divided as the run divides it: what trains, what judges.
data::TrainValidationSplit split_images(const RunConfig& config, const data::Dataset& dataset);

}  // namespace gibbon::explore
