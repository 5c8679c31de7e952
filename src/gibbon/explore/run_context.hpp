#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "gibbon/explore/explorer.hpp"
#include "gibbon/explore/run_clock.hpp"
#include "gibbon/sim/simulator.hpp"
#include "gibbon/space/objective.hpp"
#include "gibbon/train/supernet.hpp"

namespace gibbon::explore {

/// What a watcher is told of the evaluations so far; costs time quadratic in their number.
struct FrontFigures {
  std::size_t evaluations = 0;           ///< for so many of them
  std::map<space::Metric, double> best;  ///< of each of the objective's metrics, constraints met
  double hypervolume = 0.0;
};

/// What the stages of one run share. The test split is here for the last stage only.
struct RunContext {
  const RunConfig& config;
  const space::SearchSpace& space;
  const space::Objective objective;
  const data::ImageSet train;        ///< what trains
  const data::ImageSet validation;   ///< what judges the final designs
  const data::ImageSet scoring;      ///< the first simulation.images of it: scores the search's
  const data::ImageSet calibration;  ///< of the training images
  const data::ImageSet& test;
  const std::unique_ptr<sim::Simulator> simulator;
  store::RunStore& store;
  const RunPaths& paths;
  base::Progress& progress;
  RunClock clock;

  std::unique_ptr<train::Supernet> supernet;
  std::vector<space::Evaluation> evaluations = {};  ///< of finished iterations, in order
  FrontFigures figures = {};                        ///< see front_figures()
  std::mutex mutex = {};  ///< of the watcher and the store, where designs train side by side
};

/// Tells the watcher where the run stands.
void report_progress(RunContext& context, std::string_view stage, std::int64_t done,
                     std::int64_t total);

/// The figures of the evaluations so far, worked out anew only when there are more.
const FrontFigures& front_figures(RunContext& context);

}  // namespace gibbon::explore
