#pragma once

#include <filesystem>

#include "gibbon/base/progress.hpp"
#include "gibbon/data/dataset.hpp"
#include "gibbon/explore/explorer.hpp"
#include "gibbon/explore/run_config.hpp"
#include "gibbon/space/search_space.hpp"
#include "gibbon/store/run_store.hpp"

namespace gibbon::explore {

struct TabulateOptions {
  int designs = 2000;         ///< that can be built, in the finished table
  int one_shot_images = 512;  ///< validation images for the one-shot accuracy
  int crossbar_images = 64;   ///< the first of them, for the crossbar simulation
  int calibration_images = 256;
  std::uint64_t seed = 1;
};

/// Evaluates uniform random designs of a run's space with the weights that its supernet has come
/// to, all on the same validation images, and adds each to the table `file`
/// (store/design_table.hpp) as soon as it is known. Goes on with a file that is there: what it
/// holds is not repeated, and the finished table is that of an unbroken call. Several designs at a
/// time, each on its part of config.threads. Throws base::Error, so where the space does not have
/// that many designs.
Outcome tabulate(const RunConfig& config, const space::SearchSpace& space,
                 const data::Dataset& dataset, const store::RunStore& store,
                 const std::filesystem::path& checkpoints, const TabulateOptions& options,
                 const std::filesystem::path& file, base::Progress& progress);

}  // namespace gibbon::explore
