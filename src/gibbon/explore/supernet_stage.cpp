#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "gibbon/base/error.hpp"
#include "gibbon/explore/stages.hpp"
#include "gibbon/explore/training_progress.hpp"
#include "gibbon/search/pareto.hpp"

namespace gibbon::explore {

namespace {

constexpr std::int64_t kStepsPerCheckpoint = 500;
constexpr std::size_t kPathsFromSearch = 32;  // the best designs that "search" paths are drawn from

std::int64_t total_steps(const RunConfig& config) {
  return config.supernet.steps + config.search.iterations * config.supernet.steps_per_iteration;
}

nn::Network random_network(const space::SearchSpace& space, base::Rng& rng) {
  constexpr int kAttempts = 1000;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    if (const auto design = space.decode(space.sample(rng))) return design->network;
  }
  throw base::Error(fmt::format("space '{}': {} random designs, none of which can be built",
                                space.name(), kAttempts));
}

/// Every gene at its least value: with the largest network the other end of the space.
std::optional<nn::Network> smallest_network(const space::SearchSpace& space) {
  space::Genome genome;
  for (const space::Gene& gene : space.genes()) {
    const auto least = std::min_element(gene.choices.begin(), gene.choices.end());
    genome.push_back(static_cast<std::uint8_t>(least - gene.choices.begin()));
  }
  const auto design = space.decode(genome);
  if (!design) return std::nullopt;
  return design->network;
}

/// Every other path at an end of the space, the two in turn, and random ones between: the sandwich
/// rule (Yu and Huang, "Universally Slimmable Networks", ICCV 2019), one path a step. Weights that
/// only large designs use are trained as often as the others, so that large designs are not rated
/// too low.
train::PathSampler sandwich_sampler(const RunContext& context) {
  const nn::Network largest = context.space.largest_network();
  const nn::Network smallest = smallest_network(context.space).value_or(largest);
  return
      [&space = context.space, seed = context.config.seed, largest, smallest](std::uint64_t step) {
        if (step % 4 == 0) return largest;
        if (step % 4 == 2) return smallest;
        base::Rng rng = base::Rng::forked(seed, "supernet path", step);
        return random_network(space, rng);
      };
}

/// Half of the paths from the best designs so far, once there are any and the user wants it.
train::PathSampler path_sampler(const RunContext& context) {
  if (context.config.supernet.paths == "sandwich") return sandwich_sampler(context);
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
    return random_network(space, rng);
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
                          total_steps(context.config), progress);
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
  train_stretch(context, context.config.supernet.steps + (iteration - 1) * steps, steps);
}

}  // namespace gibbon::explore
