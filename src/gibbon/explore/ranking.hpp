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

/// A design as the shared weights see it and after a training of its own; quantised, without
/// crossbars, percent of the test images.
struct RankedDesign {
  double one_shot = 0;
  double alone = 0;
};

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

  /// The training takes the settings of the run's final designs and `epochs` passes. Nothing where
  /// a stop was asked for.
  std::optional<RankedDesign> measure(const space::Genome& genome, double epochs, int threads,
                                      base::Progress& progress) const;

 private:
  const RunConfig& config_;
  const space::SearchSpace& space_;
  const data::ImageSet& test_;
  data::ImageSet train_;
  std::unique_ptr<train::Supernet> supernet_;
};

}  // namespace gibbon::explore
