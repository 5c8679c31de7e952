#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "gibbon/base/progress.hpp"
#include "gibbon/data/dataset.hpp"
#include "gibbon/explore/run_config.hpp"
#include "gibbon/space/search_space.hpp"
#include "gibbon/store/run_store.hpp"
#include "gibbon/train/supernet.hpp"

namespace gibbon::explore {

/// Whether the accuracies with a run's shared weights order designs as trainings from random
/// weights do (ranked_designs.hpp), both ways. The training images are the run's.
/// Accuracies are those on all test images, as nothing is chosen by them: an hour's run keeps so
/// few images for validation that their noise alone would hide the order. const functions are
/// thread-safe.
class Ranking {
 public:
  /// Loads the weights that the run has come to; `checkpoints` is its folder of them. The arguments
  /// must outlive it. Throws base::Error where there are none.
  Ranking(const RunConfig& config, const space::SearchSpace& space, const data::Dataset& dataset,
          const store::RunStore& store, const std::filesystem::path& checkpoints);

  /// Percent of the test images; quantised, without crossbars, as alone() is.
  double one_shot(const space::Genome& genome, int threads) const;

  /// After `epochs` passes with the settings of the run's final designs; `training`, from 0, is one
  /// of several that differ in their seed. Nothing where a stop was asked for.
  std::optional<double> alone(const space::Genome& genome, double epochs, int training, int threads,
                              base::Progress& progress) const;

 private:
  const RunConfig& config_;
  const space::SearchSpace& space_;
  const data::ImageSet& test_;
  data::ImageSet train_;
  std::unique_ptr<train::Supernet> supernet_;
};

}  // namespace gibbon::explore
