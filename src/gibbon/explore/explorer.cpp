#include "gibbon/explore/explorer.hpp"

#include "gibbon/explore/run_setup.hpp"
#include "gibbon/explore/stages.hpp"

namespace gibbon::explore {

namespace {

RunContext make_context(const RunConfig& config, const space::SearchSpace& space,
                        const data::Dataset& dataset, store::RunStore& store, const RunPaths& paths,
                        base::Progress& progress) {
  data::TrainValidationSplit split = split_images(config, dataset);
  data::ImageSet calibration = split.train.first(config.supernet.calibration_images);
  data::ImageSet scoring = split.validation.first(config.simulation.images);
  return {.config = config,
          .space = space,
          .objective = make_objective(config.objective),
          .train = std::move(split.train),
          .validation = std::move(split.validation),
          .scoring = std::move(scoring),
          .calibration = std::move(calibration),
          .test = dataset.test,
          .simulator = sim::make_simulator(config.simulation.model),
          .store = store,
          .paths = paths,
          .progress = progress,
          .clock = RunClock(),
          .supernet = train::make_supernet(space.largest_network(), supernet_options(config))};
}

/// Of the supernet's training, by an earlier part of the run.
std::int64_t steps_trained(const RunConfig& config, const store::RunStore& store) {
  if (const auto search = store.get("checkpoint")) {
    return supernet_steps(config, search->at("iteration").get<std::int64_t>());
  }
  const auto supernet = store.get("supernet");
  return supernet ? supernet->at("step").get<std::int64_t>() : 0;
}

/// First guesses of what a unit takes, until one has been timed: a two-core laptop's.
void plan_time(RunContext& context) {
  const RunConfig& config = context.config;
  constexpr double kSecondsPerImage = 1e-3;
  const double seconds_per_step = kSecondsPerImage * config.supernet.batch_size;
  const std::int64_t steps =
      supernet_steps(config, config.search.iterations) - steps_trained(config, context.store);
  context.clock.plan("supernet", static_cast<double>(steps), seconds_per_step);
  context.clock.plan("search",
                     config.search.initial_designs +
                         config.search.iterations * config.search.designs_per_iteration,
                     0.5);
}

/// Passes over the training split in all: trials and final training.
double planned_epochs(const FinalConfig& config) {
  double epochs = config.designs * config.epochs;
  for (const FinalTarget& target : config.targets) {
    epochs += target.epochs > 0 ? target.epochs : config.epochs;
    if (config.candidates > 1) epochs += config.candidates * config.trial_epochs;
  }
  return epochs;
}

/// An epoch costs about what as many images cost in the supernet's training.
void plan_final_training(RunContext& context) {
  const double seconds_per_image =
      context.clock.unit_seconds("supernet") / context.config.supernet.batch_size;
  context.clock.plan("final training", planned_epochs(context.config.final_training),
                     context.train.count() * seconds_per_image);
}

}  // namespace

Outcome explore(const RunConfig& config, const space::SearchSpace& space,
                const data::Dataset& dataset, store::RunStore& store, const RunPaths& paths,
                base::Progress& progress) {
  RunContext context = make_context(config, space, dataset, store, paths, progress);
  plan_time(context);
  if (const auto timings = store.get("timings")) {
    context.clock.restore(timings->get<std::map<std::string, double>>());
  }
  for (const auto stage : {run_supernet_stage, run_search_stage, run_final_stage}) {
    plan_final_training(context);
    if (stage(context) == Outcome::kStopped) return Outcome::kStopped;
  }
  return Outcome::kFinished;
}

}  // namespace gibbon::explore
