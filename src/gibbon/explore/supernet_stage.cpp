#include <fmt/format.h>

#include <algorithm>

#include "gibbon/explore/random_design.hpp"
#include "gibbon/explore/run_setup.hpp"
#include "gibbon/explore/stages.hpp"
#include "gibbon/explore/supernet_paths.hpp"
#include "gibbon/explore/training_progress.hpp"
#include "gibbon/nn/starting_weights.hpp"
#include "gibbon/search/pareto.hpp"

namespace gibbon::explore {

namespace {

constexpr std::int64_t kStepsPerCheckpoint = 500;
constexpr std::size_t kPathsFromSearch = 32;  // the best designs that "search" paths are drawn from

/// Half of the paths from the best designs so far, once there are any and the user wants it.
train::PathSampler path_sampler(const RunContext& context) {
  if (context.config.supernet.paths == "sandwich") {
    return sandwich_paths(context.space, context.config.seed);
  }
  if (context.config.supernet.paths == "largest") {
    return largest_paths(context.space, context.config.seed);
  }
  std::vector<space::Genome> best;
  if (context.config.supernet.paths == "search") {
    for (const std::size_t index : search::rank(context.evaluations, context.objective)) {
      if (best.size() == kPathsFromSearch) break;
      if (context.evaluations[index].feasible()) best.push_back(context.evaluations[index].genome);
    }
  }
  return [&space = context.space, seed = context.config.seed, best](std::uint64_t step) {
    base::Rng rng = base::Rng::forked(seed, "supernet path", step);
    if (!best.empty() && rng.uniform() < 0.5) {
      return space.decode(best[rng.below(best.size())]).value().network;
    }
    return random_design(space, rng).design.network;
  };
}

void train_stretch(RunContext& context, std::int64_t first, std::int64_t steps) {
  const auto measure = context.clock.measure("supernet");
  TrainingProgress progress(
      context, "supernet", "supernet", static_cast<double>(first),
      [](const base::ProgressUpdate& update) { return static_cast<double>(update.done); },
      [&](const base::ProgressUpdate& update) {
        report_progress(context, "supernet", update.done, update.total);
      });
  context.supernet->train(context.train, path_sampler(context), first, steps,
                          supernet_steps(context.config, context.config.search.iterations),
                          progress);
}

}  // namespace

Outcome run_supernet_stage(RunContext& context) {
  std::int64_t done = 0;
  std::string file;
  if (const auto document = context.store.get("supernet")) {
    done = document->at("step").get<std::int64_t>();
    file = document->at("file").get<std::string>();
    // Later weights, if the search has begun, are loaded by the search stage.
    if (!context.store.get("checkpoint")) context.supernet->load(context.paths.checkpoints / file);
  } else if (!context.config.supernet.start.empty()) {
    context.supernet->start_from(nn::load_trained_file(context.config.supernet.start));
  }
  while (done < context.config.supernet.steps) {
    const std::int64_t steps = std::min(kStepsPerCheckpoint, context.config.supernet.steps - done);
    train_stretch(context, done, steps);
    // A stretch that was cut short is repeated from the last checkpoint: same weights either way.
    if (context.progress.stop_requested()) return Outcome::kStopped;
    done += steps;
    const std::string next = fmt::format("supernet-step-{:07}.pt", done);
    context.supernet->save(context.paths.checkpoints / next);
    context.store.put({{"supernet", {{"step", done}, {"file", next}}}});
    if (!file.empty()) std::filesystem::remove(context.paths.checkpoints / file);
    file = next;
  }
  return Outcome::kFinished;
}

void train_supernet_further(RunContext& context, int iteration) {
  const std::int64_t steps = context.config.supernet.steps_per_iteration;
  if (steps == 0) return;
  train_stretch(context, supernet_steps(context.config, iteration - 1), steps);
}

}  // namespace gibbon::explore
