#pragma once

#include <memory>

#include "gibbon/data/dataset.hpp"
#include "gibbon/explore/run_config.hpp"
#include "gibbon/space/search_space.hpp"

namespace gibbon::app {

/// What a run's configuration names, loaded: images, and the space over images of their shape.
struct RunInputs {
  data::Dataset dataset;
  std::unique_ptr<space::SearchSpace> space;
};
RunInputs load_run_inputs(const explore::RunConfig& config);

}  // namespace gibbon::app
