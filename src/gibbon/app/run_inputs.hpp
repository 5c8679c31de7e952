#pragma once

#include <memory>

#include "gibbon/data/dataset.hpp"
#include "gibbon/explore/run_config.hpp"
#include "gibbon/space/search_space.hpp"
#include "gibbon/store/run_store.hpp"

namespace gibbon::app {

/// What a run's configuration names, loaded: images, and the space over images of their shape.
struct RunInputs {
  data::Dataset dataset;
  std::unique_ptr<space::SearchSpace> space;
};
RunInputs load_run_inputs(const explore::RunConfig& config);

/// What a run that has begun goes on with: as above, and throws base::Error where the
/// configuration's seed, or what its space makes of a genome, is no longer what the run began with.
/// The space file and the chip that it starts from lie outside the run's folder.
RunInputs load_begun_run_inputs(const explore::RunConfig& config, const store::RunStore& store);

}  // namespace gibbon::app
