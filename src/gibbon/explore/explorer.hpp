#pragma once

#include <filesystem>

#include "gibbon/base/progress.hpp"
#include "gibbon/data/dataset.hpp"
#include "gibbon/explore/run_config.hpp"
#include "gibbon/space/search_space.hpp"
#include "gibbon/store/run_store.hpp"

namespace gibbon::explore {

/// Where a run keeps its files; the store beside them is opened by the caller.
struct RunPaths {
  std::filesystem::path checkpoints;
  std::filesystem::path models;
};

enum class Outcome {
  kFinished,
  kStopped,  ///< the user asked to stop; what was evaluated is in the store
};

/// A whole joint search (figure 2 of the Gibbon paper): trains the supernet, searches, trains the
/// designs of the front on their own and simulates them on the test images. Goes on from what the
/// store holds and repeats no finished evaluation; the result is that of an unbroken run.
/// Throws base::Error; "no feasible design; closest is ..." where the constraints cannot be met.
Outcome explore(const RunConfig& config, const space::SearchSpace& space,
                const data::Dataset& dataset, store::RunStore& store, const RunPaths& paths,
                base::Progress& progress);

}  // namespace gibbon::explore
