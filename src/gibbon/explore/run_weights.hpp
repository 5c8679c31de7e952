#pragma once

#include <string>

#include "gibbon/store/run_store.hpp"

namespace gibbon::explore {

/// File name, in the run's folder of checkpoints, of the shared weights that a run has come to.
/// Throws base::Error if it has none.
std::string latest_weights(const store::RunStore& store);

}  // namespace gibbon::explore
