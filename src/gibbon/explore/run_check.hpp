#pragma once

#include "gibbon/data/dataset.hpp"
#include "gibbon/explore/run_config.hpp"
#include "gibbon/space/search_space.hpp"

namespace gibbon::explore {

/// What can be wrong with a run is found before it makes a folder or trains anything. All throw
/// base::Error.

/// Makes every part that the configuration names once, and asks the cost model for one design.
void check_names(const RunConfig& config, const space::SearchSpace& space);

/// Whether these training images can be split, and cropped and padded as the supernet's training
/// and each final training ask for.
void check_images(const RunConfig& config, const space::SearchSpace& space,
                  const data::ImageSet& images);

/// Both.
void check_run(const RunConfig& config, const space::SearchSpace& space,
               const data::ImageSet& images);

/// Reads the network that the supernet is to start from, where there is one, so that no run begins
/// with one that does not fit. Throws base::Error as nn::with_weights_of does.
void check_start(const RunConfig& config, const space::SearchSpace& space);

}  // namespace gibbon::explore
